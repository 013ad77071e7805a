"""Where an import's rows lie in S3, and the reader of them: dispatching, rewinds and downloads read them alike."""

from __future__ import annotations

from typing import Any, BinaryIO, NamedTuple

from importer.config import Settings
from importer.files.csv_reader import Position, RecordReader
from importer.files.json_lines import JsonLinesReader
from importer.files.line_formats import LineFormat
from importer.models import Import
from importer.models.imports import lines_key, object_key
from importer.storage.object_reader import ObjectReader
from importer.storage.s3 import Storage

Reader = RecordReader | JsonLinesReader


class StoredRows(NamedTuple):
    """The rows of an import as they are stored: in its file, or in the lines that it was converted into.

    Attributes:
        etag: of that object.
        is_converted: whether those lines are read.
        width: how many columns the file has.
        line_format: how its lines are written.
        end: bytes before what stands below its table; None: the table goes on to the end.
    """

    import_id: str
    etag: str
    is_converted: bool
    width: int
    line_format: LineFormat
    end: int | None

    @classmethod
    def from_columns(
        cls,
        import_id: str,
        etag: str | None,
        converted_etag: str | None,
        width: int,
        profile: dict[str, Any] | None,
    ) -> StoredRows:
        """As the columns of an import of these names tell it."""
        return cls(
            import_id,
            etag=converted_etag or etag or "",
            is_converted=converted_etag is not None,
            width=width,
            line_format=LineFormat.from_json(profile),
            end=(profile or {}).get("end"),
        )

    @classmethod
    def of(cls, import_: Import) -> StoredRows:
        """As an import tells it."""
        width = len(import_.columns or [])
        return cls.from_columns(import_.id, import_.etag, import_.converted_etag, width, import_.profile)

    @property
    def key(self) -> str:
        """The key of the object in S3."""
        return lines_key(self.import_id) if self.is_converted else object_key(self.import_id)

    def open_at(self, storage: Storage, offset: int) -> ObjectReader:
        """The bytes from an offset to the end of the table; raises what `Storage.open_at` does."""
        return storage.open_at(self.key, offset=offset, etag=self.etag, end=self.end)

    def reader(self, source: BinaryIO, position: Position, settings: Settings) -> Reader:
        """What reads its rows from a source that stands at a position."""
        make = JsonLinesReader if self.is_converted else RecordReader
        return make(
            source,
            position,
            width=self.width,
            max_record_bytes=settings.max_record_bytes,
            max_cell_chars=settings.max_cell_chars,
            line_format=self.line_format,
        )
