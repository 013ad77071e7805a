"""Tables of own record types: arrays, columns that fill themselves, references to other tables."""

import own_types
import pytest
from sqlalchemy import text

from jobs.rows import plan, portions

pytestmark = pytest.mark.usefixtures("way_of_writing", "way_of_checking")


@pytest.fixture(params=["by position", "by name"])
def way_of_checking(request, monkeypatch):
    if request.param == "by name":
        monkeypatch.setattr(own_types.Orders, "cells_schema", lambda *_: None)


def orders(world) -> list[tuple]:
    with world.services.engine.connect() as connection:
        found = connection.execute(text("SELECT number, part, tags, state FROM orders ORDER BY number"))
        return [tuple(row) for row in found]


ENDLESS = "a" * 60 + "!"


@pytest.mark.parametrize("late", [1, 4])
def test_a_check_that_never_ends_fails_its_row_alone(world, monkeypatch, late):
    for module in (plan, portions):
        monkeypatch.setattr(module, "CHECK_SECONDS", 0.2)
    numbers = [ENDLESS + str(number) if number <= late else str(number) for number in range(1, 11)]
    import_id = world.upload("\n".join(["number", *numbers]), "orders")
    world.run()
    assert world.status(import_id) == "completed"
    assert world.codes(import_id) == dict.fromkeys(range(1, late + 1), "check_timeout")
    assert len(orders(world)) == 10 - late


def test_arrays_are_written_whatever_is_in_them(world):
    csv = 'number,tags\n1,a;b\n2,"x,y;{""q""};\\n"\n3,\n4,NULL;é\n'
    world.import_file(csv, "orders")
    assert [tags for _, _, tags, _ in orders(world)] == [["a", "b"], ["x,y", '{"q"}', "\\n"], None, ["NULL", "é"]]
    world.import_file("number,tags\n1,c\n2,d;e\n3,f\n", "orders")
    assert [tags for _, _, tags, _ in orders(world)] == [["c"], ["d", "e"], ["f"], ["NULL", "é"]]


def test_arrays_of_short_texts_are_written_and_a_longer_one_is_not_cut(world):
    import_id = world.import_file("number,short\n1,a;bcd\n2,abcd;e\n3,x\n", "orders")
    assert world.codes(import_id) == {2: "database_22001"}
    with world.services.engine.connect() as connection:
        found = connection.execute(text("SELECT number, short FROM orders ORDER BY number")).all()
    assert [tuple(row) for row in found] == [("1", ["a", "bcd"]), ("3", ["x"])]


def test_a_column_that_the_file_lacks_gets_the_tables_default_and_stays_as_it_is(world):
    world.import_file("number,state\n1,shipped\n", "orders")
    import_id = world.import_file("number,tags\n1,a\n2,b\n", "orders")
    assert world.codes(import_id) == {}
    assert [(number, state) for number, _, _, state in orders(world)] == [("1", "shipped"), ("2", "open")]


def test_a_reference_that_leads_nowhere_is_named_with_its_column(world):
    world.import_file("code\nscrew\n", "parts")
    import_id = world.import_file("number,part\n1,screw\n2,nail\n3,screw\n", "orders")
    assert world.codes(import_id) == {2: "database_23503"}
    row = world.failed_rows(import_id)[2]
    assert row.column_name == "part"
    assert '(part)=(nail) is not present in table "parts"' in row.message


def test_a_key_that_another_record_has_is_named_with_its_column(world):
    import_id = world.import_file("code,serial\na,7\nb,7\nc,8\n", "parts")
    (row,) = world.failed_rows(import_id).values()
    assert row.column_name == "serial"
    assert "(serial)=(7)" in row.message
