"""How long a dispatcher takes from its start to the first row that it pushes, by where in the file it goes on.

The file is served by a small S3 of our own that knows ranges: moto copies a whole object for each ranged GET,
and little else would be measured.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sqlalchemy.orm import Session

from bench.contacts_file import COLUMNS
from embedded.processes import Program
from embedded.servers import EmbeddedServers
from importer.config import Settings
from importer.models import Base, Import
from importer.queue import checkpoint, queues
from importer.services import Services
from importer.statuses import Status

CHECKOUT = Path(__file__).parents[1]
ETAG = '"of-the-file"'
RANGE = re.compile(r"bytes=(\d+)-")
NO_UPLOADS = b"<ListMultipartUploadsResult/>"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    file: Path

    def do_GET(self) -> None:
        asked = RANGE.match(self.headers["Range"] or "")
        if asked is None:
            self._list_nothing()
        else:
            self._send_file(int(asked[1]))

    def _list_nothing(self) -> None:
        """Recovery asks for uploads that nobody has finished: there are none."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(NO_UPLOADS)))
        self.end_headers()
        self.wfile.write(NO_UPLOADS)

    def _send_file(self, offset: int) -> None:
        size = self.file.stat().st_size
        self.send_response(206)
        self.send_header("Content-Length", str(size - offset))
        self.send_header("Content-Range", f"bytes {offset}-{size - 1}/{size}")
        self.send_header("ETag", ETAG)
        self.end_headers()
        with self.file.open("rb") as source:
            source.seek(offset)
            try:
                while chunk := source.read(256 * 1024):
                    self.wfile.write(chunk)
            except OSError:
                self.close_connection = True  # whoever asked has read enough

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


@contextmanager
def serving(file: Path) -> Iterator[str]:
    """The URL of an S3 whose every object is this file."""
    handler = type("Handler", (_Handler,), {"file": file})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def seconds(servers: EmbeddedServers, folder: Path, file: Path, parts: list[float], rounds: int) -> list[float]:
    """For each part of the file that has been read before, in order: the shortest of `rounds` starts."""
    with serving(file) as url, servers.postgres.passing_database() as database_url:
        environment = {
            **servers.environment(),
            "DATABASE_URL": database_url,
            "SECRET_KEY": "of the benchmark",
            "AWS_ENDPOINT_URL_S3": url,
        }
        services = Services.for_jobs(Settings.from_environment(environment), name="bench")
        Base.metadata.create_all(services.engine)
        try:
            runs = [[_start(services, environment, folder, file, part) for part in parts] for _ in range(rounds)]
        finally:
            services.engine.dispose()
            services.redis.flushall()
    return [min(times) for times in zip(*runs, strict=True)]


def _start(services: Services, environment: dict[str, str], folder: Path, file: Path, part: float) -> float:
    services.redis.flushall()
    line, offset = _line_at(file, part)
    with Session(services.engine) as session:
        import_ = Import(
            record_type="contacts",
            filename=file.name,
            status=Status.RUNNING,
            etag=ETAG,
            columns=list(COLUMNS),
            allowed_failed_rows=0,
        )
        session.add(import_)
        session.commit()
        import_id = import_.id
    checkpoint.create(services.redis, import_id, line=line, offset=offset)
    queues.enqueue_slice(services.redis, import_id)
    log = folder / "dispatcher.log"
    command = [sys.executable, "-m", "jobs", "high"]
    dispatcher = Program("dispatcher", command, log, environment=environment, folder=CHECKOUT)
    low = queues.queue_named(queues.LOW, services.redis)
    began = time.perf_counter()
    dispatcher.start()
    try:
        dispatcher.wait_until(lambda: low.count > 0, seconds=60)
        return time.perf_counter() - began
    finally:
        dispatcher.kill()


def _line_at(file: Path, part: float) -> tuple[int, int]:
    """Where a line begins, at or after this part of the file."""
    with file.open("rb") as source:
        source.seek(int(file.stat().st_size * part))
        source.readline()
        return 1, source.tell()
