"""What clients do to a web process while files are imported."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from drips import KINDS, SILENT, UPLOAD_BODY, Drips
from samples import deposits
from sqlalchemy import select
from storm import Storm
from supervisor import ROOT, end
from waiting import wait_until

from embedded.processes import EmbeddedError, Program, free_port
from embedded.visitor import Visitor
from importer.control import tokens
from importer.models import User

SILENT_CLIENTS, CLIENTS = 200, 8
UPLOAD_SECONDS = 60
"""So long somebody sends a file again that was refused: another fault may have struck meanwhile."""


def upload_through_drips(storm: Storm) -> None:
    """Somebody uploads a file while many connections say next to nothing; a deploy then ends the web process."""
    with _web(storm) as (program, port), ExitStack() as stack:
        token = _token(storm)
        kinds = [SILENT, UPLOAD_BODY.with_token(token), *storm.chance.sample(KINDS, 2)]
        for kind in kinds:
            stack.enter_context(Drips(port, kind, SILENT_CLIENTS if kind is SILENT else CLIENTS))
        storm.wait(0.5, 3)
        sample = deposits(60, name=storm.new_name())
        file = storm.scene.processes.folder / f"{storm.new_name()}.csv"
        file.write_text(sample.csv)
        storm.scene.imports[_upload(Visitor(f"http://127.0.0.1:{port}"), file, token)] = sample
        end(program)


def _upload(visitor: Visitor, file: Path, token: str) -> str:
    key = str(uuid.uuid4())

    def upload() -> str | None:
        with suppress(EmbeddedError):  # refused while a server was away
            return str(visitor.send(file, "deposits", token, key=key)["id"])
        return None

    return wait_until(upload, "a file is uploaded", seconds=UPLOAD_SECONDS) or ""


@contextmanager
def _web(storm: Storm) -> Iterator[tuple[Program, int]]:
    """A web process, while the block runs, and its port."""
    processes, port = storm.scene.processes, free_port()
    command = ["-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--graceful-timeout", "8"]
    program = Program(
        f"web-{port}",
        [sys.executable, *command],
        processes.folder / f"web-{port}.log",
        environment={**processes.environment, "BASE_URL": f"http://127.0.0.1:{port}", "PATH": "/usr/bin:/bin"},
        folder=ROOT,
    )
    processes.programs.append(program)
    program.start()
    try:
        visitor = Visitor(f"http://127.0.0.1:{port}")
        storm.scene.crew.wait_until(visitor.finds_it_ready, "the web process is ready")
        yield program, port
    finally:
        program.kill()


def _token(storm: Storm) -> str:
    with storm.scene.world.session() as session:
        return tokens.create_token(session, session.scalars(select(User)).one(), "storm")
