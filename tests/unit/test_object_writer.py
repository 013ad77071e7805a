"""The writer against a store in memory, where every order of events can be brought about."""

import contextlib
import threading
import time
import tracemalloc

import pytest

from importer.errors import StorageError
from importer.storage.object_writer import PART_BYTES, PARTS_IN_FLIGHT, ObjectWriter, SentPart, StoredObject

PATIENCE = 10  # seconds before a test that waits for a thread gives up


class MemoryStore:
    """A `PartStore` that can hold its parts back, fail, and lose the answer of the completing call."""

    def __init__(self, *, keep=True):
        self.keep = keep
        self.objects = {}
        self.uploads = {}
        self.calls = []
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Semaphore(0)
        self.sending = 0
        self.most_sending = 0
        self.fail_part = None
        self.fail_abort = False
        self.lose_answer = False
        self.lock = threading.Lock()

    def put(self, key, data):
        self.objects[key] = data
        self.calls.append("put")
        return self._answer('"whole"')

    def begin_upload(self, key):
        self.calls.append("begin")
        self.uploads["id"] = {}
        return "id"

    def send_part(self, key, upload_id, number, data):
        with self.lock:
            self.sending += 1
            self.most_sending = max(self.most_sending, self.sending)
        self.arrived.release()
        assert self.gate.wait(PATIENCE)
        with self.lock:
            self.sending -= 1
            self.calls.append(f"part {number}")
            if self.fail_part == number:
                raise StorageError(f"part {number} failed")
            self.uploads[upload_id][number] = bytes(data) if self.keep else len(data)
        return SentPart(number, f'"{number}"', None)

    def finish_upload(self, key, upload_id, parts, size):
        self.calls.append("finish")
        stored = self.uploads.pop(upload_id)
        assert [part.number for part in parts] == sorted(stored)
        if self.keep:
            self.objects[key] = b"".join(stored[part.number] for part in parts)
            assert len(self.objects[key]) == size
        return self._answer('"parts"')

    def abort_upload(self, key, upload_id):
        self.calls.append("abort")
        if self.fail_abort:
            raise StorageError("no answer")
        self.uploads.pop(upload_id, None)

    def delete(self, key):
        self.calls.append("delete")
        self.objects.pop(key, None)

    def _answer(self, etag):
        if self.lose_answer:
            raise StorageError("the answer got lost")
        return etag


@pytest.fixture
def store():
    return MemoryStore()


def upload(store, data, *, broken_off=False):
    with ObjectWriter(store, "key") as writer:
        writer.write(data)
        if broken_off:
            raise KeyError("the upload broke off")
        return writer.complete()


def write_until_it_fails(writer):
    for _ in range(10_000):
        writer.write(b"more")
        time.sleep(0.001)


def full_part(letter=b"x"):
    return letter * PART_BYTES


def test_less_than_one_part_goes_up_in_a_single_request(store):
    with ObjectWriter(store, "key") as writer:
        writer.write(b"few")
        assert writer.complete() == StoredObject(3, '"whole"')
    assert store.calls == ["put"]


def test_pieces_of_any_size_and_kind_arrive_in_order(store):
    pieces = [b"ab", bytearray(b"cd"), memoryview(b"efgh")[::1], b"", b"z" * (2 * PART_BYTES + 3), b"end"]
    with ObjectWriter(store, "key") as writer:
        assert [writer.write(piece) for piece in pieces] == [len(piece) for piece in pieces]
        assert writer.complete().size == len(b"".join(pieces))
    assert store.objects["key"] == b"".join(pieces)


def test_a_buffer_may_be_used_again_once_write_has_returned(store):
    reused = bytearray(b"first")
    with ObjectWriter(store, "key") as writer:
        writer.write(reused)
        reused[:] = b"other"
        writer.complete()
    assert store.objects["key"] == b"first"


def test_parts_that_finish_out_of_order_make_the_same_object(store):
    store.gate.clear()
    with ObjectWriter(store, "key") as writer:
        for letter in (b"a", b"b", b"c"):
            writer.write(full_part(letter))
        for _ in range(PARTS_IN_FLIGHT):
            assert store.arrived.acquire(timeout=PATIENCE)
        store.gate.set()
        writer.complete()
    assert store.objects["key"] == full_part(b"a") + full_part(b"b") + full_part(b"c")


