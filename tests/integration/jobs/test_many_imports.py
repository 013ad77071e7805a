"""Many small imports: what is done for each is little, and what can wait is done for all of them together."""

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from world import many_contacts

from importer import transactions
from importer.errors import StorageError
from jobs import resilience
from jobs.recovery import Recovery
from jobs.rows import worker
from jobs.rows.worker import RowWorker


@pytest.fixture
def completed(world):
    """Imports that have completed while others waited, so that only the last was cleaned at once."""
    ids = [world.upload(many_contacts(2)[0]) for _ in range(5)]
    world.dispatch()
    world.work()
    assert [world.is_cleaned(import_id) for import_id in ids] == [False] * 4 + [True]
    return ids[:4]


def refuse(monkeypatch, storage, **answers):
    for name, answer in answers.items():
        monkeypatch.setattr(storage, name, answer)


def test_imports_that_completed_while_others_waited_are_cleaned_by_one_request(world, completed, monkeypatch):
    monkeypatch.delattr(type(world.services.storage), "delete")
    world.recover()
    assert all(map(world.is_cleaned, completed))
    assert world.objects() == []
    assert not any(map(world.keys_of, completed))


def test_a_file_that_s3_keeps_is_tried_again_alone_and_the_others_are_cleaned(world, completed, monkeypatch):
    storage, kept = world.services.storage, f"imports/{completed[1]}"
    delete_all = storage.delete_all

    def keep_one(keys):
        return delete_all([key for key in keys if key != kept])

    def deny(key):
        raise StorageError(f"Access to {key} is denied.")

    with monkeypatch.context() as patch:
        refuse(patch, storage, delete_all=keep_one, delete=deny)
        world.recover()
    assert [world.is_cleaned(import_id) for import_id in completed] == [True, False, True, True]
    assert world.objects() == [kept]
    world.recover()
    assert world.is_cleaned(completed[1])


@pytest.mark.parametrize("way", ["it refuses", "it says so of none"])
def test_where_s3_does_not_delete_many_at_once_files_are_deleted_one_by_one(world, completed, monkeypatch, way):
    asked = []

    def unknown(keys):
        asked.append(keys)
        if way == "it refuses":
            raise StorageError("S3 answers: NotImplemented.")
        return set()

    refuse(monkeypatch, world.services.storage, delete_all=unknown)
    recovery = Recovery(world.services)
    for _ in range(2):
        world.release_recovery()
        recovery.run()
    assert len(asked) == 1
    assert all(map(world.is_cleaned, completed))
    assert world.objects() == []


def test_files_that_are_to_be_kept_are_kept(world, completed, setting):
    setting(keep_files=True)
    world.recover()
    assert all(map(world.is_cleaned, completed))
    assert sorted(world.objects()) == sorted(f"imports/{import_id}" for import_id in completed)


def test_rows_that_come_a_moment_later_are_claimed_without_rq(world, monkeypatch):
    first, second = (world.upload(many_contacts(2)[0]) for _ in range(2))
    world.run_slice(first)
    monkeypatch.setattr(worker, "LINGER_SECONDS", 2)
    waits, popped = [], []
    work_on = RowWorker.work_on

    class Waiting:
        is_set = staticmethod(lambda: False)

        def wait(self, seconds):
            waits.append(seconds)
            if len(waits) == 1:
                world.run_slice(second)

    monkeypatch.setattr(worker, "stop_requested", Waiting())
    monkeypatch.setattr(RowWorker, "work_on", lambda *of: (popped.append(of), work_on(*of)))
    world.work()
    assert world.status(second) == "completed"
    assert len(popped) == 1


def test_a_connection_that_broke_while_it_idled_is_replaced_before_it_is_used(world, monkeypatch):
    engine = world.services.engine

    def break_it():
        with engine.connect() as connection, create_engine(engine.url).connect() as other:
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            connection.commit()
            connection.close()
            other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
        return pid

    before = break_it()
    monkeypatch.setattr(transactions, "IDLE_SECONDS", 0)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() != before
    monkeypatch.setattr(transactions, "IDLE_SECONDS", 60)
    break_it()
    with pytest.raises(OperationalError), engine.connect() as connection:  # taken for alive, as it was just used
        connection.exec_driver_sql("SELECT 1")


def test_what_rq_notes_of_a_worker_is_written_once_a_second(world, monkeypatch):
    noted = lambda: world.redis.hget(row_worker.key, "last_heartbeat")  # noqa: E731
    row_worker = RowWorker(world.services)
    row_worker.register_birth()
    row_worker.heartbeat()
    world.redis.hset(row_worker.key, "last_heartbeat", "before")
    row_worker.heartbeat()
    assert noted() == b"before"
    monkeypatch.setattr(resilience, "NOTE_SECONDS", 0)
    row_worker.heartbeat()
    assert noted() != b"before"
