"""Postgres restarted, its sessions ended, its connections used up, its rows locked: no row fails for it."""

import contextlib
import time

import pytest
from meddling import end_sessions, take_all_connections
from samples import deposits, people
from sqlalchemy import text


@pytest.fixture
def scene(scene):
    """Whatever is done to Postgres here ends no process and fails no row but those that are wrong."""
    yield scene
    assert scene.crew.restarts == 0


def test_a_postgres_that_crashes_and_restarts_costs_no_row(scene, servers):
    scene.begin(deposits(3000), people(6000, keys=400))
    for end in (servers.postgres.crash, servers.postgres.kill, servers.postgres.stop):
        scene.wait_for_rows(300)
        assert not scene.is_over()
        end()
        servers.postgres.start()
        scene.world.services.engine.dispose()
        scene.assert_goes_on(f"restarting Postgres ({end.__name__})", scene.ended_rows)
    scene.assert_ends_as_undisturbed()


def test_sessions_that_are_ended_cost_no_row(scene):
    scene.begin(deposits(3000), people(6000, keys=400))
    for _ in range(15):
        scene.wait_for_rows(50)
        end_sessions(scene.world)
    scene.assert_ends_as_undisturbed()


def test_a_lost_reply_of_commit_neither_loses_nor_repeats_a_row(scene, postgres_proxy):
    scene.begin(deposits(2000))
    for losses in range(1, 6):
        postgres_proxy.lose_reply_to(b"COMMIT")
        scene.crew.wait_until(lambda n=losses: postgres_proxy.lost == n, "a reply was lost")
    scene.assert_ends_as_undisturbed()


def test_more_workers_than_connections_wait_for_each_other(scene, environment):
    scene.begin(deposits(2000), people(4000, keys=400), workers=4)
    scene.wait_for_rows(100)
    with contextlib.ExitStack() as hogs:
        take_all_connections(hogs, environment["DATABASE_URL"])
        refused = lambda: any("too many clients" in p.log_tail(500) for p in scene.crew.everyone)  # noqa: E731
        until = time.monotonic() + 30
        while not refused():
            assert time.monotonic() < until
            end_sessions(scene.world)
            take_all_connections(hogs, environment["DATABASE_URL"])  # what they had to give up
    scene.assert_goes_on("running out of database connections", scene.ended_rows)
    scene.assert_ends_as_undisturbed()


def test_a_deadlock_with_a_batch_fails_no_row(scene):
    """Somebody holds the record that a batch comes to last, and asks for one that it has by then."""
    database = scene.world.services.engine.url.database
    scene.world.execute(f"ALTER DATABASE {database} SET deadlock_timeout = '5s'")  # of the batches' sessions
    scene.begin(people(20, keys=20, name="first"))
    scene.crew.wait_until(scene.is_over, "the records are there")
    with scene.world.services.engine.begin() as meddler:
        meddler.execute(text("SET LOCAL deadlock_timeout = '30s'"))  # so that the batch is the victim
        touch = text("UPDATE contacts SET phone = phone WHERE email = :e")
        meddler.execute(touch, {"e": "person9@example.com"})
        scene.upload(people(3000, keys=20))
        scene.crew.wait_until(scene.world.lock_waits, "a batch waits for the record")
        meddler.execute(touch, {"e": "person1@example.com"})
    put_off = lambda: any("deadlock detected" in p.log_tail(500) for p in scene.crew.workers)  # noqa: E731
    scene.crew.wait_until(put_off, "a batch was the victim of a deadlock")
    scene.assert_ends_as_undisturbed()


def test_rows_that_somebody_has_locked_for_long_wait(scene):
    scene.begin(people(3000, keys=20), workers=1)
    scene.wait_for_rows(100)
    with scene.world.services.engine.begin() as connection:
        connection.execute(text("LOCK TABLE contacts IN EXCLUSIVE MODE"))
        put_off = lambda: "lock timeout" in scene.crew.workers[0].log_tail(500)  # noqa: E731
        scene.crew.wait_until(put_off, "a batch was put off")
    scene.assert_goes_on("a lock timeout", scene.ended_rows)
    scene.assert_ends_as_undisturbed()