def test_write_blocks_while_three_parts_are_in_flight(store):
    store.gate.clear()
    with ObjectWriter(store, "key") as writer:
        for _ in range(PARTS_IN_FLIGHT):
            writer.write(full_part())
        blocked = threading.Thread(target=writer.write, args=(full_part(),))
        blocked.start()
        blocked.join(0.2)
        assert blocked.is_alive()
        store.gate.set()
        blocked.join(PATIENCE)
        assert not blocked.is_alive()
        writer.complete()
    assert store.most_sending == PARTS_IN_FLIGHT


def test_memory_stays_flat_whatever_the_size():
    store = MemoryStore(keep=False)
    piece = b"x" * 65536
    tracemalloc.start()
    try:
        with ObjectWriter(store, "key") as writer:
            for _ in range(1600):
                writer.write(piece)
            assert writer.complete().size == 1600 * 65536
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (PARTS_IN_FLIGHT + 2) * PART_BYTES


def test_a_failed_part_surfaces_on_the_next_write_and_on_every_later_call(store):
    store.fail_part = 1
    with ObjectWriter(store, "key") as writer:
        writer.write(full_part())
        assert store.arrived.acquire(timeout=PATIENCE)
        with pytest.raises(StorageError, match="part 1 failed"):
            write_until_it_fails(writer)
        with pytest.raises(StorageError, match="part 1 failed"):
            writer.write(b"more")
        with pytest.raises(StorageError, match="part 1 failed"):
            writer.complete()
    assert store.uploads == {}
    assert store.objects == {}


def test_a_failed_last_part_surfaces_on_complete(store):
    store.fail_part = 2
    with pytest.raises(StorageError, match="part 2 failed"):
        upload(store, full_part() + b"rest")
    assert "finish" not in store.calls
    assert store.uploads == {}


def test_aborting_waits_for_parts_in_flight_so_that_none_arrives_afterwards(store):
    store.gate.clear()
    threading.Timer(0.2, store.gate.set).start()
    with pytest.raises(KeyError):
        upload(store, full_part() + full_part(), broken_off=True)
    assert sorted(store.calls[1:-1]) == ["part 1", "part 2"]
    assert store.calls[-1] == "abort"
    assert store.uploads == {}


@pytest.mark.parametrize("size", [0, 5, PART_BYTES, PART_BYTES + 5])
def test_leaving_without_complete_leaves_nothing(store, size):
    with ObjectWriter(store, "key") as writer:
        writer.write(b"x" * size)
    assert store.uploads == {}
    assert store.objects == {}


@pytest.mark.parametrize("size", [5, PART_BYTES + 5])
def test_an_object_whose_completion_got_no_answer_is_taken_back(store, size):
    store.lose_answer = True
    with pytest.raises(StorageError, match="got lost"):
        upload(store, b"x" * size)
    assert store.objects == {}


def test_an_abort_that_fails_does_not_hide_why_the_upload_failed(store, caplog):
    store.fail_abort = True
    with pytest.raises(KeyError):
        upload(store, full_part(), broken_off=True)
    assert "could not abort" in caplog.text


def test_leaving_after_completion_keeps_the_object(store):
    with ObjectWriter(store, "key") as writer:
        writer.write(b"few")
        writer.complete()
        writer.abort()
    assert store.objects == {"key": b"few"}


@pytest.mark.parametrize("end", [ObjectWriter.complete, ObjectWriter.abort])
def test_an_ended_writer_takes_nothing_more(store, end):
    writer = ObjectWriter(store, "key")
    end(writer)
    with pytest.raises(ValueError, match="completed or aborted before"):
        writer.write(b"more")
    with pytest.raises(ValueError, match="completed or aborted before"):
        writer.complete()
    writer.abort()


@pytest.mark.parametrize("broken_off", [False, True])
def test_no_thread_outlives_a_writer(store, broken_off):
    with contextlib.suppress(KeyError):
        upload(store, full_part() + full_part(), broken_off=broken_off)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("s3-part")]
