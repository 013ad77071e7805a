"""CSV files that others collected read as they say, and their faulty rows fail alone.

The files are no part of the project; they are read from `shared/csv-suites` beside the checkout, if it is there.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from openings import asked, opening_of

from importer.errors import RefusedFileError
from importer.files.csv_reader import Record, RecordReader
from importer.files.fields import Field
from importer.files.inspection import inspect
from importer.files.openings import Opening

SUITES = Path(__file__).parents[3] / "shared" / "csv-suites"
SPECTRUM = SUITES / "csv-spectrum"
REJECTS = SUITES / "duckdb" / "rejects"
ENCODINGS = SUITES / "duckdb" / "encodings"

pytestmark = pytest.mark.skipif(
    not SUITES.is_dir(), reason=f"no {SUITES.parent.name}/{SUITES.name} beside the checkout"
)

SPECTRUM_NAMES = [
    "comma_in_quotes",
    "empty",
    "empty_crlf",
    "escaped_quotes",
    "json",
    "newlines",
    "newlines_crlf",
    "quotes_and_newlines",
    "simple",
    "simple_crlf",
    "utf8",
]

ROOMY = 4096

REJECTED: dict[str, tuple[int, int, dict[int, str]]] = {
    "dr_who.csv": (ROOMY, 1, {}),
    "flush.csv": (ROOMY, 7, {}),
    "frankstein/nightmare.csv": (
        28,
        47,
        {
            14: "too_many_cells",
            22: "text_after_quote",
            32: "record_too_long",
            38: "invalid_utf8",
        },
    ),
    "incorrect_columns/few_columns.csv": (
        ROOMY,
        2772,
        dict.fromkeys([1823, 2378], "too_few_cells"),
    ),
    "incorrect_columns/many_columns.csv": (
        ROOMY,
        2772,
        dict.fromkeys([1096, 1159, 1206, 2769], "too_many_cells"),
    ),
    "incorrect_columns/mix_columns.csv": (
        ROOMY,
        2772,
        {1604: "too_few_cells"} | dict.fromkeys([1671, 2768], "too_many_cells"),
    ),
    "incorrect_columns/small_mix.csv": (ROOMY, 4, {3: "too_many_cells"}),
    "maximum_line/max_10.csv": (10, 7, {5: "record_too_long"}),
    "maximum_line/over_vector.csv": (20, 2925, dict.fromkeys([2282, 2591, 2923], "record_too_long")),
    "multiple_errors/cast_and_less_col.csv": (ROOMY, 4, {}),
    "multiple_errors/cast_and_maxline.csv": (40, 3, {4: "record_too_long"}),
    "multiple_errors/cast_and_more_col.csv": (ROOMY, 4, {4: "too_many_cells", 5: "too_many_cells"}),
    "multiple_errors/invalid_utf_cast.csv": (ROOMY, 2, {3: "invalid_utf8"}),
    "multiple_errors/invalid_utf_less.csv": (ROOMY, 2, {3: "invalid_utf8"}),
    "multiple_errors/invalid_utf_max_line.csv": (40, 2, {3: "record_too_long"}),
    "multiple_errors/invalid_utf_more.csv": (ROOMY, 2, {3: "too_many_cells"}),
    "multiple_errors/invalid_utf_unquoted.csv": (ROOMY, 2, {3: "text_after_quote"}),
    "multiple_errors/less_col_and_max_line.csv": (40, 3, {4: "record_too_long"}),
    "multiple_errors/more_col_and_max_line.csv": (40, 3, {4: "record_too_long"}),
    "multiple_errors/multiple_cast_implicit.csv": (ROOMY, 3, {}),
    "multiple_errors/multiple_casts_flush.csv": (ROOMY, 3, {}),
    "multiple_errors/multiple_casts_mixed.csv": (ROOMY, 3, {}),
    "multiple_errors/multiple_errors.csv": (
        40,
        7,
        {
            4: "too_many_cells",
            5: "too_many_cells",
            6: "text_after_quote",
            8: "record_too_long",
        },
    ),
    "multiple_errors/unquoted_cast.csv": (ROOMY, 3, {3: "text_after_quote"}),
    "multiple_errors/unquoted_less.csv": (ROOMY, 3, {3: "text_after_quote"}),
    "multiple_errors/unquoted_maxline.csv": (40, 3, {3: "record_too_long"}),
    "multiple_errors/unquoted_more.csv": (ROOMY, 3, {3: "text_after_quote"}),
    "unquoted/basic.csv": (ROOMY, 7, {5: "text_after_quote"}),
    "unquoted/unquoted_last_value.csv": (ROOMY, 4, {5: "unclosed_quote"}),
    "unquoted/unquoted_new_line.csv": (ROOMY, 8, {5: "unclosed_quote", 6: "unclosed_quote"}),
}
"""Per file: the limit of a record in bytes, how many rows it has, and which lines fail at reading, and why.

