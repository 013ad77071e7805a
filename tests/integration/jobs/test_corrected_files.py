"""Failed rows leave as a file and come back corrected: each changes its own row, once, whatever dies meanwhile."""

import csv
import gzip
import io
import json
import os
import signal
import threading
import time

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql
from waiting import wait_until
from world import contacts_csv

from importer.control import corrected_files, exports, imports
from importer.control.corrections import correct
from importer.control.retries import retry
from importer.errors import RefusedTransitionError
from importer.files.conversion.lines import ConversionLimits
from importer.files.exports.corrected_file import rows_of
from importer.files.exports.xlsx_writer import xlsx_of
from importer.ledger import corrected_files as ledger
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.corrected_files import GoneError
from importer.models import CorrectedFile, Import, User
from importer.queue import conversions
from importer.statuses import Status
from jobs.files import corrected
from jobs.files.worker import ConverterWorker

BAD = "email,name\nana@example.com,Ana\nben,Ben\ncid,Cid\ndan@example.com,Dan\neve,=Eve\n"


@pytest.fixture
def failed(world):
    """A completed import of which rows 2, 3 and 5 failed."""
    import_id = world.import_file(BAD)
    assert set(world.failed_rows(import_id)) == {2, 3, 5}
    return import_id


def download(world, import_id, ending="csv", **chosen):
    return b"".join(
        exports.failed_rows_file(world.services, world.find_whole(import_id), ChosenRows(**chosen), ending)
    )


def table(file):
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))


def as_file(lines):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


def edited(file, **emails):
    """The file with these e-mail addresses, by what they were."""
    names, *rows = table(file)
    return as_file([names, *([emails.get(row[0], row[0]), *row[1:]] for row in rows)])


def send(world, import_id, file, filename="corrected.csv"):
    """Upload a file as a person does."""
    with world.session() as session:
        import_ = session.scalars(select(Import).where(Import.id == import_id)).one()
        person = session.scalars(select(User)).one()
        return corrected_files.receive(session, world.services, import_, person, filename, [file])


def told(world, import_id):
    """What is told of the latest file."""
    with world.session() as session:
        return corrected_files.reports_on(session, world.find(import_id))[0]


def come_back(world, import_id, file):
    """Upload a file, take it in and try its rows; return what is told of it."""
    send(world, import_id, file)
    world.convert()
    world.run()
    return told(world, import_id)


def books(world, import_id):
    found = world.find(import_id)
    return found.status, found.imported_rows, found.failed_rows, found.total_rows


MENDED = {"ben": "ben@example.com", "cid": "cid@example.com", "eve": "eve@example.com"}


def test_a_corrected_file_ends_with_every_row_imported_and_books_that_add_up(world, failed):
    report = come_back(world, failed, edited(download(world, failed), **MENDED))
    assert (report.corrected_rows, report.unchanged_rows, report.left_alone) == (3, 0, {})
    assert report.in_words() == "3 rows corrected"
    assert books(world, failed) == (Status.COMPLETED, 5, 0, 5)
    assert world.records()["eve@example.com"]["name"] == "=Eve"


def test_a_workbook_that_comes_back_does_the_same(world, failed):
    file = download(world, failed, "xlsx")
    names, rows = (
        table(download(world, failed))[0],
        rows_of(io.BytesIO(file), ["email", "name"], ConversionLimits()),
    )
    lines = {row.row_number: row for row in rows}
    assert sorted(lines) == [2, 3, 5]
    mended = [
        [MENDED[row.cells[0]], row.cells[1], str(number), "", "", "", "", str(row.attempt), failed]
        for number, row in lines.items()
    ]
    report = come_back(world, failed, b"".join(xlsx_of(names, mended)))
    assert (report.corrected_rows, books(world, failed)) == (3, (Status.COMPLETED, 5, 0, 5))


def test_a_file_may_be_packed_and_written_with_other_delimiters_and_in_another_order(world, failed):
    names, *rows = table(edited(download(world, failed), **MENDED))
    order = [7, 1, 2, 8, 0]
    text = "\n".join(";".join(line[place] for place in order) for line in [names, *reversed(rows)])
    report = come_back(world, failed, gzip.compress(text.encode("utf-16")))
    assert (report.refusal, report.corrected_rows) == (None, 3)
    assert books(world, failed) == (Status.COMPLETED, 5, 0, 5)


