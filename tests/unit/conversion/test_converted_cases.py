"""Small files as people have them that have to be converted: their rows are those that a person sees.

The files are no part of the project; they are read from `shared/cases` beside the checkout, if they are there.
"""

import io
from pathlib import Path

import pytest

from importer.files.conversion.header import describe_lines, open_lines, sample_of_all
from importer.files.json_lines import JsonLinesReader
from importer.files.problems import Limits
from importer.files.questions import Answers
from importer.record_types import RecordTypes

CASES = Path(__file__).parents[4] / "shared" / "cases"
LIMITS = Limits(None, 256 * 1024, 100_000)

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason=f"no {CASES.parent.name}/{CASES.name} beside the checkout"
)

ROWS = {
    "27-mac-carriage-returns.csv": [
        ["c27.ana@example.com", "Ana Sílva", "0301"],
        ["c27.bo@example.com", "Bo Oun", "0302"],
    ],
    "38-utf16-unicode-text.csv": [["c38.ana@example.com", "Ana Sílva", "Müller, Co"]],
    "39-html-as-xls.xls": [["c39.ana@example.com", "Ana, Silva"]],
    "40-workbook.xlsx": [
        ["c40.ana@example.com", "Ana Sílva", "Müller, Co", "0049301", "2024-01-31", "12.5"],
        ["c40.bo@example.com", "Bo Oun", "", "", "2024-02-01", ""],
    ],
    "40c-ods.ods": [["c40.ods@example.com", "Ana"]],
    "40e-gzip.csv.gz": [["c40.gz@example.com", "Ana"]],
}


@pytest.mark.parametrize(("name", "rows"), ROWS.items(), ids=ROWS)
def test_the_rows_of_a_file_are_those_that_a_person_sees(converted, name, rows):
    data = b"".join(line.encode() for line in converted(io.BytesIO((CASES / name).read_bytes())).lines)
    fields, answers = RecordTypes()["contacts"].fields, Answers()
    opening = open_lines(
        data, describe_lines(sample_of_all(data), fields, LIMITS, answers), fields, answers, LIMITS
    )
    source = io.BytesIO(data)
    source.seek(opening.position.offset)
    width = len(opening.names)
    reader = JsonLinesReader(
        source, opening.position, width=width, max_record_bytes=256 * 1024, max_cell_chars=100_000
    )
    assert opening.names[:2] == ["email", "name"]
    found = list(reader)
    assert [record.cells for record in found] == rows
    assert [record.row_number for record in found] == list(range(1, len(rows) + 1))
    assert not any(record.problem for record in found)
