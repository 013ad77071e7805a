"""The ledger of an import that ended long ago is folded; its failed rows may still be retried (rule 11)."""

import threading

import pytest
from sqlalchemy import NullPool, create_engine
from waiting import wait_until

from importer.control import doctor, imports, retries
from importer.lifecycle import cleaning
from importer.models import RowOutcome
from importer.queue.queues import row_job_id
from jobs.dispatcher.pusher import Pusher, Row
from jobs.recovery import Recovery
from jobs.rows.claims import Claims
from jobs.rows.job import encode
from jobs.rows.worker import RowWorker

ROWS = 30
FILE = "owner,amount,act\n" + "".join(f"o{n},{n},{'reject' if n == 7 else ''}\n" for n in range(1, ROWS + 1))
BALANCES = {f"o{n}": n for n in range(1, ROWS + 1) if n != 7}

pytestmark = pytest.mark.usefixtures("way_of_writing")


@pytest.fixture
def folded(world) -> str:
    """An import of deposits of which one row failed, folded."""
    import_id = world.import_file(FILE, "deposits")
    let_days_pass(world, import_id)
    world.recover()
    assert world.ledger(import_id) == {7: RowOutcome.FAILED}
    return import_id


def let_days_pass(world, import_id: str) -> None:
    world.execute("UPDATE imports SET finished_at = finished_at - interval '8 days' WHERE id = :id", id=import_id)


def lift_the_cause(world) -> None:
    world.execute("""UPDATE failed_rows SET cells = '["o7", "7", ""]' WHERE row_number = 7""")


def push_again(world, import_id: str, *row_numbers: int) -> None:
    """Jobs of rows that have ended, as a Redis that was set back may hold them."""
    rows = [Row(n, encode(import_id, n, n + 1, [f"o{n}", str(n), ""], None)) for n in row_numbers]
    Pusher(world.redis, import_id).push_retries(rows)


def assert_sound(world, import_id: str) -> None:
    with world.session() as session:
        import_ = session.merge(world.find(import_id))
        assert doctor.examine(session, world.services, import_) == []


def test_a_number_takes_the_place_of_the_lines_of_imported_rows(world, folded):
    assert world.find(folded).folded_rows == ROWS - 1
    assert world.counts(folded) == {"updated": ROWS - 1, "failed": 1}
    assert_sound(world, folded)


def test_a_large_ledger_is_folded_in_several_passes(world, monkeypatch):
    monkeypatch.setattr(cleaning, "FOLDED_AT_ONCE", 10)
    import_id = world.import_file(FILE, "deposits")
    let_days_pass(world, import_id)
    for left in (20, 10, 1, 1):
        world.recover()
        assert len(world.ledger(import_id)) == left
        assert_sound(world, import_id)


def test_a_retried_row_takes_effect_once_and_is_folded_too(world, folded):
    lift_the_cause(world)
    world.verb(retries.retry, folded)
    world.run()
    assert world.balances() == BALANCES | {"o7": 7}
    assert world.ledger(folded) == {7: RowOutcome.IMPORTED}
    push_again(world, folded, 7)
    world.work()
    world.recover()
    assert world.ledger(folded) == {}
    push_again(world, folded, 7)
    world.work()
    assert world.balances() == BALANCES | {"o7": 7}
    assert world.find(folded).folded_rows == ROWS
    assert_sound(world, folded)


def test_a_row_that_was_requeued_in_rq_fails_again_once(world, folded):
    world.job(folded, 7).requeue()
    world.work()
    assert world.failed_rows(folded)[7].attempts == 2
    assert world.balances() == BALANCES
    assert_sound(world, folded)


def test_jobs_of_folded_rows_change_nothing_and_hold_up_no_retry_beside_them(world, folded):
    lift_the_cause(world)
    world.verb(retries.retry, folded)
    push_again(world, folded, 1, 2, 30)
    world.dispatch()
    assert world.queued_rows() == [1, 2, 30, 7]
    world.work()
    assert world.queued() == []
    assert world.balances() == BALANCES | {"o7": 7}
    assert_sound(world, folded)


def test_a_batch_that_meets_the_folding_of_its_lines_changes_nothing(world):
    """Its insert waits for lines that are being deleted, and finds them gone."""
    import_id = world.import_file(FILE, "deposits")
    push_again(world, import_id, 1, 2)
    worker, claim = RowWorker(world.services), Claims(world.redis).take(limit=10)
    late = threading.Thread(target=worker._work_off, args=[claim])
    values = {"sequence": world.find(import_id).sequence, "imported": int(RowOutcome.IMPORTED), "rows": 100}
    engine = create_engine(world.services.settings.database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(cleaning.FOLD_LEDGER, values)
        late.start()
        wait_until(world.lock_waits, "the batch waits")
    late.join()
    assert world.balances() == BALANCES
    assert world.ledger(import_id) == {7: RowOutcome.FAILED}
    assert not world.redis.exists(f"rq:job:{row_job_id(import_id, 1)}")
    assert_sound(world, import_id)


def test_an_import_whose_ledger_lacks_lines_keeps_no_other_from_being_folded(world):
    broken, sound = (world.import_file(FILE, "deposits") for _ in range(2))
    for import_id in (broken, sound):
        let_days_pass(world, import_id)
    world.execute("DELETE FROM ledger WHERE import_sequence = :sequence", sequence=world.find(broken).sequence)
    recovery = Recovery(world.services)
    for _ in range(3):
        recovery._fold_a_ledger()
    assert world.find(sound).folded_rows == ROWS - 1


def test_a_failed_row_without_a_line_holds_up_no_retry_beside_it(world):
    import_id = world.import_file(FILE.replace("8,8,", "8,8,reject"), "deposits")
    world.execute("DELETE FROM ledger WHERE row_number = 8")
    lift_the_cause(world)
    world.verb(retries.retry, import_id)
    world.run()
    assert world.balances()["o7"] == 7
    assert list(world.failed_rows(import_id)) == [8]


def test_the_ledger_of_a_cancelled_import_is_folded(world):
    import_id = world.upload(FILE, "deposits")
    world.dispatch()
    worker = RowWorker(world.services)
    worker._work_off(worker._claims.take(limit=10))
    world.verb(imports.cancel, import_id)
    world.recover()
    let_days_pass(world, import_id)
    world.recover()
    assert world.ledger(import_id) == {7: RowOutcome.FAILED}
    assert_sound(world, import_id)


@pytest.mark.parametrize(("days", "age"), [(7, 6), (0, 1000)])
def test_before_its_time_or_where_it_is_set_off_nothing_is_folded(world, setting, days, age):
    setting(ledger_days=days)
    import_id = world.import_file(FILE, "deposits")
    world.execute("UPDATE imports SET finished_at = finished_at - make_interval(days => :age)", age=age)
    world.recover()
    assert len(world.ledger(import_id)) == ROWS


def test_an_import_that_has_not_ended_keeps_its_ledger(world):
    import_id = world.upload(FILE, "deposits")
    world.dispatch()
    worker = RowWorker(world.services)
    worker._work_off(worker._claims.take(limit=10))
    world.execute("UPDATE imports SET finished_at = now() - interval '1 year'")
    world.recover()
    assert len(world.ledger(import_id)) == 10
