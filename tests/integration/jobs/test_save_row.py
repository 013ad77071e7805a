"""Record types that say what one row does: their effects happen exactly once, too."""

import os
import textwrap

import own_types
import pytest
from accounting import assert_every_row_accounted_for
from world import World

from importer.control import imports
from importer.record_types.registry import RecordTypes
from jobs.rows import batch
from jobs.rows.worker import RowWorker


def deposits(*rows: str) -> str:
    return "owner,amount,act\n" + "".join(f"{row}\n" for row in rows)


def many_deposits(rows: int, act: str = "") -> str:
    return deposits(*(f"o{number % 7},{number},{act}" for number in range(1, rows + 1)))


def balances_of(rows: int) -> dict[str, int]:
    return {f"o{k}": sum(n for n in range(1, rows + 1) if n % 7 == k) for k in range(7) if k <= rows}


def work_until_paused(world: World, import_id: str) -> None:
    for _ in range(30):
        world.work()
        world.recover()
        if world.status(import_id) == "paused":
            return


def test_every_row_takes_effect_once(world):
    import_id = world.import_file(many_deposits(100), "deposits")
    assert world.balances() == balances_of(100)
    assert world.counts(import_id) == {"updated": 100}
    assert_every_row_accounted_for(world, import_id, None, rows=100)


def test_rows_that_come_again_take_no_second_effect(world):
    import_id = world.upload(many_deposits(50), "deposits")
    world.dispatch()
    world.redis.rpush(world.low.key, *world.queued())
    jobs = {key: world.redis.dump(key) for key in world.redis.keys("rq:job:*")}
    world.work()
    world.redis.delete(*jobs)
    for key, dumped in jobs.items():
        world.redis.restore(key, 0, dumped)
        world.redis.rpush(world.low.key, key.decode().removeprefix("rq:job:"))
    world.work()
    assert world.balances() == balances_of(50)
    assert_every_row_accounted_for(world, import_id, None, rows=50)


def test_a_row_error_fails_its_row_with_its_code_and_column(world):
    import_id = world.import_file(deposits("ann,1,", "bob,2,reject", "cy,3,"), "deposits")
    row = world.failed_rows(import_id)[2]
    assert (row.code, row.column_name, row.message) == ("account_closed", "owner", "The account is closed.")
    assert world.balances() == {"ann": 1, "cy": 3}
    assert_every_row_accounted_for(world, import_id, None, rows=3)


def test_an_exception_fails_its_row_alone(world):
    import_id = world.import_file(deposits("ann,1,", "bob,2,raise", "cy,3,"), "deposits")
    assert world.codes(import_id) == {2: "save_raised"}
    assert world.balances() == {"ann": 1, "cy": 3}


def test_a_savepoint_of_its_own_is_allowed(world):
    import_id = world.import_file(deposits("ann,1,nested"), "deposits")
    assert world.balances() == {"ann": 1, "nested": 1}
    assert_every_row_accounted_for(world, import_id, None, rows=1)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("commit", "must not commit"),
        ("rollback", "must not roll back"),
        ("commit_connection", "must not commit"),
        ("commit_sql", "must not commit"),
        ("rollback_connection", "must not roll back"),
        ("rollback_sql", "must not roll back"),
        ("other_session", "must use the session it was given"),
    ],
)
def test_ending_the_transaction_is_refused_and_pauses_the_import_with_the_reason(world, act, said):
    import_id = world.import_file(deposits("ann,1,", f"bob,2,{act}", "cy,3,"), "deposits")
    world.recover()
    paused = world.find(import_id)
    assert (paused.status, paused.reason_code) == ("paused", "record_type_broken")
    assert said in paused.reason
    assert (world.balances(), world.ledger(import_id), world.counts(import_id)) == ({}, set(), {})


