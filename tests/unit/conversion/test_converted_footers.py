"""What stands below the rows of a converted file is told from its last lines, however many there are."""

import pytest

from importer.files.conversion.header import describe_lines, sample_of_all, sample_of_lines
from importer.files.conversion.lines import Line
from importer.files.problems import Limits
from importer.files.questions import Answers
from importer.record_types import RecordTypes

FIELDS, LIMITS = RecordTypes()["contacts"].fields, Limits(None, 256 * 1024, 100_000)
HEADER = Line(1, ["email", "name", "company", "balance"])
MANY = 60_000
"""Rows that are more than what is looked at of the lines' beginning."""


def data_of(*below: list[str], count: int = MANY) -> bytes:
    rows = [Line(place, [f"p{place}@example.com", f"Name {place}", "ACME", "1.50"]) for place in range(2, count)]
    lines = [HEADER, *rows, *(Line(count + place, cells) for place, cells in enumerate(below))]
    return b"".join(line.encode() for line in lines)


def described(data: bytes, **answers: str):
    return describe_lines(sample_of_all(data), FIELDS, LIMITS, Answers(answers))


@pytest.mark.parametrize("count", [100, 1_500, 2_500, MANY])
def test_a_footer_is_asked_about_in_a_file_of_any_length_by_its_place_in_the_original(count):
    below = (["", "Total", "", "90"], ["printed on Monday", "", "", ""])
    data = data_of(*below, count=count)
    found = described(data)
    (question,) = found.questions
    assert question.text.startswith(f"Line {count:,} has “Total 90”")
    assert data[found.end :] == b"".join(Line(count + place, cells).encode() for place, cells in enumerate(below))


def test_what_is_said_to_be_rows_is_read_to_the_end():
    data = data_of(["Total", "", "", "90"])
    assert described(data, footer="rows").end is None
    assert described(data, footer="none").warnings == [
        "What stands below the table is left out, from “Total 90” on."
    ]


@pytest.mark.parametrize("count", [2_500, MANY])
def test_rows_to_the_end_leave_nothing_to_ask(count):
    found = described(data_of(count=count))
    assert (found.questions, found.footer, found.end) == ([], None, None)


def test_only_the_ends_of_a_long_file_are_read():
    data, taken = data_of(), []

    def read(offset: int, count: int) -> bytes:
        taken.append(count)
        return data[offset : offset + count]

    sample = sample_of_lines(read, len(data))
    assert sum(taken) < len(data) / 2
    assert data.endswith(sample.pieces[0])
    assert sample.pieces[0].startswith(b"[")


def test_a_row_of_a_sheet_with_its_first_value_alone_is_not_surely_a_footer_but_one_cell_of_a_text_is():
    sheet = data_of(["last@example.com"], count=100)
    text = data_of(count=100) + Line(100, ["last@example.com"], "too_few_cells").encode()
    assert (described(sheet).footer.is_sure, described(text).footer.is_sure) == (False, True)
    remembered = Answers({}, {"footer": "none"})
    (question,) = describe_lines(sample_of_all(sheet), FIELDS, LIMITS, remembered).questions
    assert question.id == "footer"


def test_json_has_nothing_below_its_objects():
    rows = [Line(place, [f"p{place}@example.com", "A", "B", "1"]) for place in range(1, 2_500)]
    lines = [HEADER._replace(place=0), *rows, Line(2_500, ["Total", "", "", "9"])]
    assert described(b"".join(line.encode() for line in lines)).questions == []
