"""docs/cells.md names every kind of fault, and nothing that does not exist; its examples are read as it says."""

import re
from pathlib import Path

import pytest

from importer.files.cells.outcomes import ALTERATIONS, FAULTS

PAGE = (Path(__file__).parents[3] / "docs" / "cells.md").read_text()
CODES = set(re.findall(r"`([a-z]+(?:_[a-z]+)+|percent)`", PAGE))


def test_the_page_names_every_fault():
    assert not FAULTS.keys() - CODES


def test_the_page_names_no_code_that_does_not_exist():
    assert not CODES - FAULTS.keys() - ALTERATIONS.keys()


@pytest.mark.parametrize(
    ("kind", "cells", "text", "parts"),
    [
        ("decimal", ["1,234.50", "1 234.50", "1'234.50"], "1234.50", {"decimal_mark": "."}),
        ("decimal", ["1.234,50", "1 234,50"], "1234.50", {"decimal_mark": ","}),
        ("decimal", ["(12.50)", "12.50-", "−12.50"], "-12.50", {"decimal_mark": "."}),  # noqa: RUF001
        (
            "date",
            ["31.01.2024", "31/1/2024", "31-01-2024", "31. Januar 2024"],
            "2024-01-31",
            {"date_order": "dmy"},
        ),
        ("datetime", ["31.12.2024 6:30 pm"], "2024-12-31T18:30:00", {"date_order": "dmy"}),
    ],
)
def test_the_examples_of_the_page_are_read_as_it_says(read, kind, cells, text, parts):
    assert all(f"`{cell}`" in PAGE for cell in cells)
    assert {read(kind, cell, **parts)[0] for cell in cells} == {text}
