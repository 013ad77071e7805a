"""A small site behind the product's own worker of gunicorn, and the quick time limits that it is started with.

It is gunicorn's configuration file and the application at once.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from importer.errors import ImporterError
from importer.front import pace, worker

SECONDS = 1.0
"""What each time limit is here."""

SMALL, LARGE = 1000, 3_000_000

pace.HEADER_SECONDS = pace.BODY_SECONDS = worker.PLACE_SECONDS = worker.LINGER_SECONDS = SECONDS
worker.LOOK_SECONDS = 0.1

worker_class = "importer.front.worker.FrontWorker"
worker_connections = 60
threads = 2
graceful_timeout = 8
sendfile = False
control_socket_disable = True


def application(environ: dict[str, Any], start: Callable[..., object]) -> Iterator[bytes]:
    """Answers with so many bytes, or with the hash of what it was sent."""
    path, status = environ["PATH_INFO"], "200 OK"
    answer = b"x" * (LARGE if path == "/large" else SMALL)
    if path == "/refused":
        status = "413 Too Large"
    elif environ["REQUEST_METHOD"] == "POST":
        try:
            answer = _hash(environ["wsgi.input"]).encode()
        except (ImporterError, OSError) as error:
            status, answer = "503 Refused", f"{type(error).__name__}: {error}".encode()
    if environ["QUERY_STRING"] == "slow":
        time.sleep(SECONDS * 3)
    start(status, [("Content-Length", str(len(answer)))])
    yield answer


def _hash(body: Any) -> str:
    digest = hashlib.sha256()
    while chunk := body.read(256 * 1024):
        digest.update(chunk)
    return digest.hexdigest()


def command(port: int, *options: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        __file__,
        "--bind",
        f"127.0.0.1:{port}",
        *options,
        "front_site:application",
    ]
