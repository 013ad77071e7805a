"""The doctor finds what was broken by hand, says so in words, and mends what can be mended."""

from unittest.mock import Mock

import pytest
from accounting import assert_as_undisturbed
from samples import people
from sqlalchemy import select

from importer.control import doctor, imports
from importer.errors import StorageError
from importer.ledger.writers import note_writers
from importer.models import Alteration, Correction, Event, FailedRow, Import, RatePoint, Repair, WriterNote
from importer.queue import checkpoint, queues
from importer.record_types import Met

FILE = people(120, keys=50)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(doctor, "DOCTOR_LOOKS_SECONDS", 0.3)


@pytest.fixture
def completed(world):
    import_id = world.import_file(FILE.csv)
    assert examine(world, import_id) == {}
    return import_id


@pytest.fixture
def dispatched(world):
    import_id = world.upload(FILE.csv)
    world.dispatch()
    assert examine(world, import_id) == {}
    return import_id


def examine(world, import_id, *, repair=False):
    """Complaints by code, in words; mended if asked for."""
    with world.session() as session:
        import_ = session.scalars(select(Import).where(Import.id == import_id)).one()
        complaints = doctor.examine(session, world.services, import_)
        for complaint in complaints if repair else ():
            complaint.repair()
    return {complaint.code: complaint.message for complaint in complaints}


def assert_mended(world, import_id, code, *words):
    """It is found, said and mended; and then the import is as if nothing had happened."""
    found = examine(world, import_id, repair=True)
    assert list(found) == [code]
    for part in words:
        assert part in found[code]
    world.run()
    assert examine(world, import_id) == {}
    assert_as_undisturbed(world, {import_id: FILE})


def test_a_sound_import_is_sound_at_every_moment(world):
    import_id = world.upload(FILE.csv)
    assert examine(world, import_id) == {}
    world.dispatch()
    world.claim(30)
    assert examine(world, import_id) == {}
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert examine(world, import_id) == {}


@pytest.mark.parametrize(
    "harm", ["updated_rows = updated_rows - 3", "superseded_rows = superseded_rows + 2", "failed_rows = 9"]
)
def test_counters_that_disagree_with_the_ledger_are_counted_again(world, completed, harm):
    world.execute(f"UPDATE imports SET {harm}")  # noqa: S608
    assert_mended(world, completed, "counters_wrong", "the ledger has 120 rows, and 2 failed rows")


def test_an_import_that_adds_up_but_is_not_completed_is_completed(world, completed):
    world.execute("UPDATE imports SET status = 'running'")
    assert_mended(world, completed, "not_completed")


def test_a_failed_row_that_has_not_ended_is_forgotten(world, completed):
    world.execute("INSERT INTO failed_rows (import_sequence, row_number, line_number, code, message, cells)"
        " SELECT import_sequence, 700, 8, 'x', 'x', '[]' FROM failed_rows LIMIT 1")  # fmt: skip
    assert_mended(world, completed, "reasons_groundless", "1 failed rows are listed")


def test_a_failed_row_that_is_listed_no_more_needs_a_person(world, completed):
    world.execute("DELETE FROM failed_rows WHERE row_number = 50")
    assert "1 failed rows are listed no more" in examine(world, completed)["failed_rows_lost"]


def test_a_completed_import_whose_ledger_lacks_rows_needs_a_person(world, completed):
    first_three = "int8multirange(int8range(sequence << 32, (sequence << 32) + 4))"
    world.execute(f"UPDATE ledger SET rows = rows - {first_three} FROM imports")  # noqa: S608
    world.execute("UPDATE imports SET updated_rows = updated_rows - 3")
    assert list(examine(world, completed)) == ["completed_too_early"]
    world.execute("UPDATE imports SET updated_rows = updated_rows + 3")
    with world.session() as session:
        import_ = session.scalars(select(Import)).one()
        found = {c.code: c.repair for c in doctor.examine(session, world.services, import_)}
    assert found == {"counters_wrong": None, "completed_too_early": None}  # fewer would no longer be completed


