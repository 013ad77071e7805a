"""Everything a storm does to the product: one function for each fault, which ends when the fault is over."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import files
from failpoints import POINTS
from meddling import SCRIPTS, at_once, call_of, empty_the_queue, end_sessions, requeue_all, take_all_connections
from proxies import LossyProxy
from samples import deposits
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from storm import Missed, Storm
from web import upload_through_drips

from embedded.processes import Program
from importer.control import imports, retries
from importer.errors import RefusedTransitionError
from importer.queue import queues

TOUCH = text("UPDATE contacts SET phone = phone WHERE email LIKE :pattern")
LOCKS = [text("LOCK TABLE contacts IN EXCLUSIVE MODE"), text("LOCK TABLE accounts IN EXCLUSIVE MODE")]


Fault = Callable[[Storm], None]


def kill_a_dispatcher(storm: Storm) -> None:
    storm.chance.choice(storm.scene.crew.dispatchers).kill()


def kill_a_worker(storm: Storm) -> None:
    storm.chance.choice(storm.scene.crew.workers).kill()


def kill_a_converter(storm: Storm) -> None:
    """The converter, or the child that converts."""
    converter = storm.chance.choice(storm.scene.crew.converters)
    children = Path(f"/proc/{converter.pid}/task/{converter.pid}/children")
    pids = children.read_text().split() if children.exists() else []
    if pids and storm.chance.random() < 0.5:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pids[0]), signal.SIGKILL)
    else:
        converter.kill()


def kill_everyone(storm: Storm) -> None:
    for program in storm.scene.crew.everyone:
        program.kill()


def kill_at_a_named_point(storm: Storm) -> None:
    """A small file passes nearly every point within seconds."""
    scene, point = storm.scene, storm.chance.choice(sorted(POINTS))
    scene.arm(point)
    scene.upload(deposits(100, name=storm.new_name()))
    storm.wait(15, 15, until=lambda: not scene.is_armed(point))
    if not scene.disarm(point):
        raise Missed


def deploy(storm: Storm) -> None:
    """SIGTERM to everyone, SIGKILL ten seconds later to whoever is still there."""
    programs = storm.scene.crew.everyone
    for program in programs:
        program.send(signal.SIGTERM)
    until = time.monotonic() + 10
    while any(program.running for program in programs) and time.monotonic() < until:
        time.sleep(0.02)
    late = [program.name for program in programs if program.running]
    for program in programs:
        program.kill()
    assert not late, f"not ended within 10 s of SIGTERM: {late}"


def _freeze(storm: Storm, program: Program, least: float, most: float) -> None:
    program.send(signal.SIGSTOP)
    storm.wait(least, most)
    program.send(signal.SIGCONT)


def freeze_a_dispatcher(storm: Storm) -> None:
    _freeze(storm, storm.chance.choice(storm.scene.crew.dispatchers), 5.5, 9)


def freeze_a_worker(storm: Storm) -> None:
    _freeze(storm, storm.chance.choice(storm.scene.crew.workers), 2, 24)


def restart_redis_empty(storm: Storm) -> None:
    storm.servers.valkey.restart()


def set_redis_back(storm: Storm) -> None:
    """To a snapshot from some seconds ago."""
    storm.servers.valkey.snapshot()
    storm.wait(0.2, 2)
    storm.servers.valkey.set_back()


def _wait_for_loss(storm: Storm, proxy: LossyProxy) -> None:
    storm.wait(5, 5, until=lambda: not proxy.armed)
    if not proxy.disarm():
        raise Missed


def lose_a_reply_of_redis(storm: Storm) -> None:
    storm.redis_proxy.lose_reply_to(call_of(storm.chance.choice(sorted(SCRIPTS))))
    _wait_for_loss(storm, storm.redis_proxy)


def lose_a_reply_of_commit(storm: Storm) -> None:
    storm.postgres_proxy.lose_reply_to(b"COMMIT")
    _wait_for_loss(storm, storm.postgres_proxy)


def fill_redis(storm: Storm) -> None:
    redis = storm.scene.world.redis
    redis.config_set("maxmemory", max(1, redis.info("memory")["used_memory"] - storm.chance.randrange(200_000)))
    try:
        storm.wait(0.5, 4)
    finally:
        redis.config_set("maxmemory", 0)


def restart_postgres(storm: Storm) -> None:
    postgres = storm.servers.postgres
    storm.chance.choice([postgres.crash, postgres.kill, postgres.stop])()
    postgres.start()
    storm.scene.world.services.engine.dispose()


def end_database_sessions(storm: Storm) -> None:
    for _ in range(storm.chance.randrange(1, 5)):
        end_sessions(storm.scene.world)
        storm.wait(0.05, 0.3)


def use_up_database_connections(storm: Storm) -> None:
    url = storm.scene.processes.environment["DATABASE_URL"]
    until = time.monotonic() + storm.chance.uniform(0.5, 3)
    with contextlib.ExitStack() as hogs:
        while time.monotonic() < until:
            take_all_connections(hogs, url)
            with contextlib.suppress(DBAPIError):  # there may be none for this either
                end_sessions(storm.scene.world)
            storm.wait(0.1, 0.2)


def lock_records(storm: Storm) -> None:
    """Some seconds, at times for longer than the lock timeout of 10."""
    with contextlib.suppress(DBAPIError), storm.scene.world.services.engine.begin() as connection:
        connection.execute(storm.chance.choice(LOCKS))
        storm.wait(0.5, storm.chance.choice([2, 2, 12]))


def update_records_in_the_wrong_order(storm: Storm) -> None:
    """Deadlocks with batches, which go by key."""
    for _ in range(3):
        with contextlib.suppress(Exception), storm.scene.world.services.engine.begin() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '10s'"))
            for number in storm.chance.sample(range(1, 9), 4):
                connection.execute(TOUCH, {"pattern": f"person{number}%"})
                storm.wait(0.05, 0.4)


def _spoil_s3(fault: str) -> Fault:
    def spoil(storm: Storm) -> None:
        storm.s3_proxy.fault = fault
        storm.wait(1, 6)
        storm.s3_proxy.fault = None

    return spoil


def enqueue_a_second_slice(storm: Storm) -> None:
    queues.enqueue_slice(storm.scene.world.redis, storm.import_id())


def retry_and_requeue_every_failed_row(storm: Storm) -> None:
    """From the pages and from rq-dashboard, each twice, at once; an import that is converting refuses."""
    world, import_id = storm.scene.world, storm.import_id()

    def retry() -> None:
        with contextlib.suppress(RefusedTransitionError):
            world.verb(retries.retry, import_id)

    def requeue() -> None:
        requeue_all(world)

    at_once(retry, requeue, retry, requeue)


def pause_and_resume(storm: Storm) -> None:
    import_id = storm.import_id()
    with contextlib.suppress(RefusedTransitionError):
        storm.scene.world.verb(imports.pause, import_id)
        storm.wait(0.2, 5)
        storm.scene.world.verb(imports.resume, import_id)


FAULTS: dict[str, Fault] = {
    "dispatcher killed": kill_a_dispatcher,
    "worker killed": kill_a_worker,
    "converter killed": kill_a_converter,
    "everyone killed": kill_everyone,
    "killed at a named point": kill_at_a_named_point,
    "deploy (SIGTERM, SIGKILL)": deploy,
    "dispatcher frozen past its lease": freeze_a_dispatcher,
    "worker frozen": freeze_a_worker,
    "Redis restarted empty": restart_redis_empty,
    "Redis set back": set_redis_back,
    "queue emptied, failed jobs deleted": lambda storm: empty_the_queue(storm.scene.world),
    "reply of Redis lost": lose_a_reply_of_redis,
    "reply of COMMIT lost": lose_a_reply_of_commit,
    "Redis full": fill_redis,
    "Postgres restarted": restart_postgres,
    "database sessions ended": end_database_sessions,
    "database connections used up": use_up_database_connections,
    "records locked": lock_records,
    "deadlocks": update_records_in_the_wrong_order,
    "S3 unavailable": _spoil_s3("unavailable"),
    "S3 resets": _spoil_s3("reset"),
    "S3 truncates": _spoil_s3("truncated"),
    "S3 slow": _spoil_s3("slow"),
    "second slice enqueued": enqueue_a_second_slice,
    "retried and requeued at once": retry_and_requeue_every_failed_row,
    "paused and resumed": pause_and_resume,
    "cancelled during its run": lambda storm: files.end(storm, imports.cancel),
    "deleted during its run": lambda storm: files.end(storm, imports.delete),
    "large import deleted": files.delete_a_large_one,
    "file with megabytes of blank lines": files.upload_blank_lines,
    "file in S3 replaced": files.replace_in_s3,
    "file in S3 deleted": files.delete_from_s3,
    "row that ends its worker": files.upload_a_deadly_row,
    "sent 20 times at once": files.send_20_times,
    "upload beside connections that drip": upload_through_drips,
    "jobs of a release to come": files.enqueue_jobs_of_a_release_to_come,
}

SUDDEN = {
    "dispatcher killed",
    "worker killed",
    "everyone killed",
    "Redis restarted empty",
    "Postgres restarted",
    "database sessions ended",
}
"""What may happen in the middle of every other fault."""
