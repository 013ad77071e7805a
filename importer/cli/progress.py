"""Draws on a terminal how many bytes are sent and how many rows have ended; elsewhere it draws nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any, BinaryIO

import click

from importer.control.reports import report
from importer.ledger.retries import count_requested
from importer.models import Import
from importer.statuses import ENDED, Status
from importer.web.extensions import db, services

CHUNK_BYTES = 1024 * 1024
POLL_SECONDS = 0.5
STEPS = 1000


def uploading(file: BinaryIO, head: bytes) -> Iterator[bytes]:
    """Yield the file's bytes, and draw how many have been sent.

    Args:
        head: those that were read already.
    """
    chunks = chain([head], iter(partial(file.read, CHUNK_BYTES), b""))
    size = size_of(file)
    if size is None:
        yield from chunks
        return
    with _bar(size, "Uploading") as bar:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))


def follow(import_: Import) -> None:
    """Wait until the import has ended, is paused or waits for answers, and draw how many rows have ended."""
    session = db.session()
    with _bar(STEPS, "Importing") as bar:
        while not _is_over(import_):
            progress = report(session, services(), import_).progress
            bar.update(int(progress * STEPS) - bar.pos)
            # Ends the transaction, so that the next look sees what has happened since.
            session.commit()
            time.sleep(POLL_SECONDS)
            session.refresh(import_)
        if import_.status == Status.COMPLETED:
            bar.update(STEPS - bar.pos)
    session.commit()


def _is_over(import_: Import) -> bool:
    if import_.status == Status.COMPLETED:
        return count_requested(db.session(), import_) == 0
    return import_.status in (Status.PAUSED, Status.WAITING) or import_.status in ENDED


def _bar(length: int, label: str) -> Any:
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())


def size_of(file: BinaryIO) -> int | None:
    """Bytes of a file; None of what comes through a pipe."""
    try:
        return os.fstat(file.fileno()).st_size or None
    except OSError:
        return None