def test_a_file_that_is_read_again_while_the_doctor_looks_has_lost_no_row(world, dispatched):
    world.low.empty()
    checkpoint.take(world.redis, dispatched)
    checkpoint.create(world.redis, dispatched, line=1, offset=11)
    checkpoint.take_lease(world.redis, dispatched)
    assert examine(world, dispatched) == {}


def test_a_running_import_is_sound_to_whoever_looks_twice(world, processes):
    processes.dispatcher(SLICE_SECONDS="0.2", MAX_QUEUED_ROWS="500")
    processes.worker(BATCH_SECONDS="0.05")
    import_id = world.upload(people(20_000, keys=500).csv)
    looks = 0
    while not world.is_cleaned(import_id):
        with world.session() as session:
            imports = session.scalars(select(Import)).all()
            assert list(doctor.examine_twice(session, world.services, imports)) == []
        looks += 1
    assert looks > 3


def test_an_import_that_cannot_be_examined_hides_no_other(world, completed, monkeypatch):
    running = world.upload(FILE.csv)
    world.execute("UPDATE imports SET failed_rows = 9 WHERE id = :id", id=completed)
    monkeypatch.setattr(world.services.storage, "open_at", Mock(side_effect=StorageError("S3 is away.")))
    with world.session() as session:
        imports = session.scalars(select(Import).order_by(Import.sequence.desc())).all()
        found = {c.import_id: c.code for c in doctor.examine_twice(session, world.services, imports)}
    assert found == {running: "not_examined", completed: "counters_wrong"}


def test_pausing_and_cancelling_that_were_left_half_way_are_finished(world, monkeypatch):
    pausing, cancelling = world.upload(FILE.csv), world.upload(FILE.csv)
    for import_id, status in ((pausing, "pausing"), (cancelling, "cancelling")):
        queues.drop_slices(world.redis, import_id, failed=False)
        world.execute("UPDATE imports SET status = :s, created_at = now() - interval '1 h' WHERE id = :i",
            s=status, i=import_id)  # fmt: skip
        assert len(examine(world, import_id, repair=True)) == 1
    assert (world.status(pausing), world.status(cancelling)) == ("paused", "cancelled")


def test_an_import_that_nobody_dispatches_is_dispatched(world):
    import_id = world.upload(FILE.csv)
    queues.drop_slices(world.redis, import_id, failed=False)
    assert_mended(world, import_id, "unattended", "stands at row 0")


def test_rows_that_were_lost_on_the_way_are_dispatched_again(world, dispatched):
    world.low.empty()
    assert_mended(world, dispatched, "rows_lost", "120 rows were pushed")


def test_a_checkpoint_of_an_ended_import_is_taken_away(world, completed):
    checkpoint.create(world.redis, completed, line=1, offset=11)
    assert_mended(world, completed, "checkpoint_left")


def test_retries_that_were_lost_are_enqueued(world, completed):
    world.execute("UPDATE failed_rows SET retry_requested_at = now() - interval '2 minutes'")
    assert_mended(world, completed, "retries_lost", "2 failed rows wait")
    assert {row.attempts for row in world.failed_rows(completed).values()} == {2}


def test_an_ended_import_that_was_not_cleaned_is_cleaned(world, completed):
    world.execute("UPDATE imports SET cleaned_at = NULL, finished_at = now() - interval '2 minutes'")
    assert_mended(world, completed, "not_cleaned")


def test_a_deleted_import_that_is_still_there_is_removed(world, completed):
    world.execute("UPDATE imports SET deleted_at = now() - interval '2 minutes'")
    assert list(examine(world, completed, repair=True)) == ["not_deleted"]
    assert not world.exists(completed)
    assert not world.keys_of(completed)


def test_a_file_that_is_gone_or_was_replaced_is_told(world):
    import_id = world.upload(FILE.csv)
    world.replace_object(f"imports/{import_id}", b"something else")
    assert list(examine(world, import_id)) == ["file_gone"]
    world.services.storage.delete(f"imports/{import_id}")
    assert "Cancel it." in examine(world, import_id)["file_gone"]