def test_rows_that_are_left_out_or_unchanged_stay_failed(world, failed):
    names, *rows = table(edited(download(world, failed), ben="ben@example.com"))
    report = come_back(world, failed, as_file([names, *rows[:2]]))
    assert (report.corrected_rows, report.unchanged_rows) == (1, 1)
    assert set(world.failed_rows(failed)) == {3, 5}
    assert world.failed_rows(failed)[3].attempts == 1


def test_the_same_file_twice_changes_nothing(world, failed):
    file = edited(download(world, failed), ben="ben@example.com", cid="still no address")
    come_back(world, failed, file)
    before = (books(world, failed), world.records())
    report = come_back(world, failed, file)
    assert (report.corrected_rows, report.unchanged_rows) == (0, 2)
    assert report.left_alone["not_failed"]["rows"] == [2]
    assert report.in_words() == "0 rows corrected, 2 unchanged, 1 not failed any more (row 2)"
    assert (books(world, failed), world.records()) == before


def test_the_same_file_at_once_changes_nothing_twice(world, failed):
    file = edited(download(world, failed), **MENDED)
    send(world, failed, file)
    report = come_back(world, failed, file)
    assert (report.corrected_rows, report.unchanged_rows) == (0, 3)
    assert books(world, failed) == (Status.COMPLETED, 5, 0, 5)


def test_a_row_that_somebody_else_corrected_since_is_left_alone(world, failed):
    file = edited(download(world, failed), **MENDED)
    with world.session() as session:
        import_ = session.scalars(select(Import).where(Import.id == failed)).one()
        correct(session, world.services, import_, 3, 1, {0: "cid at home"}, session.scalars(select(User)).one())
    world.run()
    report = come_back(world, failed, file)
    assert (report.corrected_rows, report.left_alone["changed_since"]["rows"]) == (2, [3])
    assert world.failed_rows(failed)[3].cells == ["cid at home", "Cid"]
    assert come_back(world, failed, edited(download(world, failed), **{"cid at home": "c@example.com"}))
    assert books(world, failed) == (Status.COMPLETED, 5, 0, 5)


def test_a_row_that_was_only_tried_again_since_is_corrected(world, failed):
    file = edited(download(world, failed), **MENDED)
    world.verb(retry, failed)
    world.run()
    assert come_back(world, failed, file).corrected_rows == 3


def test_a_file_downloaded_while_a_correction_waits_corrects_that(world, failed):
    send(world, failed, edited(download(world, failed), ben="ben at home"))
    world.convert()
    file = edited(download(world, failed), **{"ben at home": "ben@example.com"})
    world.run()
    assert come_back(world, failed, file).corrected_rows == 1


def test_a_file_of_another_import_is_refused_and_changes_nothing(world, failed):
    other = world.import_file(BAD)
    report = come_back(world, failed, edited(download(world, other), **MENDED))
    assert other in report.refusal
    assert books(world, failed) == (Status.COMPLETED, 2, 3, 5)
    assert books(world, other) == (Status.COMPLETED, 2, 3, 5)


def test_rows_of_another_import_in_between_are_left_alone(world, failed):
    other = world.import_file(BAD)
    lines = [*table(edited(download(world, failed), **MENDED)), table(download(world, other))[1]]
    report = come_back(world, failed, as_file(lines))
    assert (report.corrected_rows, report.left_alone["foreign"]["count"]) == (3, 1)


@pytest.mark.parametrize("column", ["row", "attempt", "import", "email"])
def test_a_file_without_a_column_that_is_needed_is_refused_by_its_name(world, failed, column):
    names, *rows = table(edited(download(world, failed), **MENDED))
    place = names.index(column)
    report = come_back(world, failed, as_file([[*row[:place], *row[place + 1 :]] for row in [names, *rows]]))
    assert f"“{column}”" in report.refusal
    assert books(world, failed) == (Status.COMPLETED, 2, 3, 5)


def test_a_file_with_other_columns_is_refused_by_their_names(world, failed):
    lines = [[*line, "x"] for line in table(edited(download(world, failed), **MENDED))]
    lines[0][-1] = "remark"
    assert "“remark”" in come_back(world, failed, as_file(lines)).refusal


