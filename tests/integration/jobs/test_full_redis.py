"""A full Redis keeps no worker from making room (docs/design.md, rule 8)."""

import pytest
from accounting import assert_every_row_accounted_for
from waiting import wait_until
from world import contacts_csv, many_contacts

from importer.control import imports
from importer.queue import queues
from jobs.rows.worker import RowWorker


@pytest.fixture
def full(world):
    """Make Redis refuse whatever needs memory, and make room again."""

    def fill(is_full: bool = True) -> None:
        world.redis.config_set("maxmemory", 1 if is_full else 0)

    yield fill
    fill(False)


def test_a_worker_that_starts_while_redis_is_full_works_its_rows_off(world, processes, full):
    rows = [(f"p{n}@example.com" if n % 50 else "nonsense", "x") for n in range(2000)]
    import_id = world.upload(contacts_csv(rows))
    world.dispatch()
    full()
    worker = processes.worker()
    wait_until(lambda: world.find(import_id).ended_rows == 2000, "every row has ended")
    full(False)
    wait_until(lambda: not world.queued() and world.find(import_id).cleaned_at, "it is cleaned")
    wait_until(lambda: queues.living_workers(world.redis, queues.LOW), "the worker is registered")
    assert worker.running
    assert world.counts(import_id) == {"created": 1960, "failed": 40}
    assert_every_row_accounted_for(world, import_id, None, rows=2000)


def test_a_dispatcher_on_a_full_redis_waits_and_goes_on_when_there_is_room(world, processes, full):
    csv, records = many_contacts(3000)
    import_id = world.upload(csv)
    full()
    dispatcher = processes.dispatcher()
    processes.worker()
    wait_until(lambda: "Redis is full" in dispatcher.log_tail(), "the dispatcher has noticed")
    full(False)
    wait_until(lambda: world.find(import_id).cleaned_at, "it is completed and cleaned")
    assert_every_row_accounted_for(world, import_id, records, rows=3000)


def test_the_rows_of_a_dead_worker_come_back_while_redis_is_full(world, full):
    csv, records = many_contacts(10)
    import_id = world.upload(csv)
    world.dispatch()
    world.claim(10)
    world.let_leases_lapse()
    full()
    world.release_recovery()
    RowWorker(world.services).run_maintenance_tasks()
    assert world.queued_rows() == list(range(1, 11))
    full(False)
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=10)


def test_a_verb_on_a_full_redis_is_carried_out(world, full):
    import_id = world.upload(many_contacts(10)[0])
    world.dispatch()
    full()
    world.verb(imports.cancel, import_id)
    assert world.status(import_id) == "cancelled"
    assert world.queued() == []