def test_what_redis_holds_of_imports_that_there_are_not_is_dropped(world, completed):
    checkpoint.create(world.redis, "fromabackup1", line=1, offset=11)
    queues.enqueue_slice(world.redis, "fromabackup1")
    with world.session() as session:
        found = list(doctor.examine_installation(session, world.services))
        codes = {complaint.code for complaint in found}
        assert codes == {"dispatcher_failing", "worker_failing", "unknown_import"}
        for complaint in found:
            if complaint.repair:
                complaint.repair()
    assert not world.keys_of("fromabackup1")


def installation(world, code):
    """What is wrong with no import that there is."""
    with world.session() as session:
        found = doctor.examine_installation(session, world.services)
        return [complaint for complaint in found if complaint.code == code]


def test_failed_rows_and_ledger_lines_of_imports_that_are_gone_are_found_and_deleted(world, completed):
    gone, other = world.import_file(FILE.csv), world.import_file(FILE.csv)
    world.execute("DELETE FROM imports WHERE id IN (:gone, :other)", gone=gone, other=other)
    world.execute("DELETE FROM ledger WHERE rows && int8range(2::bigint << 32, 3::bigint << 32)")
    found = installation(world, "rows_without_import")
    assert ["number 2" in found[0].message, "number 3" in found[1].message] == [True, True]
    with world.session() as session:
        for complaint in doctor.rows_without_import(session):
            complaint.repair()
    assert installation(world, "rows_without_import") == []
    assert examine(world, completed) == {}


def test_everything_that_is_left_of_an_import_that_is_gone_is_found_and_deleted(world, completed):
    gone = world.import_file(FILE.csv)
    sequence = world.find(gone).sequence
    with world.session() as session:
        repair = Repair(import_sequence=sequence, chosen={}, rule={"kind": "trim"}, until=1)
        session.add(repair)
        session.flush()
        session.add_all(
            [
                Correction(import_sequence=sequence, row_number=1, attempt=2, changes=[], repair_id=repair.id),
                RatePoint(import_sequence=sequence, mark=1, seconds=1, imported_rows=1, failed_rows=0),
                Alteration(import_sequence=sequence, field="name", kind="trim", count=1, examples=[]),
            ]
        )
        note_writers(session.connection(), sequence, Met([1], [0], [True]))
        session.commit()
    world.execute("DELETE FROM imports WHERE id = :id", id=gone)
    (found,) = installation(world, "rows_without_import")
    kinds = ["ledger lines", "failed rows", "corrections", "repairs", "alterations", "events", "rate points"]
    kinds.append("writer notes")
    assert found.message == f"Import number {sequence} is gone, but there is still something of it: " + (
        f"{', '.join(kinds)}."
    )
    with world.session() as session:
        for complaint in doctor.rows_without_import(session):
            complaint.repair()
        for model in (FailedRow, Correction, Repair, Alteration, Event, RatePoint, WriterNote):
            assert session.query(model).filter(model.import_sequence == sequence).count() == 0
    assert installation(world, "rows_without_import") == []
    assert examine(world, completed) == {}


def test_files_of_imports_that_there_are_not_are_told_and_left(world, completed):
    running = world.upload(FILE.csv)
    assert installation(world, "objects_without_import") == []
    for number in range(4):
        world.replace_object(f"imports/fromabackup{number}", b"12345")
    (complaint,) = installation(world, "objects_without_import")
    assert "4 files (20 bytes)" in complaint.message
    assert running not in complaint.message
    assert complaint.message.count("imports/fromabackup") == 3
    assert (complaint.repair, complaint.is_wrong) == (None, False)


def test_unfinished_imports_are_examined_and_the_latest(world, completed, monkeypatch):
    monkeypatch.setattr(doctor, "LATEST", 1)
    running = world.upload(FILE.csv)
    latest = world.upload(FILE.csv)
    world.verb(imports.cancel, latest)
    with world.session() as session:
        assert [import_.id for import_ in doctor.wanted_imports(session)] == [running, latest]
