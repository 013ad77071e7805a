"""Whoever can write to Redis can neither run code in dispatchers and workers, nor hold them up."""

import socket

import pytest
from intruders import JOBS, leave_no_mark, write_job
from rq import Callback, SimpleWorker, Worker
from rq.webhook import Webhook
from world import contacts_csv, many_contacts

from importer.queue.queues import HIGH, LOW, queue_named
from importer.statuses import Status
from jobs.admission import AdmittingWorker

marker = pytest.fixture(autouse=True)(leave_no_mark)


def reason(queue, job_id: str) -> str:
    return queue.fetch_job(job_id).latest_result().exc_string


@pytest.mark.parametrize("name", [HIGH, LOW])
def test_a_job_that_is_none_of_ours_is_shown_as_failed_and_nothing_of_it_is_run(world, name):
    queue = queue_named(name, world.redis)
    for number, fields in enumerate(JOBS.values()):
        queue.push_job_id(write_job(world.redis, name, f"foreign-{number}", fields))
        world.run()
        assert "UnreadableJobError: " in reason(queue, f"foreign-{number}"), fields
        assert not world.redis.exists(queue.key, queue.intermediate_queue_key), fields
    assert queue.failed_job_registry.get_job_count(cleanup=False) == len(JOBS)


@pytest.mark.parametrize("name", [HIGH, LOW])
def test_the_reason_names_what_was_called_and_what_may_be(world, name):
    queue = queue_named(name, world.redis)
    job = queue.enqueue("os.system", "true")
    world.run()
    expected = {HIGH: "jobs.dispatcher.run.run_slice", LOW: "jobs.rows.alone.import_row"}[name]
    said = reason(queue, job.id)
    assert "A job calls 'os.system'; those of this queue call " in said
    assert expected in said
    assert (job.fetch(job.id, world.redis).args, job.get_status()) == (["true"], "failed")


def test_a_hundred_foreign_jobs_between_those_of_an_import_stop_neither_dispatcher_nor_worker(world):
    foreign = list(JOBS.values()) * 4
    csv, records = many_contacts(200)
    first = [write_job(world.redis, HIGH, f"slice-{number}", fields) for number, fields in enumerate(foreign)]
    world.redis.rpush(world.high.key, *first)
    import_id = world.upload(csv)
    world.redis.rpush(world.high.key, *first)
    world.dispatch()
    for number, fields in enumerate(foreign):
        job_id = write_job(
            world.redis, LOW, f"{import_id}_{1000 + number}" if number % 2 else f"x_{number}", fields
        )
        world.redis.linsert(world.low.key, "BEFORE", f"{import_id}_{1 + number}", job_id)
    world.work()
    assert world.status(import_id) == Status.COMPLETED
    assert world.records() == records
    assert world.failed_slices.get_job_count(cleanup=False) == len(foreign)
    assert world.failed.get_job_count(cleanup=False) == len([fields for fields in foreign if "data" in fields])


@pytest.mark.parametrize("name", [HIGH, LOW])
@pytest.mark.parametrize("job_id", ["with a blank", "x" * 5000 + "!"])
def test_an_id_that_rq_takes_for_none_is_dropped(world, name, job_id):
    queue = queue_named(name, world.redis)
    queue.push_job_id(write_job(world.redis, name, job_id, JOBS["a call of a function"]))
    import_id = world.import_file(contacts_csv([("a@example.com", "Ann")]))
    assert world.status(import_id) == Status.COMPLETED
    assert not world.redis.exists(queue.key, queue.intermediate_queue_key, f"rq:job:{job_id}")


@pytest.mark.parametrize("name", [HIGH, LOW])
def test_a_key_that_holds_no_job_is_refused(world, name):
    queue = queue_named(name, world.redis)
    world.redis.mset({"rq:job:foreign_1": "no hash", "rq:results:foreign_1": "no stream"})
    queue.push_job_id("foreign_1")
    import_id = world.import_file(contacts_csv([("a@example.com", "Ann")]))
    assert world.status(import_id) == Status.COMPLETED
    assert "The job's key holds no job." in reason(queue, "foreign_1")


def test_a_refused_job_that_is_requeued_is_refused_again(world):
    job = world.high.enqueue("intruders.intrude")
    world.dispatch()
    world.failed_slices.requeue(job.id)
    world.dispatch()
    assert world.failed_slices.get_job_ids(cleanup=False) == [job.id]


def test_only_the_latest_refused_jobs_are_kept(world, monkeypatch):
    monkeypatch.setattr("jobs.admission.MAX_FAILED_JOBS", 3)
    for _ in range(5):
        world.high.enqueue("intruders.intrude")
    world.dispatch()
    assert world.failed_slices.get_job_count(cleanup=False) == 3
    assert len(world.redis.keys("rq:job:*")) == len(world.redis.keys("rq:results:*")) == 3


def test_slices_of_imports_that_nobody_knows_are_dropped_at_once_whatever_their_version(world):
    for _ in range(20):
        world.high.enqueue("jobs.dispatcher.run.run_slice", 99, "nobody")
    import_id = world.upload(contacts_csv([("a@example.com", "Ann")]))
    world.run()
    assert world.status(import_id) == Status.COMPLETED


OWN = frozenset({"intruders.greet", "intruders.fail"})


class PlainWorker(AdmittingWorker, SimpleWorker):
    """A worker that does no more than RQ's own, but for what it admits."""

    functions = OWN


class ForkingWorker(AdmittingWorker, Worker):
    """The same, with a process for each job."""

    functions = OWN


@pytest.mark.parametrize("kind", [PlainWorker, ForkingWorker])
def test_a_worker_of_rqs_own_kind_runs_its_own_functions_and_nothing_that_a_job_names_besides(world, kind):
    queue = queue_named("default", world.redis)
    callbacks = {f"on_{when}": Callback("intruders.intrude") for when in ("success", "failure", "stopped")}
    greeted, failed = queue.enqueue("intruders.greet", **callbacks), queue.enqueue("intruders.fail", **callbacks)
    refused = queue.enqueue("intruders.intrude")
    kind([queue], connection=world.redis).work(burst=True, logging_level="CRITICAL")
    assert greeted.return_value() == "hello"
    assert "ZeroDivisionError" in reason(queue, failed.id)
    assert "those of this queue call intruders.fail, intruders.greet" in reason(queue, refused.id)


def test_rqs_own_clean_up_of_an_abandoned_job_calls_nothing_that_the_job_names(world):
    fields = {**JOBS["callbacks"], "status": "started"}
    world.redis.zadd("rq:wip:default", {f"{write_job(world.redis, 'default', 'abandoned', fields)}:1": 1})
    queue = queue_named("default", world.redis)
    queue.started_job_registry.cleanup()
    assert queue.failed_job_registry.get_job_ids() == ["abandoned"]


def test_a_webhook_that_a_job_names_is_never_called(world):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        hooks = [Webhook(f"http://127.0.0.1:{listener.getsockname()[1]}", when) for when in ("finished", "failed")]
        queue = queue_named("default", world.redis)
        for function in OWN:
            queue.enqueue(function, webhooks=hooks)
        PlainWorker([queue], connection=world.redis).work(burst=True, logging_level="CRITICAL")
        with pytest.raises(TimeoutError):
            listener.accept()
    assert queue.finished_job_registry.count == queue.failed_job_registry.count == 1
