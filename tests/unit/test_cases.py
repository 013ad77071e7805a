"""Small files as people have them come out as a person expects, or fail in words; none is wrong in silence.

The files are no part of the project; they are read from `shared/cases` beside the checkout, if they are there.
Here are those whose rows are read and checked right by now.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openings import columns_of, opening_of
from pydantic import ValidationError

from importer.errors import RefusedFileError
from importer.files.csv_reader import RecordReader
from importer.record_types import RecordTypes

CASES = Path(__file__).parents[3] / "shared" / "cases"
LIMITS = {"max_record_bytes": 256 * 1024, "max_cell_chars": 100_000}

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason=f"no {CASES.parent.name}/{CASES.name} beside the checkout"
)

ROWS = {
    "01-bom-quoted-header.csv": (2, 0),
    "06-sep-line.csv": (2, 0),
    "07-thousands-dot.csv": (0, 4),
    "08-thousands-space.csv": (0, 5),
    "11-space-before-quote.csv": (3, 0),
    "12-space-after-quote.csv": (2, 0),
    "13-year-0024.csv": (1, 3),
    "15-windows-1252.csv": (4, 0),
    "17-required-asterisks.csv": (2, 0),
    "19-duplicate-unused-columns.csv": (2, 0),
    "20-trailing-comma-header-only.csv": (2, 0),
    "21-trailing-comma-rows-only.csv": (2, 1),
    "23-blank-rows.csv": (3, 0),
    "23b-twelve-thousand-blank-rows.csv": (3, 0),
    "24-preamble.csv": (2, 0),
    "25-whole-lines-quoted.csv": (2, 0),
    "26-accounting-amounts.csv": (1, 6),
    "29-quote-swallows-rows.csv": (4, 1),
    "30-backslash-quotes.csv": (7, 0),
    "34-day-month-order.csv": (0, 6),
    "35-excel-serial-dates.csv": (0, 3),
    "42-ctrl-z.csv": (2, 0),
    "43-footer-and-blank-lines.csv": (2, 2),
    "49-zero-width-in-header.csv": (1, 0),
    "50-header-again.csv": (4, 1),
    "51-wide-export.csv": (2, 0),
    "52-tabs-in-csv.csv": (1, 0),
    "57-special-to-the-database.csv": (9000, 0),
    "58-round-thousands.csv": (0, 4),
    "60-cr-cr-lf.csv": (2, 0),
    "61-sixty-thousand-blank-rows.csv": (3, 0),
    "64-shifted-by-a-comma.csv": (1, 1),
}
"""How many rows pass their checks, and how many fail."""

REFUSED = {
    "40d-apple-numbers.csv": "numbers",
}

VALUES = {
    "11-space-before-quote.csv": ("c11.bo@example.com", "company", "Oun, Sons & Co"),
    "15-windows-1252.csv": ("c15.bo@example.com", "name", "Jürgen Groß"),
    "25-whole-lines-quoted.csv": ("c25.bo@example.com", "name", "Oun, Bo"),
    "30-backslash-quotes.csv": ("c30.cy@example.com", "company", "Back\\slash\\"),
    "50-header-again.csv": ("c50.cy@example.com", "name", "Cy Dee"),
    "52-tabs-in-csv.csv": ("c52.ana@example.com", "company", "Müller, Co"),
    "60-cr-cr-lf.csv": ("c60.bo@example.com", "phone", "0302"),
}
"""Of some a record, and one of its values."""


def checked(name: str) -> tuple[list[dict[str, object]], int]:
    """The values of the rows that pass, and how many fail."""
    data, contacts = (CASES / name).read_bytes(), RecordTypes()["contacts"]
    header = opening_of(data, contacts.fields, **LIMITS)
    source = io.BytesIO(data)
    source.seek(header.position.offset)
    passed, failed = [], 0
    for record in RecordReader(
        source, header.position, width=len(header.names), line_format=header.line_format, **LIMITS
    ):
        pairs = zip(columns_of(header), record.cells, strict=False)
        try:
            assert record.problem is None
            passed.append(contacts.validate({name: cell for name, cell in pairs if name and cell}))
        except (AssertionError, ValidationError):
            failed += 1
    return passed, failed


@pytest.mark.parametrize(("name", "rows"), ROWS.items(), ids=ROWS)
def test_so_many_rows_pass_and_so_many_fail(name, rows):
    passed, failed = checked(name)
    assert (len(passed), failed) == rows


@pytest.mark.parametrize(("name", "code"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_in_words(name, code):
    with pytest.raises(RefusedFileError) as refused:
        checked(name)
    assert refused.value.code == code


@pytest.mark.parametrize(("name", "value"), VALUES.items(), ids=VALUES)
def test_values_are_those_that_a_person_sees(name, value):
    email, field, wanted = value
    (found,) = [row[field] for row in checked(name)[0] if row["email"] == email]
    assert found == wanted
