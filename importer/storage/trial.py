"""Tries whether the credentials allow everything that is done with files."""

from __future__ import annotations

from contextlib import suppress

from importer.errors import ObjectChangedError, ObjectMissingError
from importer.storage.s3 import Storage

KEY = "imports/trial-of-permissions"
"""Beside the files, so that what is allowed for their folder counts."""


def try_permissions(storage: Storage) -> None:
    """Write, read and delete an object, and begin and drop an upload; other processes may do so at the same time.

    Raises:
        StorageError: saying what is denied.
    """
    etag = storage.put(KEY, b"may this be written, read and deleted?")
    with suppress(ObjectMissingError, ObjectChangedError):
        storage.open_at(KEY, offset=0, etag=etag).close()
    storage.begin_upload(KEY)
    storage.abort_uploads_of(KEY)
    storage.delete(KEY)
