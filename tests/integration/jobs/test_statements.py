"""The statements that save the records of a batch, on tables of every kind."""

import pytest
from sqlalchemy import CHAR, BigInteger, Column, Integer, MetaData, Numeric, String, Table, Text

from importer.files.row_numbers import position_of
from importer.record_types.statements import statements


@pytest.mark.parametrize("type_", [CHAR(8), String(8), Text(), Numeric(12, 1)])
def test_the_records_of_late_rows_are_found_by_an_index_whatever_type_the_key_has(type_, world):
    writers = (Column("imported_by", BigInteger), Column("imported_row", Integer))
    table = Table("things", MetaData(), Column("key", type_, primary_key=True), Column("name", Text), *writers)
    table.create(world.services.engine)
    series = "SELECT CAST(n AS text), 'x', 9, n FROM generate_series(1, 99999) AS n"
    if isinstance(type_, Numeric):
        series = series.replace("CAST(n AS text)", "n")
    world.execute(f"INSERT INTO things {series}")
    world.execute("ANALYZE things")
    late = statements(table, ["key"], ["key", "name"], ["key", "name"], clears=True).late
    batch = {"sequence": 1, "row_numbers": "{1,2}", "column_0": "{7,8}", "column_1": "{a,b}"}
    with world.services.engine.connect() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {late}", batch).scalars())
        found = connection.exec_driver_sql(late, batch).all()
    assert "things_pkey" in plan, plan
    assert sorted(map(tuple, found)) == [(1, position_of(9, 7)), (2, position_of(9, 8))]
