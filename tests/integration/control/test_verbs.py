"""What a person can do with an import (docs/design.md, rules 15 and 18)."""

import re

import pytest
from accounting import assert_every_row_accounted_for, assert_nothing_left
from world import contacts_csv, many_contacts

from importer.control import imports, reports, retries
from importer.errors import RefusedTransitionError, StorageError
from importer.ledger import corrections, failures
from importer.ledger.lines import count_rows
from importer.models import Correction, Event, Import, Repair
from importer.queue import checkpoint
from jobs import clearing
from jobs.rows.worker import RowWorker


@pytest.fixture
def half_read(world, setting, monkeypatch):
    """An import of 50 rows, the first 20 of them queued, and the records that it comes to."""
    monkeypatch.setattr("jobs.dispatcher.slice.ROWS_PER_PUSH", 10)
    setting(slice_seconds=1e-6)
    csv, records = many_contacts(50)
    import_id = world.upload(csv)
    for _ in range(2):
        world.run_slice(import_id)
    return import_id, records


def work_off(world, rows: int) -> None:
    worker = RowWorker(world.services)
    worker._work_off(worker._claims.take(limit=rows))


def report(world, import_id):
    with world.session() as session:
        return reports.report(session, world.services, world.find(import_id))


def test_pausing_lets_the_queued_rows_drain_and_then_is_paused(world, half_read):
    import_id, _ = half_read
    world.verb(imports.pause, import_id)
    world.dispatch()
    world.recover()
    paused = world.find(import_id)
    assert (paused.status, paused.reason) == ("pausing", "By ann@example.com.")
    world.work()
    world.recover()
    assert (world.status(import_id), world.counts(import_id)) == ("paused", {"created": 20})


def test_an_import_is_not_paused_while_its_dispatcher_or_a_claim_is_alive(world, half_read):
    import_id, _ = half_read
    world.verb(imports.pause, import_id)
    world.work()
    checkpoint.take_lease(world.redis, import_id)
    world.recover()
    assert world.status(import_id) == "pausing"
    checkpoint.drop_lease(world.redis, import_id)
    world.recover()
    assert world.status(import_id) == "paused"


def test_resume_goes_on_with_the_next_row(world, half_read):
    import_id, records = half_read
    world.verb(imports.pause, import_id)
    world.run()
    world.recover()
    world.verb(imports.resume, import_id)
    world.dispatch()
    assert world.queued_rows() == list(range(21, 51))
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=50)


def test_resume_forgets_why_the_import_paused_and_how_often_its_dispatcher_failed(world, half_read):
    import_id, _ = half_read
    world.verb(imports.pause, import_id)
    world.execute("UPDATE imports SET failed_slices = 4")
    world.verb(imports.resume, import_id)
    resumed = world.find(import_id)
    assert (resumed.status, resumed.reason_code, resumed.reason, resumed.failed_slices) == (
        "queued",
        None,
        None,
        0,
    )


def test_resume_before_the_queued_rows_have_drained_goes_on_at_once(world, half_read):
    import_id, records = half_read
    world.verb(imports.pause, import_id)
    world.verb(imports.resume, import_id)
    world.run()
    assert_every_row_accounted_for(world, import_id, records, rows=50)


def test_an_import_whose_rows_were_all_queued_completes_while_it_is_paused(world):
    csv, records = many_contacts(5)
    import_id = world.upload(csv)
    world.dispatch()
    world.verb(imports.pause, import_id)
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=5)


def test_too_many_failed_rows_pause_the_import_and_resuming_allows_as_many_again(world, setting, monkeypatch):
    setting(max_failed_rows=10, slice_seconds=1e-6)
    monkeypatch.setattr("jobs.dispatcher.slice.ROWS_PER_PUSH", 20)
    import_id = world.upload(contacts_csv([(f"nonsense {n}", "x") for n in range(60)]))
    for resumed in range(3):
        if resumed:
            world.verb(imports.resume, import_id)
        world.run_slice(import_id)
        world.work()
        world.recover()
        paused = world.find(import_id)
        assert (paused.failed_rows, paused.status) == (20 * (resumed + 1), "paused")
        assert paused.reason_code == "too_many_failed"
    world.verb(imports.resume, import_id)
    world.run()
    assert_every_row_accounted_for(world, import_id, {}, rows=60)


def test_cancel_drops_the_queued_rows_and_says_how_many(world, half_read):
    import_id, _ = half_read
    work_off(world, 7)
    world.verb(imports.cancel, import_id)
    said = report(world, import_id)
    assert (said.status, said.dispatched_rows, said.imported_rows, said.dropped_rows) == ("cancelled", 20, 7, 13)
    assert not said.read_to_end
    assert 45 <= said.estimated_rows <= 55
    assert 7 / 55 <= said.progress <= 7 / 45
    assert_nothing_left(world, import_id)


def test_nothing_is_written_after_a_cancel_by_a_worker_that_holds_rows(world, half_read):
    import_id, _ = half_read
    worker = RowWorker(world.services)
    claim = worker._claims.take(limit=5)
    world.verb(imports.cancel, import_id)
    worker._work_off(claim)
    assert (world.records(), world.ledger(import_id), world.counts(import_id)) == ({}, set(), {})
    assert_nothing_left(world, import_id)