def test_what_is_no_table_is_refused(world, failed):
    assert come_back(world, failed, b"%PDF-1.4 no table").refusal


def test_a_row_twice_in_a_file_counts_once(world, failed):
    names, *rows = table(edited(download(world, failed), **MENDED))
    again = [["other@example.com", *rows[0][1:]]]
    report = come_back(world, failed, as_file([names, *rows, *again]))
    assert (report.corrected_rows, report.left_alone["repeated"]["rows"]) == (3, [2])
    assert "ben@example.com" in world.records()


def test_cells_beyond_the_header_come_back_and_can_be_removed(world):
    import_id = world.import_file(
        "email,name\nben@example.com,Ben,1,2\ncid@example.com,Cid,3\na@example.com,Al\nb@example.com,Bo\n"
    )
    file = download(world, import_id)
    assert table(file)[1][-2:] == ["1", "2"]
    names, first, second = table(file)
    report = come_back(world, import_id, as_file([names, first[:-2], second]))
    assert (report.corrected_rows, report.unchanged_rows) == (1, 1)
    assert books(world, import_id) == (Status.COMPLETED, 3, 1, 4)


def test_bytes_that_are_no_text_are_shown_kept_and_can_be_replaced(world, failed):
    cells = json.dumps(["ben", "M\udcfcller\0"])
    problem = json.dumps(["invalid_utf8", "Cell 2 is not valid UTF-8.", 1])
    changed = "UPDATE failed_rows SET cells = :cells, problem = CAST(:problem AS jsonb) WHERE row_number = 2"
    world.execute(changed, cells=cells, problem=problem)
    assert table(download(world, failed))[1][1] == "M\\xfcller\\x00"
    report = come_back(world, failed, edited(download(world, failed), ben="ben@example.com"))
    assert report.corrected_rows == 1
    left = world.failed_rows(failed)[2]
    assert (left.code, left.cells) == ("invalid_utf8", ["ben@example.com", "M\udcfcller\0"])
    half = download(world, failed).replace(b"M\\xfcller", "Müller".encode())
    assert come_back(world, failed, half).left_alone["refused"]["rows"] == [2]
    whole = download(world, failed).replace(b"M\\xfcller\\x00", "Müller".encode())
    assert come_back(world, failed, whole).corrected_rows == 1
    assert world.records()["ben@example.com"]["name"] == "Müller"


def test_only_the_rows_of_a_group_are_downloaded(world, failed):
    assert len(table(download(world, failed, text="cid"))) == 2
    assert len(table(download(world, failed, field="email"))) == 4
    assert len(table(download(world, failed, field="name"))) == 1


def test_pages_of_failed_rows_follow_each_other_without_a_gap(world, monkeypatch):
    monkeypatch.setattr("importer.ledger.exported_rows.ROWS_PER_PAGE", 7)
    import_id = world.import_file(contacts_csv([(f"no{number}", "x" * number) for number in range(40)]))
    assert [line[2] for line in table(download(world, import_id))[1:]] == [str(n) for n in range(1, 41)]
    monkeypatch.setattr("importer.ledger.exported_rows.BYTES_PER_PAGE", 1)
    assert len(table(download(world, import_id))) == 41


# What may happen meanwhile


def large(world, rows=6000):
    """A completed import of so many failed rows, and their corrected file."""
    import_id = world.import_file(contacts_csv([(f"p{number}", f"P {number}") for number in range(rows)]))
    names, *lines = table(download(world, import_id))
    return import_id, as_file([names, *([f"{line[0]}@example.com", *line[1:]] for line in lines)])


def read_rows(world):
    with world.session() as session:
        return session.scalar(select(CorrectedFile.rows_read))


