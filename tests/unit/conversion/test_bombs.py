"""A file that unpacks to far more than it is, or repeats itself without end, is refused before it takes long."""

import gzip
import io
import time

import pytest
from workbooks import ods, xlsx, zipped

from importer.errors import RefusedFileError


@pytest.fixture
def refusal_of(converted):
    def refusal_of(file):
        begun = time.monotonic()
        with pytest.raises(RefusedFileError) as error:
            converted(file)
        assert time.monotonic() - begun < 20
        return error.value.code

    return refusal_of


def test_half_a_megabyte_of_gzip_that_holds_half_a_gigabyte(refusal_of):
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb") as packed:
        for _ in range(530):
            packed.write(b"a,b\n" * 262_144)
    assert file.tell() < 600_000
    assert refusal_of(file) == "bomb"


def test_a_sheet_of_blanks(refusal_of):
    assert refusal_of(xlsx("<row/>" + " " * 150_000_000)) == "bomb"


def test_one_long_text_in_every_cell(refusal_of):
    cells = '<c t="s"><v>0</v></c>' * 20
    assert refusal_of(xlsx(f"<row>{cells}</row>" * 1000, strings=f"<si><t>{'x' * 32_000}</t></si>")) == "bomb"


def test_a_row_that_is_repeated_a_million_times(refusal_of):
    text = "x" * 10_000
    row = (
        '<table:table-row table:number-rows-repeated="1000000">'
        f"<table:table-cell><text:p>{text}</text:p></table:table-cell></table:table-row>"
    )
    assert refusal_of(ods(row)) == "bomb"


def test_an_archive_within_an_archive(refusal_of):
    assert refusal_of(zipped({"a.zip": zipped({"b.csv": "a\n1\n"}).getvalue()})) == "nested_archive"
    assert refusal_of(io.BytesIO(gzip.compress(gzip.compress(b"a\n1\n")))) == "nested_archive"


def test_a_file_that_is_cut_off(refusal_of):
    whole = gzip.compress(b"email,name\n" + b"".join(b"%d,x\n" % n for n in range(9999)))
    assert refusal_of(io.BytesIO(whole[:-2000])) == "damaged"
    assert refusal_of(io.BytesIO(zipped({"a.csv": b"a\n1\n"}).getvalue()[:-10])) == "damaged"
    assert refusal_of(io.BytesIO(xlsx("<row><c><v>1</v></c></row>").getvalue()[:-10])) == "damaged"