def test_a_record_type_that_was_mended_goes_on_with_every_row_once(world, monkeypatch):
    import_id = world.import_file(deposits("ann,1,", "bob,2,commit", "cy,3,"), "deposits")
    world.recover()
    monkeypatch.setattr(own_types.Deposits, "act_commit", lambda *arguments: None)
    world.verb(imports.resume, import_id)
    world.run()
    assert world.balances() == {"ann": 1, "bob": 2, "cy": 3}
    assert_every_row_accounted_for(world, import_id, None, rows=3)


def test_a_row_that_always_takes_too_long_pauses_the_import_and_its_neighbours_are_imported(world, setting):
    setting(row_timeout=0.05)
    import_id = world.upload(deposits("ann,1,", "bob,2,sleep 5", "cy,3,"), "deposits")
    world.dispatch()
    work_until_paused(world, import_id)
    paused = world.find(import_id)
    assert (paused.status, paused.reason_code) == ("paused", "record_type_broken")
    assert "row 2 (line 3) always takes too long" in paused.reason
    assert world.balances() in ({"ann": 1}, {"ann": 1, "cy": 3})


def test_a_row_that_took_too_long_once_is_imported_on_resuming(world, setting):
    setting(row_timeout=0.05)
    import_id = world.upload(deposits("ann,1,", "bob,2,sleep 0.3", "cy,3,"), "deposits")
    world.dispatch()
    work_until_paused(world, import_id)
    setting(row_timeout=5)
    world.verb(imports.resume, import_id)
    world.run()
    assert world.balances() == {"ann": 1, "bob": 2, "cy": 3}
    assert_every_row_accounted_for(world, import_id, None, rows=3)


def test_slow_rows_cut_the_batch_and_the_rest_goes_back_without_a_ledger_line(world, monkeypatch):
    monkeypatch.setattr(batch, "ROW_BY_ROW_SECONDS", 0.1)
    import_id = world.upload(many_deposits(20, "sleep 0.04"), "deposits")
    world.dispatch()
    worker = RowWorker(world.services)
    claim = worker._claims.take(limit=20)
    worker._work_off(claim)
    reached = len(world.ledger(import_id))
    assert 0 < reached < 20
    assert world.queued_rows() == list(range(reached + 1, 21))
    assert sum(world.balances().values()) == sum(range(1, reached + 1))
    world.work()
    assert world.balances() == balances_of(20)
    assert_every_row_accounted_for(world, import_id, None, rows=20)


OUTSIDE = '''
    """A record type that belongs to somebody else."""

    from sqlalchemy import text
    from importer.record_types import Effect, RecordType
    from importer.record_types.base import RowSchema

    class Row(RowSchema):
        owner: str
        amount: int

    class Gifts(RecordType):
        name = "gifts"
        label = "Gifts"
        schema = Row

        def save_row(self, session, values, origin, row_number):
            session.execute(text(
                "INSERT INTO accounts (owner, amount) VALUES (:owner, :amount)"
                " ON CONFLICT (owner) DO UPDATE SET amount = accounts.amount + excluded.amount"), values)
            return Effect.CREATED
'''


def test_a_record_type_from_outside_the_package_runs_in_real_workers(world, processes, tmp_path, monkeypatch):
    (tmp_path / "somebodys_types.py").write_text(textwrap.dedent(OUTSIDE))
    monkeypatch.syspath_prepend(tmp_path)
    world.services.record_types = RecordTypes(["somebodys_types:Gifts"])
    path = os.pathsep.join([processes.environment["PYTHONPATH"], str(tmp_path)])
    loaded = {"RECORD_TYPES": "somebodys_types:Gifts", "PYTHONPATH": path}
    processes.dispatcher(**loaded)
    processes.worker(**loaded)
    import_id = world.upload("owner,amount\n" + "ann,2\nbob,3\n" * 200, "gifts")
    world.wait_for(import_id, "completed")
    assert world.balances() == {"ann": 400, "bob": 600}
    assert world.counts(import_id) == {"created": 400}