def test_a_file_whose_reader_is_killed_goes_on_behind_the_last_portion(world, monkeypatch):
    import_id, file = large(world)
    send(world, import_id, file)
    monkeypatch.setattr(corrected, "ROWS_PER_PORTION", 500)
    taken_in = ledger.take_in

    def slow(*args, **options):
        time.sleep(0.1)
        return taken_in(*args, **options)

    monkeypatch.setattr(ledger, "take_in", slow)
    worker = ConverterWorker(world.services)
    killer = threading.Thread(target=kill_child_when, args=(worker, lambda: read_rows(world) >= 1000))
    killer.start()
    worker.work(burst=True, logging_level="WARNING")
    killer.join()
    world.run()
    report = told(world, import_id)
    assert (report.refusal, report.rows_read, report.corrected_rows, report.left_alone) == (None, 6000, 6000, {})
    assert books(world, import_id) == (Status.COMPLETED, 6000, 0, 6000)


def kill_child_when(worker, is_due):
    wait_until(is_due, "the file is being read")
    os.kill(worker.horse_pid, signal.SIGKILL)


def test_of_two_that_take_in_the_same_rows_one_leaves(world, failed):
    report = send(world, failed, edited(download(world, failed), **MENDED))
    found = world.find_whole(failed)
    rows = list(rows_of(io.BytesIO(edited(download(world, failed), **MENDED)), found.header, ConversionLimits()))
    limits = corrected.Limits(2, 1_000_000, 1_000_000)
    with world.session() as session:
        assert ledger.take_in(session, report.id, failed, rows, reached=0, limits=limits) == 3
    with world.session() as session, pytest.raises(GoneError):
        ledger.take_in(session, report.id, failed, rows, reached=0, limits=limits)
    world.convert()
    world.run()
    assert told(world, failed).corrected_rows == 3
    assert books(world, failed) == (Status.COMPLETED, 5, 0, 5)


def test_a_file_that_no_converter_has_is_found_by_recovery(world, failed):
    send(world, failed, edited(download(world, failed), **MENDED))
    world.redis.flushdb()
    world.recover()
    world.convert()
    world.run()
    assert books(world, failed) == (Status.COMPLETED, 5, 0, 5)
    assert world.objects() == []


def test_a_file_that_never_gets_on_is_given_up_with_words(world, failed, monkeypatch):
    send(world, failed, edited(download(world, failed), **MENDED))
    monkeypatch.setattr(corrected, "_take_in_rows", lambda *_: os._exit(1))
    world.convert()
    assert "begun 6 times" in told(world, failed).refusal
    assert world.objects() == []


def test_a_cancelled_import_takes_no_corrected_rows(world):
    import_id = world.upload(BAD)
    world.verb(imports.cancel, import_id)
    with pytest.raises(RefusedTransitionError):
        send(world, import_id, b"x")


def test_an_import_that_is_deleted_meanwhile_leaves_nothing(world, failed):
    send(world, failed, edited(download(world, failed), **MENDED))
    world.verb(imports.delete, failed)
    world.convert()
    world.recover()
    world.recover()
    assert world.objects() == []
    with world.services.engine.connect() as connection:
        assert connection.execute(sql("SELECT count(*) FROM corrected_files")).scalar_one() == 0


def test_a_converter_that_is_at_it_is_not_disturbed(world, failed):
    send(world, failed, edited(download(world, failed), **MENDED))
    assert conversions.take(world.redis, failed, "another")
    world.convert()
    assert told(world, failed).rows_read == 0
    conversions.drop(world.redis, failed, "another")
    world.recover()
    world.convert()
    assert told(world, failed).corrected_rows == 3


# The result


def result(world, import_id):
    with world.session() as session:
        return table(b"".join(exports.result_file(session, world.services, world.find_whole(import_id), "csv")))


def test_the_result_tells_what_each_row_came_to(world, failed, monkeypatch):
    monkeypatch.setattr("importer.ledger.exported_rows.ROWS_PER_STRETCH", 2)
    names, *rows = result(world, failed)
    assert names == ["row", "line", "outcome", "field", "code", "reason"]
    assert [row[2] for row in rows] == ["imported", "failed", "failed", "imported", "failed"]
    assert rows[1][:5] == ["2", "3", "failed", "email", "invalid_email"]


def test_the_result_names_the_rows_that_a_cancel_left_undone(world):
    import_id = world.upload(contacts_csv([(f"p{number}@example.com", "P") for number in range(10)]))
    world.dispatch()
    world.verb(imports.cancel, import_id)
    world.recover()
    assert [row[2] for row in result(world, import_id)[1:]] == ["not imported"] * 10
