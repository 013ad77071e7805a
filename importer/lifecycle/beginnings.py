"""What is looked at of a file that lies in S3: its beginning, and a little of its middle and its end."""

from __future__ import annotations

import io

from importer.errors import ObjectMissingError
from importer.files.openings import Beginning
from importer.files.samples import take
from importer.models import Import
from importer.services import Services

HEAD_BYTES = 1024 * 1024
"""So much of a file is looked at before its rows are dispatched; its header must fit."""


def beginning_of(services: Services, import_: Import) -> Beginning:
    """Read the beginning of an import's file.

    Raises:
        ObjectChangedError, ObjectMissingError: it is no longer what was uploaded.
        StorageError: S3 does not answer, or an operator has to act.
    """
    if import_.etag is None or import_.size_bytes is None:
        raise ObjectMissingError

    def read(offset: int, count: int) -> bytes:
        stored = services.storage.open_at(import_.object_key, offset=offset, etag=import_.etag or "")
        with io.BufferedReader(stored, count) as source:
            return source.read(count)

    head = read(0, HEAD_BYTES)
    is_whole = len(head) == import_.size_bytes
    pieces = () if is_whole else take(read, import_.size_bytes).pieces
    return Beginning(head, is_whole, pieces)