def test_a_cancel_while_s3_is_away_is_finished_by_recovery_and_forgets_no_number(
    world, half_read, monkeypatch, setting
):
    setting(keep_undone_days=0)
    import_id, _ = half_read
    work_off(world, 7)
    world.execute("UPDATE imports SET dispatched_rows = 0")  # the dispatcher notes it once a second

    def away(key):
        raise StorageError

    with monkeypatch.context() as patch:
        patch.setattr(world.services.storage, "delete", away)
        world.verb(imports.cancel, import_id)
    assert world.status(import_id) == "cancelling"
    world.recover()
    said = report(world, import_id)
    assert (said.status, said.dispatched_rows, said.imported_rows, said.dropped_rows) == ("cancelled", 20, 7, 13)


@pytest.mark.parametrize("completed", [False, True], ids=["in the middle", "after it"])
def test_delete_removes_the_import_with_its_ledger_and_failed_rows_and_keeps_the_records(world, completed):
    import_id = world.upload(contacts_csv([("nonsense", "x"), ("b@example.com", "Bob"), ("c@example.com", "Cy")]))
    world.dispatch()
    sequence = world.find(import_id).sequence
    if completed:
        world.work()
    else:
        work_off(world, 2)
    world.verb(imports.delete, import_id)
    world.work()
    world.recover()
    with world.session() as session:
        assert session.get(Import, import_id) is None
    with world.services.engine.connect() as connection:
        assert count_rows(connection, sequence) == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM failed_rows").scalar() == 0
    imported = {"b@example.com", "c@example.com"} if completed else {"b@example.com"}
    assert set(world.records()) == imported
    assert world.keys_of(import_id) == set()
    assert world.objects() == []


def test_nothing_that_tells_of_a_deleted_import_stays(world, monkeypatch):
    monkeypatch.setattr(corrections, "ROWS_PER_DELETE", 1)
    import_id = world.import_file(contacts_csv([("nonsense", "x"), ("more nonsense", "x")]))
    sequence = world.find(import_id).sequence
    with world.session() as session:
        for row in (1, 2):
            session.add(Correction(import_sequence=sequence, row_number=row, attempt=2, changes=[[0, "a", "b"]]))
        session.add(Repair(import_sequence=sequence, chosen={}, rule={}, until=2))
        session.add(Event(import_sequence=sequence, kind="uploaded"))
        session.commit()
    world.verb(imports.delete, import_id)
    while world.exists(import_id):
        world.recover()
    with world.session() as session:
        assert [session.query(model).count() for model in (Correction, Repair, Event)] == [0, 0, 0]


def test_an_import_is_not_gone_before_its_failed_rows_are(world, monkeypatch):
    monkeypatch.setattr(failures, "ROWS_PER_DELETE", 1)
    monkeypatch.setattr(clearing, "DELETE_SECONDS", 0)
    import_id = world.import_file(contacts_csv([("nonsense", "x"), ("more nonsense", "x")]))
    world.verb(imports.delete, import_id)
    left = []
    while world.exists(import_id):
        left.append(len(world.failed_rows(import_id)))
        world.recover()
    assert left[:3] == [2, 1, 0]


def test_a_batch_of_a_deleted_import_takes_no_effect(world, half_read):
    import_id, _ = half_read
    worker = RowWorker(world.services)
    worker._work_off(worker._claims.take(limit=5))
    claim = worker._claims.take(limit=5)
    world.verb(imports.delete, import_id)
    worker._work_off(claim)
    world.recover()
    assert len(world.records()) == 5
    assert world.keys_of(import_id) == set()
    assert not world.exists(import_id)


@pytest.mark.parametrize(
    ("verb", "status", "said"),
    [
        (imports.pause, "paused", "is paused; it can become pausing only when it is queued, running"),
        (imports.resume, "running", "is running; it can become queued only when it is"),
        (imports.cancel, "completed", "is completed; it can become cancelling only when it is"),
        (imports.cancel, "cancelled", "is cancelled; it can become cancelling only when it is"),
        (retries.retry, "cancelled", "is cancelled: its failed rows cannot be retried"),
        (retries.retry, "stopped", "is stopped: its failed rows cannot be retried"),
    ],
)
def test_a_refused_verb_names_the_status_and_changes_nothing(world, verb, status, said):
    import_id = world.upload(many_contacts(2)[0])
    world.execute("UPDATE imports SET status = :status", status=status)
    with pytest.raises(RefusedTransitionError, match=re.escape(said)):
        world.verb(verb, import_id)
    assert world.status(import_id) == status


def test_resume_is_refused_with_the_statuses_from_which_it_is_allowed(world):
    import_id = world.upload(many_contacts(2)[0])
    world.execute("UPDATE imports SET status = 'running'")
    with pytest.raises(RefusedTransitionError) as refused:
        world.verb(imports.resume, import_id)
    assert str(refused.value).endswith("only when it is paused, pausing.")


def test_a_retry_of_a_paused_import_is_done_while_it_stays_paused(world, half_read):
    import_id, _ = half_read
    world.verb(imports.pause, import_id)
    world.run()
    world.recover()
    world.execute("UPDATE imports SET created_rows = 19, failed_rows = 1")
    world.execute(
        "INSERT INTO failed_rows (import_sequence, row_number, line_number, code, message, cells)"
        " SELECT sequence, 3, 4, 'x', 'x', '[\"p@example.com\", \"P\"]' FROM imports"
    )
    world.verb(retries.retry, import_id)
    world.run()
    assert (world.status(import_id), world.codes(import_id)) == ("paused", {})
    assert world.counts(import_id) == {"created": 20}
