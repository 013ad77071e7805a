"""An import that ended early keeps its file for some days, and gives its rows that were left undone as a file."""

import csv
import io
import resource

import pytest
from accounting import assert_ended, assert_nothing_left
from samples import FORMS
from sqlalchemy import select
from sqlalchemy import text as sql
from waiting import wait_until
from world import contacts_csv, many_contacts

from importer.control import doctor, imports
from importer.control.answers import answer
from importer.control.options import Options
from importer.control.undone_rows import undone_rows_file
from importer.errors import NotKeptError, StorageError, UnknownImportError
from importer.lifecycle.kept_files import kept_key
from importer.models import Import, User
from importer.models.imports import lines_key, object_key
from importer.statuses import Reason, Status
from importer.storage.object_reader import ObjectReader


def pieces(world, import_id, ending="csv"):
    with world.session() as session:
        return undone_rows_file(session, world.services, world.find_whole(import_id), ending)


def undone(world, import_id):
    data = b"".join(pieces(world, import_id))
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def end_early(world, import_id, *done):
    """Cancel an import of which just these rows have ended; all of its rows are queued."""
    world.dispatch()
    queued = world.queued()
    for job_id in queued:
        if int(job_id.partition("_")[2]) not in done:
            world.redis.lrem(world.low.key, 0, job_id)
            world.redis.delete(f"rq:job:{job_id}")
    world.work()
    world.verb(imports.cancel, import_id)
    world.recover()
    assert world.status(import_id) == Status.CANCELLED
    assert world.ledger(import_id) == set(done)


@pytest.fixture
def cancelled(world):
    """An import of 30 rows, of which all but 3 were left undone."""
    import_id = world.upload(many_contacts(30)[0])
    end_early(world, import_id, 2, 3, 30)
    return import_id


def test_the_file_has_the_columns_as_they_were_and_just_the_rows_that_were_left_undone(world):
    import_id = world.upload(
        "email,name,Spare,balance\na@example.com,A,x,-1.50\nnonsense,B,,\n"
        'c@example.com,"C, and\nD",=1,2\nd@example.com,D,"say ""no""",+3\n'
    )
    end_early(world, import_id, 1, 2)
    assert world.codes(import_id) == {2: "invalid_email"}
    assert undone(world, import_id) == [
        ["email", "name", "Spare", "balance"],
        ["c@example.com", "C, and\nD", "'=1", "2"],
        ["d@example.com", "D", 'say "no"', "'+3"],
    ]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("form", FORMS)
def test_what_was_left_undone_is_imported_as_a_new_import_whatever_the_file_was(world, form, ending):
    text, records = many_contacts(30)
    import_id = world.upload(FORMS[form](text))
    world.convert()
    end_early(world, import_id, 1, 2, 17)
    assert_ended(world, import_id)
    again = world.upload(b"".join(pieces(world, import_id, ending)))
    world.convert()
    world.run()
    assert (world.status(again), world.counts(again)) == ("completed", {"created": 27})
    assert world.records() == records


def test_values_that_a_spreadsheet_would_run_come_to_the_same_in_the_new_import(world):
    rows = [
        (f"p{n}@example.com", name) for n, name in enumerate(["=1+1", "'=2", " =3", "-4", "@x", "'90s", "''=5"])
    ]
    text = contacts_csv(rows)
    whole = world.import_file(text)
    expected = world.records()
    world.execute("DELETE FROM contacts")
    cancelled = world.upload(text)
    end_early(world, cancelled)
    again = world.import_file(b"".join(pieces(world, cancelled)))
    assert world.records() == {key: one for key, one in expected.items() if one["name"] != "=5"}
    assert world.codes(again) == {7: "too_many_cells"}
    assert world.counts(whole) == {"created": 7}


def test_rows_that_were_no_sound_ones_fail_again_and_none_is_cut_in_silence(world, setting):
    setting(max_record_bytes=4096)
    sound = "".join(f"p{number}@example.com,P\n" for number in range(40))
    faulty = f"b@example.com,{'x' * 9000}\nc@example.com,C,more\nd@example.com,\0\nemail,name\n"
    import_id = world.upload(f'email,name\na@example.com,A\n{faulty}e@example.com,"open\n{sound}')
    end_early(world, import_id, 1)
    _, *rows = undone(world, import_id)
    assert sum(len(row) == 2 for row in rows) == 40
    again = world.import_file(b"".join(pieces(world, import_id)))
    assert world.counts(again) == {"created": 40, "failed": 5}
    assert set(world.records()) == {"a@example.com", *(f"p{number}@example.com" for number in range(40))}


