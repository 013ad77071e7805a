"""The rows of a converted file are read from any position, and always the same."""

import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.conversion.tables import convert
from importer.files.csv_reader import Position
from importer.files.json_lines import JsonLinesReader
from importer.files.kinds import kind_of
from importer.files.line_formats import PLAIN

LIMITS = {"max_record_bytes": 1000, "max_cell_chars": 20}
FILES = Path(__file__).parent / "files"

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=25)
problems = st.sampled_from(
    [
        None,
        None,
        None,
        "record_too_long",
        "text_after_quote",
        "quote_swallows_rows",
        "too_few_cells",
        "not_an_object",
    ]
)
lines = st.lists(
    st.builds(Line, st.integers(1, 10**6), st.lists(texts, max_size=5), problems, st.integers(0, 10**6)),
    max_size=12,
)


START = Position()


def reader(data: bytes, position: Position = START, width: int | None = 3) -> JsonLinesReader:
    source = io.BytesIO(data)
    source.seek(position.offset)
    return JsonLinesReader(source, position, width=width, **LIMITS)


def records(*made: Line, width: int | None = 3):
    return list(reader(b"".join(line.encode() for line in made), width=width))


@given(lines, st.sampled_from([None, 1, 3]))
def test_reading_on_and_resuming_after_any_record_give_the_same(made, width):
    data = b"".join(line.encode() for line in made)
    whole = list(reader(data, width=width))
    first = reader(data, width=width)
    for count, _ in enumerate(first, start=1):
        assert list(reader(data, first.position, width)) == whole[count:]


@given(lines)
def test_no_row_is_lost_and_rows_count_from_one(made):
    found = records(*made)
    rows = [line for line in made if line.problem is not None or any(cell.strip() for cell in line.cells)]
    assert [record.row_number for record in found] == list(range(1, len(rows) + 1))
    assert [record.line_number for record in found] == [line.place for line in rows]


@given(lines)
def test_a_row_without_problem_has_the_cells_of_its_line(made):
    by_place = {record.line_number: record for record in records(*made)}
    for line in made:
        record = by_place.get(line.place)
        if record is not None and record.problem is None and [x.place for x in made].count(line.place) == 1:
            assert record.cells == (line.cells + [""] * 3)[:3]


def test_a_short_row_of_a_sheet_is_filled_up_and_one_of_a_text_fails():
    sheet, text = records(Line(1, ["a"]), Line(2, ["a"], "too_few_cells"))
    assert (sheet.cells, sheet.problem) == (["a", "", ""], None)
    assert text.problem.code == "too_few_cells"


def test_a_row_that_is_too_wide_fails_only_with_values_there():
    empty, full = records(Line(1, ["a", "b", "c", "", ""]), Line(2, ["a", "b", "c", "", "d"]))
    assert (empty.cells, empty.problem) == (["a", "b", "c"], None)
    assert full.problem.code == "too_many_cells"


def test_the_header_again_is_no_row_however_it_is_spelt():
    made = (Line(2, ["a@b.de", "A", "x"]), Line(3, ["E-Mail", "NAME", "note", ""]), Line(4, ["e-mail", "B", "x"]))
    data = b"".join(line.encode() for line in made)
    line_format = PLAIN.with_header(["email", "name", "note"])
    rows = list(JsonLinesReader(io.BytesIO(data), START, width=3, line_format=line_format, **LIMITS))
    assert [row.problem and row.problem.code for row in rows] == [None, "repeated_header", None]


def test_what_a_cell_must_not_hold_fails_its_row():
    long, nul, broken = records(Line(1, ["x" * 21, "", ""]), Line(2, ["a", "\0", ""]), Line(3, ["", "\udcff", ""]))
    assert [record.problem.code for record in (long, nul, broken)] == [
        "cell_too_long",
        "nul_character",
        "invalid_utf8",
    ]
    assert [record.problem.column for record in (long, nul, broken)] == [0, 1, 1]


def test_what_the_conversion_found_is_the_problem_of_the_row():
    (record,) = records(Line(7, ['a,"b'], "quote_swallows_rows", 12))
    assert record.cells == ['a,"b']
    assert "line 12" in record.problem.message


def test_much_that_is_blank_is_a_pause():
    data = Line(1, [" " * 100]).encode() * 6000 + Line(2, ["a", "b", "c"]).encode()
    steps = list(reader(data).steps())
    assert steps[:-1] == [None] * 2
    assert steps[-1].row_number == 1


def test_a_workbook_is_read_from_its_lines():
    with (FILES / "contacts.xls").open("rb") as file:
        kind = kind_of(file.read(1024))
        made = convert(file, kind, table=None, limits=ConversionLimits(), findings=Findings())
        data = b"".join(line.encode() for line in made)
    first = list(reader(data, Position(row_number=-1), width=None))
    assert first[0].row_number == 0
    assert first[0].cells[:2] == ["email", "phone"]
    assert [record.line_number for record in first] == [1, 2, 3, 5]
