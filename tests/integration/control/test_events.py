"""The history of an import: each thing that happened, once, and in its order."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from world import contacts_csv, many_contacts

from importer.control import answers, imports, retries
from importer.control.options import Options
from importer.errors import RefusedTransitionError
from importer.ledger import rates
from importer.ledger.counters import Change, settle
from importer.lifecycle import events
from importer.lifecycle.event_kinds import EventKind
from importer.lifecycle.events import events_of, record_in
from importer.lifecycle.transitions import try_move
from importer.models import Import, User
from importer.queue import checkpoint
from importer.statuses import Reason, Status

BAD = contacts_csv([("a@example.com", "A"), ("no address", "B"), ("neither", "C")])


@pytest.fixture
def half_read(world, monkeypatch, setting):
    """A running import of 50 rows, of which 10 are pushed."""
    monkeypatch.setattr("jobs.dispatcher.slice.ROWS_PER_PUSH", 10)
    setting(slice_seconds=1e-6)
    import_id = world.upload(many_contacts(50)[0])
    world.run_slice(import_id)
    return import_id


def history(world, import_id):
    """The first events first."""
    with world.session() as session:
        lines, _ = events_of(session, world.find(import_id), limit=1000)
    return lines[::-1]


def kinds(world, import_id):
    return [line.kind for line in history(world, import_id)]


def record(world, import_id, kind, user_id=None, **details):
    with world.session() as session:
        record_in(session, world.find(import_id), kind, user_id, **details)
        session.commit()


def count(world, table="events"):
    with world.session() as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608


def test_an_import_that_is_paused_and_resumed_tells_each_step_once(world, half_read):
    world.verb(imports.pause, half_read)
    world.work()
    world.recover()
    world.verb(imports.resume, half_read)
    world.run()
    told = history(world, half_read)
    assert [line.kind for line in told] == [
        "uploaded",
        "running",
        "pausing",
        "paused",
        "resumed",
        "running",
        "completed",
    ]
    assert [line.by for line in told if line.by] == ["ann@example.com"] * 3
    assert told[-1].sentence == "Completed: 50 imported, 0 failed."
    assert told == sorted(told, key=lambda line: line.at)


def test_of_two_who_pause_at_once_one_pauses_and_one_line_is_written(world, half_read):
    ready, refused = threading.Barrier(2), []

    def pause():
        ready.wait()
        try:
            world.verb(imports.pause, half_read)
        except RefusedTransitionError as error:
            refused.append(error)

    both = [threading.Thread(target=pause) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(refused) == 1
    assert kinds(world, half_read).count("pausing") == 1


def test_a_move_that_is_rolled_back_leaves_no_line(world, half_read):
    with world.session() as session:
        assert try_move(session, half_read, Status.PAUSING, reason=Reason.BY_PERSON)
        session.rollback()
    assert kinds(world, half_read) == ["uploaded", "running"]


def test_too_many_failed_rows_pause_with_their_reason_and_by_nobody(world, half_read):
    world.execute("UPDATE imports SET allowed_failed_rows = 0")
    with world.services.engine.begin() as connection:
        settle(connection, half_read, Change(failed=1), overrun=1)
    told = history(world, half_read)
    assert [line.kind for line in told] == ["uploaded", "running", "pausing"]
    assert (told[-1].by, told[-1].sentence[:28]) == (None, "Paused. Too many rows failed")


def test_a_cancelled_import_says_by_whom_and_what_became_of_its_rows(world, half_read):
    world.verb(imports.cancel, half_read)
    assert kinds(world, half_read)[2:] == ["cancelling", "cancelled"]
    assert history(world, half_read)[2].sentence == "Cancelled by ann@example.com."


def test_questions_and_answers_are_told_without_cells(world):
    import_id = world.upload("email,name,signup_date\na@example.com,Ann,03/04/2024\n")
    with world.session() as session:
        import_ = world.find_whole(import_id)
        person = session.query(User).one()
        options = Options({"date_order-3": "dmy"})
        answers.answer(session, world.services, session.merge(import_), person, options)
    world.run()
    told = history(world, import_id)
    assert [line.kind for line in told] == ["uploaded", "asked", "answered", "running", "completed"]
    assert told[1].sentence == "The file left 1 question open."
    assert told[2].sentence == "1 question answered by ann@example.com."
    ((question, _),) = told[2].answers
    assert question == "the order of dates (signup_date)"
    assert "03/04/2024" not in str(told)


def test_a_converted_file_says_so(world):
    import_id = world.begin_conversion(b'[{"email": "a@example.com", "name": "Ann"}]')
    world.convert()
    world.run()
    assert kinds(world, import_id) == ["converted", "queued", "running", "completed"]
    assert history(world, import_id)[0].sentence == "The file was converted into 2 lines."


def test_a_retry_says_by_whom_and_how_many(world):
    import_id = world.import_file(BAD)
    world.verb(retries.retry, import_id)
    told = history(world, import_id)[-1]
    assert (told.kind, told.sentence) == ("retried", "ann@example.com had 2 rows tried again.")


def test_rows_that_one_person_retries_one_by_one_make_one_line(world):
    import_id = world.import_file(BAD)
    world.verb(retries.retry, import_id, 2)
    world.verb(retries.retry, import_id, 3)
    assert kinds(world, import_id).count("retried") == 1
    assert history(world, import_id)[-1].details["rows"] == 2
    record(world, import_id, EventKind.RETRIED, None, rows=1)
    assert history(world, import_id)[-1].by == "the command line"


def test_rows_of_a_dead_worker_are_told(world, half_read):
    world.claim(7)
    world.let_leases_lapse()
    world.recover()
    world.recover()
    died = [line for line in history(world, half_read) if line.kind == "worker_died"]
    assert [line.details["rows"] for line in died] == [7]
    assert "7 rows went back to the queue" in died[0].sentence


def test_jobs_that_redis_has_lost_are_told(world, half_read):
    checkpoint.take(world.redis, half_read)
    world.redis.flushdb()
    world.recover()
    assert kinds(world, half_read)[-1] == "rewound"


def test_a_deleted_import_leaves_no_line_and_no_point(world):
    import_id = world.import_file(BAD)
    world.execute("INSERT INTO rate_points SELECT sequence, 2, 2, 1, 1 FROM imports")
    world.verb(imports.delete, import_id)
    assert count(world) == 4
    world.recover()
    world.recover()
    assert not world.exists(import_id)
    assert count(world) == count(world, "rate_points") == 0
    with Session(world.services.engine) as session:
        record_in(session, Import(sequence=1), EventKind.CORRECTED, rows=1)
        session.commit()
    assert count(world) == 0


def test_of_very_many_events_the_first_ones_and_the_latest_are_kept_and_the_others_counted(world, monkeypatch):
    for module in (events, "importer.lifecycle.transitions"):
        monkeypatch.setattr(module, "MOST_EVENTS", 20) if module is events else monkeypatch.setattr(
            f"{module}.MOST_EVENTS", 20
        )
    import_id = world.import_file(BAD)
    for _ in range(40):
        record(world, import_id, EventKind.REWOUND)
        record(world, import_id, EventKind.WORKER_DIED, rows=1, seconds=21)
    told = history(world, import_id)
    assert len(told) <= 22
    assert [line.kind for line in told[:3]] == ["uploaded", "running", "completed"]
    assert sum(line.more + 1 for line in told) == 83
    assert [line.kind for line in told[-2:]] == ["rewound", "worker_died"]


def test_details_are_cut_and_hold_nothing_that_the_database_refuses(world):
    import_id = world.import_file(BAD)
    record(world, import_id, EventKind.STOPPED, reason="\0\udc80" + "x" * 10_000)
    assert len(history(world, import_id)[-1].details["reason"]) == events.DETAIL_CHARS


# How fast it went


def run_for(world, seconds):
    world.execute(
        "UPDATE imports SET seconds_running = :s, created_rows = :rows", s=seconds, rows=int(seconds * 10)
    )
    rates.sample(world.services.engine)


def points(world, import_id):
    with world.session() as session:
        return rates.points_of(session, world.find(import_id))


def test_two_samplers_at_once_note_one_point(world, half_read):
    run_for(world, 4.5)
    run_for(world, 5.5)
    assert points(world, half_read) == [(4.5, 45, 0)]


def test_an_hour_has_no_more_points_than_fit_and_keeps_its_whole_length(world, half_read):
    for second in range(2, 3600, 2):
        run_for(world, second + 0.25)
        assert len(points(world, half_read)) <= rates.MOST_POINTS
    found = points(world, half_read)
    assert len(found) > rates.MOST_POINTS / 2 - 2
    assert found[0].seconds < 20
    assert found[-1].seconds > 3570
    assert found == sorted(found)


def test_only_running_imports_are_noted(world, half_read):
    world.verb(imports.pause, half_read)
    world.work()
    world.recover()
    before = len(points(world, half_read))
    run_for(world, 8)
    assert len(points(world, half_read)) == before
