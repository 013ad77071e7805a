"""The worker that keeps clients from holding threads: a real gunicorn with two of them, and quick time limits."""

import hashlib
import http.client
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import front_site
import pytest
from drips import DEAF, EVER_MORE, FORM_BODY, HEADER, KEPT_OPEN, SILENT, Drips
from front_site import LARGE, SECONDS, SMALL
from waiting import wait_until

from embedded.processes import Program, free_port

ROOT = Path(__file__).parents[3]
THREADS = front_site.threads
SOON = SECONDS * 0.7
CSV = b"x" * 1_000_000


class Site:
    """The small site, and its clients."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        paths = os.pathsep.join([str(ROOT), str(Path(front_site.__file__).parent)])
        self.program = Program(
            "gunicorn",
            front_site.command(self.port, *options),
            folder / "gunicorn.log",
            environment={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
            folder=ROOT,
        )

    def is_up(self) -> bool:
        try:
            return self.answers()
        except OSError:
            return False

    def answers(self, within: float = SOON) -> bool:
        """Whether a small request is answered so soon."""
        began = time.monotonic()
        status, body = self.ask("GET", "/small")
        return (status, len(body)) == (200, SMALL) and time.monotonic() - began < within

    def ask(self, method: str, path: str, body: bytes | Iterator[bytes] | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, encode_chunked=not isinstance(body, bytes))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def connect(self, begun: bytes) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        client.sendall(begun)
        return client

    def upload(self, size: int = len(CSV)) -> socket.socket:
        """One whose first half has been sent."""
        header = f"POST /api/imports HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()
        return self.connect(header + b"x" * (size // 2))

    def log(self) -> str:
        assert self.program.log is not None
        return self.program.log.read_text()


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Site]:
    site = Site(folder, *options)
    site.program.start()
    try:
        site.program.wait_until(site.is_up)
        yield site
    finally:
        site.program.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running(tmp_path_factory.mktemp("front")) as site:
        yield site


def all_of(client: socket.socket) -> bytes:
    """What is answered until the connection ends."""
    answer = b""
    while data := client.recv(65536):
        answer += data
    return answer


def comes(words: bytes, client: socket.socket) -> bool:
    """Whether they come, sooner or later."""
    answer = b""
    while words not in answer and (data := client.recv(65536)):
        answer += data
    return words in answer


def status_of(answer: bytes) -> int:
    return int(answer.split()[1])


@pytest.mark.parametrize(
    "kind", [SILENT, EVER_MORE, HEADER, FORM_BODY, KEPT_OPEN, DEAF], ids=lambda kind: kind.name
)
def test_whatever_clients_do_not_say_or_take_others_are_answered(site, kind):
    with Drips(site.port, kind, 2 * THREADS + 4, every=0.1):
        assert all(site.answers() for _ in range(10))


def test_a_header_that_only_drips_is_ended_with_an_answer_and_a_line_in_the_log(site):
    with site.connect(b"GET /small HTTP/1.1\r\nX-Drip: ") as client:
        answer = b""
        for _ in range(30):
            client.sendall(b"x")
            client.settimeout(0.1)
            try:
                answer = client.recv(65536)
                break
            except TimeoutError:
                continue
    assert status_of(answer) == 408
    wait_until(lambda: "header too late; the last from ('127.0.0.1'" in site.log(), "it is in the log", seconds=15)


def test_a_connection_that_says_nothing_is_closed_without_a_word(site):
    with site.connect(b"") as client:
        assert all_of(client) == b""


def test_the_body_of_a_form_that_only_drips_is_ended(site):
    with site.connect(b"POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx") as client:
        assert status_of(all_of(client)) == 408


def test_an_upload_that_only_drips_is_ended_and_gives_its_place_back(site):
    with ExitStack() as stack:
        slow = [stack.enter_context(site.upload()) for _ in range(THREADS)]
        assert site.answers()
        for client in slow:
            assert b"SlowUploadError" in all_of(client)
    assert "an upload from ('127.0.0.1'" in site.log()
    assert site.ask("POST", "/api/imports", CSV)[0] == 200


def test_a_slow_upload_that_is_quick_enough_arrives_whole(site):
    def body():
        for _ in range(25):
            time.sleep(0.1)
            yield b"x" * 40_000

    assert site.ask("POST", "/api/imports", body()) == (200, hashlib.sha256(CSV).hexdigest().encode())


def test_uploads_take_no_thread_of_other_requests_and_one_too_many_waits_for_its_place(site):
    with ExitStack() as stack:
        first, *_ = (stack.enter_context(site.upload()) for _ in range(THREADS))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(site.ask, "POST", "/api/imports", CSV)
            assert all(site.answers() for _ in range(5))
            assert not waiting.done()
            first.sendall(CSV[len(CSV) // 2 :])
            assert waiting.result(SECONDS)[0] == 200
        assert status_of(first.recv(65536)) == 200


def test_small_uploads_that_wait_for_s3_stop_nothing_else(site):
    with ThreadPoolExecutor(3 * THREADS) as pool:
        slow = [pool.submit(site.ask, "POST", "/api/imports?slow", b"x") for _ in range(3 * THREADS)]
        time.sleep(SOON / 2)
        assert all(site.answers() for _ in range(10))
        assert sorted(answer.result()[0] for answer in slow) == [200] * THREADS + [503] * 2 * THREADS


def test_downloads_stop_nothing_else_and_one_too_many_is_refused(site):
    with ThreadPoolExecutor(3 * THREADS) as pool:
        slow = [pool.submit(site.ask, "GET", "/imports/abcdefghjkmn/result.csv?slow") for _ in range(3 * THREADS)]
        time.sleep(SOON / 2)
        assert all(site.answers() for _ in range(10))
        assert sorted(answer.result()[0] for answer in slow) == [200] * THREADS + [503] * 2 * THREADS


def test_an_upload_that_gets_no_place_in_time_is_refused_by_the_application(site):
    def keep_going(client):
        for _ in range(20):
            client.sendall(b"x" * 100_000)
            time.sleep(SECONDS / 5)

    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(THREADS))
        busy = [stack.enter_context(site.upload(40_000_000)) for _ in range(THREADS)]
        going = [pool.submit(keep_going, client) for client in busy]
        status, told = site.ask("POST", "/api/imports", CSV)
        assert not any(future.done() for future in going)
        assert (status, told[:9]) == (503, b"BusyError")
        for client in busy:
            client.shutdown(socket.SHUT_RDWR)


def test_a_client_that_is_still_sending_reads_why_it_is_refused(site):
    assert site.ask("POST", "/refused", b"x" * 30_000_000) == (413, b"x" * SMALL)


def test_a_large_answer_arrives_whole_however_slowly_it_is_taken(site):
    with site.connect(b"GET /large HTTP/1.0\r\n\r\n") as client:
        time.sleep(SECONDS / 2)
        _, body = all_of(client).split(b"\r\n\r\n", 1)
    assert len(body) == LARGE


def test_a_file_in_chunks_and_a_form_in_chunks_arrive_whole(site):
    pieces = [b"0\r\n\r\n", b"\r\n" * 40_000, b"x"]
    for path in ("/api/imports", "/form"):
        assert site.ask("POST", path, iter(pieces)) == (200, hashlib.sha256(b"".join(pieces)).hexdigest().encode())


def test_requests_that_come_in_one_piece_are_all_answered(site):
    post = b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    last = b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with site.connect(post * 3 + last) as client:
        answer = all_of(client)
    assert answer.count(b"HTTP/1.1 200 OK") == 4
    assert answer.count(hashlib.sha256(b"abc").hexdigest().encode()) == 3


def test_a_client_that_asks_whether_to_go_on_is_told_so(site):
    header = b"POST /form HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with site.connect(header) as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 100 Continue")
        client.sendall(b"abc")
        assert comes(hashlib.sha256(b"abc").hexdigest().encode(), client)


def test_a_header_without_an_end_is_refused(site):
    with site.connect(b"GET /small HTTP/1.1\r\nX: " + b"x" * 100_000) as client:
        assert status_of(client.recv(65536)) == 431


def test_a_form_larger_than_a_form_may_be_holds_no_thread(site):
    bodies = [b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 2_000_000] * THREADS
    with ExitStack() as stack:
        for body in bodies:
            assert comes(b"NoMoreError", stack.enter_context(site.connect(body)))
        assert site.answers()


def test_where_connections_run_out_the_one_that_waits_longest_gives_way(site):
    with ExitStack() as stack:
        for _ in range(3 * front_site.worker_connections):
            stack.enter_context(site.connect(b""))
        assert site.answers()
    wait_until(lambda: "parked longest while too many came" in site.log(), "it is in the log", seconds=15)


def test_a_process_that_is_asked_to_end_answers_what_it_has_and_waits_for_nobody_else(tmp_path):
    with running(tmp_path) as site, site.connect(b""), ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(site.ask, "GET", "/small?slow")
        time.sleep(SECONDS / 2)
        began = time.monotonic()
        site.program.send(signal.SIGTERM)
        wait_until(lambda: not site.program.running, "it has ended", seconds=10)
        assert under_way.result()[0] == 200
        assert time.monotonic() - began < front_site.graceful_timeout
        assert site.program.status == 0


def test_an_upload_under_way_has_the_grace_period_to_arrive_and_no_longer(tmp_path):
    with running(tmp_path, "--graceful-timeout", "2") as site, site.upload() as quick, site.upload():
        time.sleep(SOON)
        began = time.monotonic()
        site.program.send(signal.SIGTERM)
        quick.sendall(CSV[len(CSV) // 2 :])
        assert status_of(all_of(quick)) == 200
        wait_until(lambda: not site.program.running, "it has ended", seconds=10)
        assert time.monotonic() - began < 5


def test_a_worker_that_should_end_tls_itself_says_that_it_does_not(tmp_path):
    site = Site(tmp_path, "--certfile", str(tmp_path / "x"))
    (tmp_path / "x").touch()
    site.program.start()
    wait_until(lambda: not site.program.running, "it has ended", seconds=20)
    assert re.search("let a reverse proxy end TLS", site.log())
