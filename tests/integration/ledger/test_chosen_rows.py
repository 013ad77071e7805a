"""Some of an import's failed rows are meant by group and by what they hold."""

import pytest
from sqlalchemy import func, select
from world import contacts_csv

from importer.ledger.chosen_rows import ChosenRows
from importer.models import FailedRow

ROWS = [
    ("nonsense", "Émile"),
    ("more 100% nonsense", "Bo\\b"),
    ("c@example.com", ""),
    ("good@example.com", "Good"),
    ('"quo"te', "日本"),
]


@pytest.fixture
def chosen(world):
    sequence = world.find(world.import_file(contacts_csv(ROWS))).sequence

    def row_numbers(**told) -> list[int]:
        wanted = select(FailedRow.row_number).where(ChosenRows.told(told).condition(sequence))
        with world.session() as session:
            return sorted(session.scalars(wanted))

    return row_numbers


def test_rows_are_meant_by_field_and_code(chosen):
    assert chosen() == [1, 2, 3, 5]
    assert chosen(field="email", code="invalid_email") == [1, 2]
    assert chosen(code="missing_value") == [3]
    assert chosen(field="") == []


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("NONSENSE", [1, 2]),
        ("émile", [1]),
        ("ÉMILE", [1]),
        ("100%", [2]),
        ("1000", []),
        ("o\\b", [2]),
        ('"quo"', [5]),
        ("日本", [5]),
        ("value is required", [3]),
        ("  ", [1, 2, 3, 5]),
    ],
)
def test_rows_are_meant_by_a_text_in_cells_or_reason_whatever_its_case(chosen, text, rows):
    assert chosen(text=text) == rows


def test_discarded_rows_are_never_meant(world, chosen):
    with world.session() as session:
        session.query(FailedRow).filter_by(row_number=2).update({"discarded_at": func.now()})
        session.commit()
    assert chosen() == [1, 3, 5]


def test_what_json_keeps_of_a_choice_means_the_same():
    chosen = ChosenRows("email", "invalid_email", "x")
    assert ChosenRows.told(chosen.as_json()) == chosen
    assert ChosenRows.told({"field": "", "text": " "}).as_json() == {"field": ""}
