"""The cells of a line that is no sound record are shown as a person would read them."""

import random
import time

import polluted
import pytest
from csv_bytes import read

from importer.files.dialects import Dialect
from importer.files.faulty_lines import cells_at_best, cells_otherwise, place_of_fault
from importer.files.line_formats import LineFormat


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('1,"5" pipe",3', ["1", '5" pipe', "3"]),
        ('1,""Lamp, 40 W",3', ["1", '"Lamp, 40 W', "3"]),
        ('1,"Lamp, 40 W"",3', ["1", 'Lamp, 40 W"', "3"]),
        ('"open,2,"a, b"', ['"open', "2", "a, b"]),
        ('1,"a"b,"c, d"', ["1", '"a"b', "c, d"]),
        ('1,"say ""no"" now","open', ["1", 'say "no" now', '"open']),
        ('"1";"2";"3"', ["1", "2", "3"]),
        ("'1','2, 3','4'", ["1", "2, 3", "4"]),
        ('"1,2,3,4', ['"1', "2", "3", "4"]),
        ('"', ['"']),
        ("", [""]),
    ],
)
def test_a_line_is_read_so_that_it_has_as_many_cells_as_the_others(line, cells):
    assert cells_at_best(line, Dialect(), 3) == cells


def test_a_line_without_a_delimiter_or_a_quote_is_read_too():
    assert cells_at_best('a"b,c', Dialect(delimiter=""), 1) == ['a"b,c']
    assert cells_at_best('a"b,c', Dialect(quote=""), 2) == ['a"b', "c"]


def test_another_delimiter_counts_only_where_it_makes_three_cells_or_more():
    assert cells_otherwise("1;2", Dialect(), 2) is None
    assert cells_otherwise("1|2|3", Dialect(), 3) == ["1", "2", "3"]
    assert cells_otherwise("1|2|3|4", Dialect(), 3) is None


def test_a_line_that_stands_in_quotes_as_a_whole_has_the_cells_within_them():
    assert cells_otherwise('"1,""two"",3"', Dialect(), 3) == ["1", "two", "3"]
    assert cells_otherwise('"1,2"', Dialect(), 3) is None


def test_the_cell_at_fault_is_the_first_whose_quote_does_not_end_it():
    assert place_of_fault('1,"two",3"3,"four"x', Dialect()) == 3
    assert place_of_fault("1,2", Dialect()) is None


@pytest.mark.parametrize("seed", range(3))
def test_of_rows_written_wrongly_none_is_read_otherwise_than_it_was_meant_without_a_problem(seed):
    records = polluted.table(seed)
    width, line_format = len(polluted.HEADER), LineFormat(header=polluted.HEADER)
    for spoilt in polluted.single_rows(records):
        if "header" in spoilt.where:
            continue
        rows = spoilt.content.encode().partition(b"\r\n")[2]
        meant = [[*row, *[""] * (width - len(row))] for row in spoilt.records[1:]]
        meant = [row if any(row[width:]) else row[:width] for row in meant]
        found = read(rows, width=width, line_format=line_format)
        assert [row.cells for row in found if row.problem is None and row.cells not in meant] == []


@pytest.mark.parametrize("signs", ['",', '"a,', '"",\'', "\"',;\t|", '"x"",', '" ,'])
def test_any_line_takes_time_in_proportion_to_its_length(signs):
    chance = random.Random(1)
    for text in (signs * (200_000 // len(signs)), "".join(chance.choices(signs, k=200_000))):
        for dialect in (Dialect(), Dialect(quote="'"), Dialect(";")):
            began = time.process_time()
            cells_at_best(text, dialect, 9)
            assert time.process_time() - began < 1
