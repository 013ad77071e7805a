"""A file that unpacks to far more than it is, or repeats itself without end, is refused before it takes long."""

import gzip
import io
import time

import pytest
from workbooks import ods, xlsx, zipped

from importer.errors import RefusedFileError


@pytest.fixture
def is_refused(converted):
    def refused(file, code):
        begun = time.monotonic()
        with pytest.raises(RefusedFileError) as error:
            converted(file)
        assert error.value.code == code
        assert time.monotonic() - begun < 20

    return refused


def test_half_a_megabyte_of_gzip_that_holds_half_a_gigabyte(is_refused):
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb") as packed:
        for _ in range(530):
            packed.write(b"a,b\n" * 262_144)
    assert file.tell() < 600_000
    is_refused(file, "bomb")


def test_a_sheet_of_blanks(is_refused):
    is_refused(xlsx("<row/>" + " " * 150_000_000), "bomb")


def test_one_long_text_in_every_cell(is_refused):
    cells = '<c t="s"><v>0</v></c>' * 20
    is_refused(xlsx(f"<row>{cells}</row>" * 1000, strings=f"<si><t>{'x' * 32_000}</t></si>"), "bomb")


def test_a_row_that_is_repeated_a_million_times(is_refused):
    text = "x" * 10_000
    row = (
        '<table:table-row table:number-rows-repeated="1000000">'
        f"<table:table-cell><text:p>{text}</text:p></table:table-cell></table:table-row>"
    )
    is_refused(ods(row), "bomb")


def test_an_archive_within_an_archive(is_refused):
    is_refused(zipped({"a.zip": zipped({"b.csv": "a\n1\n"}).getvalue()}), "nested_archive")
    is_refused(io.BytesIO(gzip.compress(gzip.compress(b"a\n1\n"))), "nested_archive")


def test_a_file_that_is_cut_off(is_refused):
    whole = gzip.compress(b"email,name\n" + b"".join(b"%d,x\n" % n for n in range(9999)))
    is_refused(io.BytesIO(whole[:-2000]), "damaged")
    is_refused(io.BytesIO(zipped({"a.csv": b"a\n1\n"}).getvalue()[:-10]), "damaged")
    is_refused(io.BytesIO(xlsx("<row><c><v>1</v></c></row>").getvalue()[:-10]), "damaged")