def test_a_file_without_a_header_comes_back_without_one_and_is_read_as_it_was(world):
    text = "a@example.com,Ann,Oslo\nb@example.com,Bo,Rome\nc@example.com,Cy,Bonn\n"
    import_id = world.upload(text)
    with world.session() as session:
        given = {"header": "none", "field-email": "1", "field-name": "2", "column-3": "none"}
        person = session.scalars(select(User)).one()
        answer(session, world.services, session.get(Import, import_id), person, Options(given))
    end_early(world, import_id, 1)
    assert undone(world, import_id) == [line.split(",") for line in text.splitlines()[1:]]
    again = world.import_file(b"".join(pieces(world, import_id)))
    assert (world.status(again), set(world.records())) == ("completed", {line[:13] for line in text.splitlines()})


def test_blank_lines_and_what_stands_below_the_table_are_no_rows(world):
    lines = [f"p{n}@example.com,Name {n}" for n in range(60)]
    import_id = world.upload("\n".join(["email,name", *lines[:30], ",", "", *lines[30:]]) + "\n")
    end_early(world, import_id, 30, 31)
    expected = [line.split(",") for line in [*lines[:29], *lines[31:]]]
    assert undone(world, import_id)[1:] == expected


# How long


def test_only_what_rows_are_read_from_is_kept_and_everything_else_is_cleaned(world):
    import_id = world.upload(FORMS["xlsx"](many_contacts(5)[0]))
    world.convert()
    end_early(world, import_id, 1)
    assert world.objects() == [lines_key(import_id)]
    assert world.find(import_id).cleaned_at is not None
    assert_nothing_left(world, import_id)


def test_it_goes_once_its_time_is_over_and_the_result_stays(world, cancelled):
    days = "SELECT round(extract(epoch FROM kept_until - finished_at) / 86400) FROM imports"
    with world.services.engine.connect() as connection:
        assert connection.execute(sql(days)).scalar_one() == 7
    world.recover()
    assert world.objects() == [object_key(cancelled)]
    world.execute("UPDATE imports SET kept_until = now() - interval '1 second'")
    world.recover()
    assert (world.objects(), world.find(cancelled).kept_until) == ([], None)
    with pytest.raises(NotKeptError, match="Import the file again"):
        pieces(world, cancelled)
    assert_nothing_left(world, cancelled)


def test_it_goes_with_its_import(world, cancelled):
    world.verb(imports.delete, cancelled)
    world.recover()
    assert (world.objects(), world.exists(cancelled)) == ([], False)


def test_one_that_cannot_be_deleted_holds_up_no_other_and_goes_later(world, monkeypatch):
    first, second = (world.upload(many_contacts(3)[0]) for _ in range(2))
    for import_id in (first, second):
        world.verb(imports.cancel, import_id)
    world.execute("UPDATE imports SET kept_until = now() - interval '1 second'")
    stubborn = object_key(min(first, second))
    delete = world.services.storage.delete

    def refuse(key):
        if key == stubborn:
            raise StorageError("S3 is away.")
        delete(key)

    with monkeypatch.context() as patch:
        patch.setattr(world.services.storage, "delete", refuse)
        world.recover()
    assert world.objects() == [stubborn]
    world.recover()
    assert world.objects() == []


def test_nothing_is_kept_where_the_setting_says_so(world, setting):
    setting(keep_undone_days=0)
    import_id = world.upload(many_contacts(3)[0])
    end_early(world, import_id, 1)
    assert (world.objects(), world.find(import_id).kept_until) == ([], None)


def test_where_all_files_are_kept_the_file_stays_and_its_lines_go(world, setting):
    setting(keep_files=True)
    import_id = world.upload(FORMS["xlsx"](many_contacts(3)[0]))
    world.convert()
    end_early(world, import_id, 1)
    assert len(undone(world, import_id)) == 3
    world.execute("UPDATE imports SET kept_until = now() - interval '1 second'")
    world.recover()
    assert world.objects() == [object_key(import_id)]


def test_nothing_is_kept_of_an_import_that_ended_before_its_rows_could_be_read(world):
    with world.session() as session:
        uploading = Import(record_type="contacts", filename="f.csv", allowed_failed_rows=1)
        session.add(uploading)
        session.commit()
    waiting = world.upload("email,name,balance\na@example.com,A,1.500\n")
    assert world.status(waiting) == Status.WAITING
    converting = world.upload(FORMS["xlsx"](many_contacts(3)[0]))
    assert world.status(converting) == Status.CONVERTING
    world.execute("UPDATE imports SET columns = '[\"email\"]' WHERE id = :id", id=converting)
    for import_id in (uploading.id, waiting, converting):
        world.verb(imports.cancel, import_id)
        assert world.find(import_id).kept_until is None
    world.execute("UPDATE imports SET upload_seen_at = now() - interval '1 hour'")
    world.recover()
    assert world.objects() == []