Values of a wrong type are no fault of reading: those rows are kept here and fail when they are validated.
"""


SHORT = {
    "frankstein/nightmare.csv": {10},
    "incorrect_columns/few_columns.csv": {1814, 2762},
    "incorrect_columns/mix_columns.csv": {2751},
    "incorrect_columns/small_mix.csv": {4},
    "multiple_errors/cast_and_less_col.csv": {4, 5},
    "multiple_errors/multiple_errors.csv": {7},
}
"""Lines that lack cells at their end: rows that are read, and told of."""


def read_file(path: Path, columns: list[str], max_record_bytes: int = ROOMY) -> tuple[Opening, list[Record]]:
    data = path.read_bytes()
    limits = {"max_record_bytes": max_record_bytes, "max_cell_chars": 1000}
    header = opening_of(data, [Field(name, True) for name in columns], **limits)
    source = io.BytesIO(data[header.position.offset :])
    reader = RecordReader(
        source, header.position, width=len(header.names), line_format=header.line_format, **limits
    )
    records = list(reader)
    assert reader.position.offset == len(data)
    return header, records


def first_line(path: Path) -> list[str]:
    return path.read_bytes().split(b"\n")[0].decode().strip("\r").replace('"', "").split(",")


@pytest.mark.parametrize("name", SPECTRUM_NAMES)
def test_csv_spectrum_reads_as_it_says(name):
    expected = json.loads((SPECTRUM / "json" / f"{name}.json").read_text())
    header, records = read_file(SPECTRUM / "csvs" / f"{name}.csv", list(expected[0]))
    assert [dict(zip(header.names, record.cells, strict=True)) for record in records] == expected
    assert all(record.problem is None for record in records)


def test_no_file_of_csv_spectrum_is_left_out():
    assert sorted(path.stem for path in (SPECTRUM / "csvs").glob("*.csv")) == SPECTRUM_NAMES


@pytest.mark.parametrize("name", REJECTED)
def test_duckdbs_faulty_rows_fail_alone_and_every_other_row_is_kept(name):
    max_record_bytes, rows, faults = REJECTED[name]
    _, records = read_file(REJECTS / name, first_line(REJECTS / name), max_record_bytes)
    assert {record.line_number: record.problem.code for record in records if record.problem is not None} == faults
    assert len(records) == rows
    lines = (REJECTS / name).read_bytes().split(b"\n")
    for record in records:
        if record.problem is None:
            written = unquoted(lines[record.line_number - 1])
            missing = [b""] * (len(record.cells) - len(written))
            assert [cell.encode() for cell in record.cells] == written + missing


@pytest.mark.parametrize("name", REJECTED)
def test_the_command_names_the_line_of_each_of_duckdbs_faulty_rows(name):
    _, _, faults = REJECTED[name]
    wanted = {line for line, code in faults.items() if code != "record_too_long"} | SHORT.get(name, set())
    warnings = inspect(REJECTS / name, None)["warnings"]
    named = {int(found[1].replace(",", "")) for text in warnings if (found := re.match(r"line ([\d,]+)", text))}
    too_long_for_duckdb = faults.keys() - wanted
    assert named - too_long_for_duckdb == wanted


def test_the_command_names_the_column_too():
    (told,) = inspect(REJECTS / "multiple_errors/invalid_utf_cast.csv", None)["warnings"]
    assert told.startswith("line 3, column 1: Cell 1 is not valid UTF-8")
    (told,) = inspect(REJECTS / "multiple_errors/unquoted_cast.csv", None)["warnings"]
    assert told.startswith("line 3, column 1: Text follows a closing quote")
    *_, told = inspect(REJECTS / "multiple_errors/cast_and_less_col.csv", None)["warnings"]
    assert told == "line 5: cells 3 to 4 are missing, and taken for empty."


def unquoted(line: bytes) -> list[bytes]:
    """The cells of a sound line of these files, which put no comma into quotes but for whole lines."""
    if line.startswith(b'"') and line.endswith(b'"') and line.count(b'"') == 2:
        return [line.strip(b'"')]
    return [cell.strip(b'"') for cell in line.split(b",")]


def test_no_file_of_duckdbs_rejects_is_left_out():
    assert sorted(str(path.relative_to(REJECTS)) for path in REJECTS.rglob("*.csv")) == sorted(REJECTED)


def test_latin1_is_read_as_such():
    path = ENCODINGS / "latin1.csv"
    header, records = read_file(path, ["name", "age"])
    wanted = [line.split(",") for line in path.read_bytes().decode("latin-1").split("\r\n")[1:] if line]
    assert [record.cells for record in records] == wanted
    assert header.line_format.as_json()["encoding"] == "cp1252"


def test_shift_jis_is_read_as_such():
    path = ENCODINGS / "shift_jis.csv"
    _, records = read_file(path, ["名前", "年齢"])
    assert [record.cells for record in records][:2] == [["名前", "25"], ["山田", "30"]]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("only_latin1.csv", "no_known_column"),
    ],
)
def test_files_that_cannot_be_read_in_place_or_are_no_words_are_refused(name, code):
    with pytest.raises(RefusedFileError) as caught:
        read_file(ENCODINGS / name, ["name"])
    assert caught.value.code == code


def test_letters_that_may_be_of_several_encodings_are_asked_about():
    assert "encoding" in asked(opening_of((ENCODINGS / "all_latin1.csv").read_bytes(), [Field("name", True)]))


def test_no_file_of_duckdbs_encodings_is_left_out():
    assert len(list(ENCODINGS.iterdir())) == 9
