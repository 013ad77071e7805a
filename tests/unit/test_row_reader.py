"""Rows are read by a mapping, many at once as one by one."""

import json

from hypothesis import given
from hypothesis import strategies as st

from importer.files.cells.chain import may_need_cleaning
from importer.files.cells.readings import Reading
from importer.files.mapping import FIRST, LAST, Fill, Mapping, RowReader

DECIMAL = Reading(kind="decimal", decimal_mark=",")
FILLS = (
    Fill("name", (0,)),
    Fill("both", (0, 1)),
    Fill("first", (1,), part=FIRST),
    Fill("last", (1,), part=LAST),
    Fill("amount", (2,), DECIMAL),
    Fill("day", (3,), Reading(kind="date", date_order="dmy")),
    Fill("constant", (), default="5"),
    Fill("other", (4,), default="none"),
    Fill("beyond", (9,)),
)
CELLS = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "Ann Lee", "1.234,56", "31.12.2024", "31.02.2024", "1,2,3", " x ", "NULL"]),
    st.text(max_size=6),
)


@given(st.lists(st.lists(CELLS, max_size=6), max_size=5))
def test_many_rows_are_read_as_each_is_by_itself(rows):
    reader = RowReader(Mapping(FILLS))
    read = reader.read_all(rows)
    for index, cells in enumerate(rows):
        alone = reader.read(cells)
        assert [column[index] for column in read.columns] == alone.values
        of_row = [(name, each) for name, by_row in read.alterations.items() for each in by_row.get(index, ())]
        assert of_row == alone.alterations
        assert read.faults.get(index, []) == alone.faults


def test_a_row_is_read_field_by_field():
    row = RowReader(Mapping(FILLS)).read(["Ann", "Bo Xu Lee", "1.234,50", "31.12.2024"])
    assert dict(zip(Mapping(FILLS).fields, row.values, strict=True)) == {
        "name": "Ann",
        "both": "Ann Bo Xu Lee",
        "first": "Bo Xu",
        "last": "Lee",
        "amount": "1234.50",
        "day": "2024-12-31",
        "constant": "5",
        "other": "none",
        "beyond": None,
    }
    assert [field for field, _ in row.alterations] == ["amount", "day"]


def test_cells_that_cannot_be_read_are_told_with_their_fields():
    row = RowReader(Mapping(FILLS)).read(["Ann", None, "1,2,3", "31.02.2024"])
    assert [field for field, _ in row.faults] == ["amount", "day"]


@given(st.lists(st.lists(st.one_of(st.none(), st.text(min_size=1, max_size=5)), min_size=3, max_size=3)))
def test_clean_rows_of_plain_fills_are_read_as_they_stand(rows):
    reader = RowReader(Mapping(tuple(Fill(name, (n,)) for n, name in enumerate("abc"))))
    if not may_need_cleaning(json.dumps(rows, separators=(",", ":")).encode()):
        as_they_stand, read = reader.read_all(rows, are_clean=True), reader.read_all(rows)
        assert list(map(list, as_they_stand.columns)) == read.columns
        assert (read.alterations, read.faults) == ({}, {})
