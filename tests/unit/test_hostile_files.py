"""Files made to cost memory or time cost neither."""

from __future__ import annotations

import io
import time
import tracemalloc
from itertools import pairwise

import pytest
from csv_bytes import physical_lines, reader_of

from importer.files.csv_reader import PAUSE_BYTES, Position, RecordReader


def test_a_huge_line_is_skipped_without_being_held():
    size = 64 * 1024 * 1024

    class HugeLine(io.RawIOBase):
        left = size

        def readable(self):
            return True

        def readinto(self, buffer):
            count = min(len(buffer), self.left)
            buffer[:count] = b"x" * count
            self.left -= count
            if count and not self.left:
                buffer[count - 7 : count] = b"\n1,2,3\n"
            return count

    tracemalloc.start()
    try:
        reader = RecordReader(
            io.BufferedReader(HugeLine(), 65536),
            Position(),
            width=3,
            max_record_bytes=262_144,
            max_cell_chars=65_536,
        )
        records = list(reader)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [record.problem and record.problem.code for record in records] == ["record_too_long", None]
    assert reader.position[:4] == (2, 2, size, False)
    assert peak < 4 * 1024 * 1024


@pytest.mark.parametrize("data", [b"\n" * 4_000_000, b"x" * 4_000_000], ids=["blank lines", "one long line"])
def test_a_reader_lets_go_every_so_many_bytes_whatever_they_are(data):
    reader = reader_of(data)
    stops = [0, *(reader.position.offset for _ in reader.steps()), len(data)]
    assert max(after - before for before, after in pairwise(stops)) < 2 * PAUSE_BYTES
    assert reader.position.offset == len(data)


@pytest.mark.parametrize("line", [b'x",",\n', b'"a\n', b'"",",\n', b'",\n', b'"\n\n'])
def test_a_file_of_open_quotes_takes_time_in_proportion_to_its_size(line):
    check_time(line * 50_000 + b'x",",')


@pytest.mark.parametrize("end", [b'"z\n', b""], ids=["text after the quote", "end of the file"])
def test_open_quotes_before_a_long_line_take_time_in_proportion_to_their_size(end):
    check_time(b'x",",\n' * 80_000 + b"y" * 480_000 + end)


def check_time(data: bytes) -> None:
    started = time.perf_counter()
    reader = reader_of(data, max_record_bytes=1_048_576)
    count = sum(1 for _ in reader)
    assert time.perf_counter() - started < 15
    assert reader.position[:4] == (count, physical_lines(data), len(data), False)
