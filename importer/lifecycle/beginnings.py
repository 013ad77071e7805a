"""What is looked at of a file that lies in S3: its beginning, and a little of its middle and its end."""

from __future__ import annotations

import io
from functools import lru_cache

from importer.errors import ObjectMissingError
from importer.files.openings import Beginning
from importer.files.samples import take
from importer.models import Import
from importer.services import Services
from importer.storage.s3 import Storage

HEAD_BYTES = 1024 * 1024
"""So much of a file is looked at before its rows are dispatched; its header must fit."""

KEPT = 8
"""So many beginnings are kept in a process."""


def beginning_of(services: Services, import_: Import) -> Beginning:
    """Read the beginning of an import's file.

    Raises:
        ObjectChangedError, ObjectMissingError: it is no longer what was uploaded.
        StorageError: S3 does not answer, or an operator has to act.
    """
    if import_.etag is None or import_.size_bytes is None:
        raise ObjectMissingError
    return _read(services.storage, import_.object_key, import_.etag, import_.size_bytes)


@lru_cache(maxsize=KEPT)
def _read(storage: Storage, key: str, etag: str, size: int) -> Beginning:
    """An object with the same ETag has the same bytes: each choice on a page looks at them again."""

    def read(offset: int, count: int) -> bytes:
        with io.BufferedReader(storage.open_at(key, offset=offset, etag=etag), count) as source:
            return source.read(count)

    head = read(0, HEAD_BYTES)
    is_whole = len(head) == size
    return Beginning(head, is_whole, () if is_whole else take(read, size).pieces, size)
