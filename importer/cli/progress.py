"""Progress on a terminal: of the bytes sent, and of the rows. Nothing is drawn where nobody looks."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

import click

from importer.control.reports import report, retrying_rows
from importer.models import Import
from importer.statuses import ENDED, Status
from importer.web.extensions import db, services

CHUNK_BYTES = 1024 * 1024
POLL_SECONDS = 0.5
STEPS = 1000


def sent(file: BinaryIO) -> Iterator[bytes]:
    """The file's bytes, drawing how many of them have gone."""
    chunks = iter(partial(file.read, CHUNK_BYTES), b"")
    size = _size(file)
    if size is None:
        yield from chunks
        return
    with _bar(size, "Uploading") as bar:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))


def follow(import_: Import) -> None:
    """Wait until the import has ended or is paused, drawing how many rows have ended."""
    session = db.session()
    with _bar(STEPS, "Importing") as bar:
        while not _is_over(import_):
            told = report(session, services(), import_)
            bar.update(int(told.progress * STEPS) - bar.pos)
            # No transaction stays open, and the next look sees what has happened since.
            session.commit()
            time.sleep(POLL_SECONDS)
            session.refresh(import_)
        if import_.status == Status.COMPLETED:
            bar.update(STEPS - bar.pos)
    session.commit()


def _is_over(import_: Import) -> bool:
    if import_.status == Status.COMPLETED:
        return retrying_rows(db.session(), import_) == 0
    return import_.status == Status.PAUSED or import_.status in ENDED


def _bar(length: int, label: str) -> Any:
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())


def _size(file: BinaryIO) -> int | None:
    try:
        return os.fstat(file.fileno()).st_size or None
    except OSError:
        return None
