"""Claims of living, dead and frozen workers (docs/design.md, rules 5, 6, 7)."""

import threading

import pytest
from accounting import assert_every_row_accounted_for
from world import many_contacts

from importer.queue import keys, queues
from jobs.rows import claims
from jobs.rows.claims import SHOWN_JOBS, GivenBack
from jobs.rows.worker import RowWorker


def test_a_claim_takes_neighbours_of_one_import_alone(world, dispatched):
    other = world.upload(many_contacts(5)[0])
    world.dispatch()
    assert len(world.claim(1000)) == 30
    claimed = world.claim(1000)
    assert {claimed.import_id, *map(queues.import_of, claimed.job_ids)} == {other}


def test_claimed_jobs_are_in_rqs_registry_of_started_jobs(world, dispatched):
    taken = world.claim(10)
    assert sorted(world.started.get_job_ids()) == sorted(taken.job_ids)


def test_of_a_large_claim_rq_shows_the_first_jobs_and_forgets_them_when_it_ends(world):
    world.upload(many_contacts(SHOWN_JOBS + 50)[0])
    world.dispatch()
    worker = RowWorker(world.services)
    taken = worker._claims.take(limit=1000)
    assert len(taken) == SHOWN_JOBS + 50
    assert sorted(world.started.get_job_ids()) == sorted(taken.job_ids[:SHOWN_JOBS])
    worker._work_off(taken)
    assert world.started.get_job_ids() == []


def test_a_claim_that_ends_leaves_nothing_of_its_jobs_in_redis(world, dispatched):
    worker = RowWorker(world.services)
    worker._work_off(worker._claims.take(limit=30))
    assert world.started.get_job_ids() == []
    assert [world.redis.keys(of) for of in ("rq:job:*", "rq:results:*", "importer:claim*")] == [[], [], []]


def test_an_id_of_a_claim_whose_job_is_gone_leaves_nothing_behind(world, dispatched):
    import_id, _ = dispatched
    world.redis.lpush(world.low.key, f"{import_id}_98", f"{import_id}_99")
    taken = world.claim(5)
    assert [attempt.row_number for attempt in taken.attempts()] == [1, 2, 3]
    assert sorted(world.started.get_job_ids()) == sorted(taken.job_ids)
    world.let_leases_lapse()
    world.recover()
    assert world.queued_rows() == list(range(1, 31))
    assert world.started.get_job_ids() == []


@pytest.mark.parametrize("fate", ["put back", "forgotten"])
def test_a_claim_that_vanishes_before_its_jobs_are_read_is_none(world, dispatched, monkeypatch, fate):
    import_id, records = dispatched
    read = claims.Claims._datas

    def late(claims, claim_id):
        monkeypatch.undo()
        if fate == "put back":
            world.let_leases_lapse()
            world.recover()
        else:
            world.redis.flushall()
        return read(claims, claim_id)

    monkeypatch.setattr(claims.Claims, "_datas", late)
    assert claims.Claims(world.redis).take(limit=10) is None
    if fate == "put back":
        world.work()
        assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_jobs_that_waited_longer_than_setbacks_are_remembered_are_run_with_their_neighbours(world, dispatched):
    import_id, records = dispatched
    world.claim(10)
    world.let_leases_lapse()
    world.recover()
    assert world.redis.ttl(keys.SETBACKS) > claims.SETBACKS_REMEMBERED_SECONDS - 60
    world.redis.delete(keys.SETBACKS)
    assert len(world.claim(1000)) == 30
    world.let_leases_lapse()
    world.recover()
    assert len(world.claim(1000)) == 1
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_the_jobs_of_rows_that_have_not_ended_are_dropped_by_whoever_holds_them_alone(world, dispatched):
    ours = claims.Claims(world.redis)
    late = ours.take(limit=10)
    world.let_leases_lapse()
    world.recover()
    ours.drop(late)
    assert world.queued_rows() == list(range(1, 31))
    taken = ours.take(limit=1)
    ours.drop(taken)
    assert not world.redis.exists(f"rq:job:{taken.job_ids[0]}")
    assert world.queued_rows() == list(range(2, 31))