@pytest.mark.parametrize(
    ("reason", "is_kept"),
    [(Reason.DISPATCHER_FAILED, True), (Reason.OBJECT_CHANGED, False), (Reason.NO_ROWS, False)],
)
def test_a_stopped_import_keeps_a_file_that_can_still_be_read(world, reason, is_kept):
    import_id = world.upload(many_contacts(3)[0])
    world.execute(
        "UPDATE imports SET status = 'stopped', reason_code = :reason, finished_at = now()", reason=reason
    )
    world.recover()
    assert bool(world.find(import_id).kept_until) == is_kept == bool(world.objects())


def test_a_completed_import_keeps_nothing(world):
    import_id = world.import_file(many_contacts(3)[0])
    world.recover()
    assert (world.find(import_id).kept_until, world.objects()) == (None, [])
    with pytest.raises(NotKeptError):
        pieces(world, import_id)


# What happens meanwhile


def test_a_file_that_is_gone_or_replaced_is_told_before_anything_is_written(world, cancelled):
    world.replace_object(object_key(cancelled), b"something else")
    with pytest.raises(NotKeptError, match="gone from S3, or is another one"):
        pieces(world, cancelled)
    assert world.find(cancelled).kept_until is None


def test_while_s3_is_away_nothing_is_forgotten(world, cancelled, monkeypatch):
    def away(*_, **__):
        raise StorageError("S3 is away.")

    monkeypatch.setattr(world.services.storage, "open_at", away)
    with pytest.raises(StorageError):
        pieces(world, cancelled)
    assert world.find(cancelled).kept_until is not None


def test_a_download_breaks_off_where_its_import_is_deleted_rather_than_call_imported_rows_undone(
    world, monkeypatch
):
    monkeypatch.setattr("importer.control.undone_rows.ROWS_PER_STRETCH", 5)
    monkeypatch.setattr("importer.files.exports.csv_writer.PIECE_CHARS", 1)
    import_id = world.upload(many_contacts(60)[0])
    end_early(world, import_id, *range(11, 61))
    leaving = pieces(world, import_id)
    begun = [next(leaving) for _ in range(4)]
    world.verb(imports.delete, import_id)
    world.recover()
    assert not world.exists(import_id)
    with pytest.raises(UnknownImportError):
        begun.extend(leaving)
    assert b"p10@" not in b"".join(begun)


def test_a_stream_that_s3_breaks_off_goes_on_where_it_broke(world, monkeypatch):
    text, _ = many_contacts(20_000)
    import_id = world.upload(text)
    world.verb(imports.cancel, import_id)
    readinto, broken = ObjectReader.readinto, []

    def breaking(self, buffer):
        if self.offset > 100_000 * (len(broken) + 1) and len(broken) < 3:
            broken.append(self.offset)
            raise StorageError("S3 broke off.")
        return readinto(self, memoryview(buffer)[:50_000])

    monkeypatch.setattr(ObjectReader, "readinto", breaking)
    rows = undone(world, import_id)
    assert len(broken) == 3
    assert [",".join(row) for row in rows] == text.splitlines()


def test_memory_stays_flat_however_long_the_file_is(world):
    line = "p%07d@example.com," + "x" * 300 + "\n"
    import_id = world.upload("email,name\n" + "".join(line % n for n in range(200_000)))
    world.verb(imports.cancel, import_id)
    leaving = pieces(world, import_id)
    next(leaving)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = sum(map(len, leaving))
    assert size > 60_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16_000


# Who looks after it


def test_the_doctor_tells_of_a_kept_file_that_is_gone_or_overdue(world, cancelled):
    def found(repair=False):
        with world.session() as session:
            import_ = session.get(Import, cancelled)
            assert import_ in doctor.wanted_imports(session)
            complaints = doctor.examine(session, world.services, import_)
            for complaint in complaints if repair else ():
                complaint.repair()
        return [complaint.code for complaint in complaints]

    assert found() == []
    world.execute("UPDATE imports SET kept_until = now() - interval '1 hour'")
    assert found(repair=True) == ["kept_too_long"]
    assert (found(), world.objects()) == ([], [])
    world.execute("UPDATE imports SET kept_until = now() + interval '1 hour'")
    assert found(repair=True) == ["kept_file_gone"]
    assert found() == []


def test_every_row_is_imported_or_in_the_file_whatever_was_killed(world, processes, monkeypatch):
    text, _ = many_contacts(30_000)
    dispatcher, worker = processes.dispatcher(), processes.worker()
    import_id = world.upload(text)
    wait_until(lambda: world.find(import_id).ended_rows > 1000, "rows are imported")
    for program in (dispatcher, worker):
        program.kill()
    monkeypatch.setattr(imports, "clean_now", lambda *_: None)  # whoever cancelled is killed as well
    world.verb(imports.cancel, import_id)
    processes.dispatcher()
    wait_until(lambda: world.find(import_id).cleaned_at, "it is clean")
    assert kept_key(world.find(import_id)) == object_key(import_id)
    left = {row[0] for row in undone(world, import_id)[1:]}
    imported = set(world.records())
    assert not left & imported
    assert len(left) + len(imported) == 30_000
