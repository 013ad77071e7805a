"""Reading a file that a test holds as bytes."""

from __future__ import annotations

import io
from unittest import mock

from importer.files import csv_reader
from importer.files.csv_reader import Position, Record, RecordReader
from importer.files.line_formats import PLAIN, LineFormat

MAX_RECORD_BYTES = 4096
MAX_CELL_CHARS = 1000

START = Position()


def reader_of(
    data: bytes,
    position: Position = START,
    *,
    width: int | None = 3,
    max_record_bytes: int = MAX_RECORD_BYTES,
    max_cell_chars: int = MAX_CELL_CHARS,
    line_format: LineFormat = PLAIN,
    is_fitted: bool = True,
) -> RecordReader:
    source = io.BufferedReader(io.BytesIO(data[position.offset :]), 16)
    return RecordReader(
        source,
        position,
        width=width,
        max_record_bytes=max_record_bytes,
        max_cell_chars=max_cell_chars,
        line_format=line_format,
        is_fitted=is_fitted,
    )


def read(data: bytes, **options) -> list[Record]:
    return list(reader_of(data, **options))


def only_problem(data: bytes, **options) -> Record:
    """The one faulty record of a file."""
    (found,) = [record for record in read(data, **options) if record.problem is not None]
    return found


def check_every_resume(data: bytes, **options) -> list[Record]:
    """Resuming after any record, and at any pause, gives what reading on gives; return all records."""
    with mock.patch.object(csv_reader, "PAUSE_BYTES", 3):
        reader = reader_of(data, **options)
        stops = [(record, reader.position) for record in reader.steps()]
    records, end = [record for record, _ in stops if record is not None], reader.position
    for _, position in stops:
        resumed = reader_of(data, position, **options)
        assert list(resumed) == records[position.row_number :]
        assert resumed.position == end
    assert end[:4] == Position(len(records), physical_lines(data), len(data))[:4]
    return records


def physical_lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