def test_the_jobs_of_a_dead_worker_come_back_and_each_is_run_alone(world, dispatched):
    import_id, records = dispatched
    world.claim(10)
    world.recover()
    assert len(world.queued()) == 20
    world.let_leases_lapse()
    world.recover()
    assert world.queued_rows() == list(range(1, 31))
    ours = claims.Claims(world.redis)
    assert [len(ours.take(limit=1000)) for _ in range(11)] == [1] * 10 + [20]
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_an_import_may_have_a_limit_of_its_own(world, dispatched):
    import_id, _ = dispatched
    ours = claims.Claims(world.redis)
    popped = world.redis.lmove(world.low.key, world.low.intermediate_queue_key).decode()
    assert len(ours.take(first=popped, limit=9, limits={import_id: 4, "another": 7})) == 4
    assert len(ours.take(limit=9, limits={import_id: 3, "another": 7})) == 3
    assert len(ours.take(limit=9, limits={"another": 7})) == 9


def test_a_job_over_which_a_worker_died_is_run_alone_when_rq_pops_it_first_too(world, dispatched):
    world.claim(1)
    world.let_leases_lapse()
    world.recover()
    popped = world.redis.lmove(world.low.key, world.low.intermediate_queue_key).decode()
    assert len(claims.Claims(world.redis).take(first=popped, limit=1000)) == 1


def test_a_living_worker_keeps_its_claim(world, dispatched):
    taken = world.claim(10)
    world.recover()
    assert world.redis.zscore(keys.CLAIMS, taken.id)
    assert len(world.queued()) == 20


def test_a_worker_that_died_after_its_commit_leaves_jobs_that_change_nothing(world, dispatched, monkeypatch):
    import_id, records = dispatched
    worker = RowWorker(world.services)
    monkeypatch.setattr(worker, "_clear", lambda *arguments: None)
    worker._work_off(worker._claims.take(limit=10))
    before = world.counts(import_id)
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert before == {"created": 10}
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_a_row_over_which_three_workers_died_alone_fails_and_its_neighbours_are_imported(world, dispatched):
    import_id, _ = dispatched
    for _ in range(4):
        world.claim(10)
        world.let_leases_lapse()
        world.recover()
    assert world.claim(10).deaths == 3
    world.let_leases_lapse()
    world.recover()
    world.work()
    assert world.codes(import_id) == {1: "worker_died"}
    assert_every_row_accounted_for(world, import_id, None, rows=30)


def test_a_job_that_a_kill_left_between_pop_and_claim_comes_back(world, dispatched, monkeypatch):
    monkeypatch.setattr(claims, "STUCK_SECONDS", 0)
    import_id, records = dispatched
    world.redis.lmove(world.low.key, world.low.intermediate_queue_key)
    world.recover()
    world.recover()
    assert world.redis.llen(world.low.intermediate_queue_key) == 0
    world.work()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_an_id_on_the_queue_whose_job_is_gone_is_forgotten(world, dispatched, monkeypatch):
    monkeypatch.setattr(claims, "STUCK_SECONDS", 0)
    import_id, records = dispatched
    world.redis.lpush(world.low.key, f"{import_id}_98", f"{import_id}_99")
    for _ in range(4):
        world.work()
        world.recover()
    assert queues.queued_rows(world.redis, import_id) == 0
    assert_every_row_accounted_for(world, import_id, records, rows=30)


@pytest.mark.parametrize("first", ["its heirs", "the frozen one"])
def test_a_worker_that_was_frozen_past_its_lease_changes_nothing_whoever_works_first(world, dispatched, first):
    import_id, records = dispatched
    frozen = RowWorker(world.services)
    taken = frozen._claims.take(limit=10)
    world.let_leases_lapse()
    world.recover()
    steps = [world.work, lambda: frozen._work_off(taken)]
    for step in steps if first == "its heirs" else reversed(steps):
        step()
    assert_every_row_accounted_for(world, import_id, records, rows=30)


def test_rows_that_move_between_queue_and_claim_are_counted_at_every_moment(world, dispatched):
    import_id, _ = dispatched
    over = threading.Event()

    def take_and_give_back() -> None:
        ours = claims.Claims(world.redis)
        while not over.is_set():
            ours.give_back(ours.take(limit=1000), GivenBack.UNTOUCHED)

    worker = threading.Thread(target=take_and_give_back)
    worker.start()
    counts = {queues.queued_rows(world.redis, import_id) for _ in range(1000)}
    over.set()
    worker.join()
    assert counts == {30}


def test_a_claim_that_is_repeated_because_its_reply_was_lost_is_answered_as_before(world, dispatched, monkeypatch):
    monkeypatch.setattr(claims.secrets, "token_hex", lambda _: "the same claim")
    ours = claims.Claims(world.redis)
    assert ours.take(limit=10) == ours.take(limit=10)
    assert world.queued_rows() == list(range(11, 31))
