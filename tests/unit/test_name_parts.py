"""A column called by the name, beside one with other parts of names, is asked about."""

import pytest

from importer.files.detection import describe
from importer.files.proposal import propose
from importer.files.questions import Answers
from importer.files.samples import Sample
from importer.record_types import RecordTypes


def proposed(text: str, answers: dict[str, str] | None = None, record_type: str = "contacts"):
    content = text.encode()
    fields = RecordTypes()[record_type].fields
    known = frozenset().union(*(field.names for field in fields))
    return propose(describe(Sample(content, len(content)), known), fields, Answers(answers))


@pytest.mark.parametrize(
    ("names", "whole"),
    [
        ("Name;Vorname", "2+3"),
        ("Vorname;Name", "2+3"),
        ("Nom;Prénom", "2+3"),
        ("Nombre;Apellidos", "2+3"),
        ("Nome;Cognome", "2+3"),
        ("Name;Surname", "2+3"),
    ],
)
def test_a_name_beside_its_other_part_is_asked_about_and_can_be_joined(names, whole):
    text = f"Email;{names}\nana@example.com;Silva;Ana\nbo@example.com;Oun;Bo\n"
    (question,) = proposed(text).questions
    assert question.id == "field-name"
    assert [choice.value for choice in question.choices] == ["2", "3", whole]
    joined = proposed(text, {"field-name": whole})
    assert joined.questions == []
    assert [fill.columns for fill in joined.mapping.fills] == [(0,), (1, 2)]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param("ana@example.com;Ana Silva;Ana\n", id="the whole name has the part"),
        pytest.param("ana@example.com;Silva;\n", id="the column of the part is empty"),
    ],
)
def test_a_name_that_lacks_nothing_is_not_asked_about(rows):
    assert proposed("email;name;first name\n" + rows).questions == []


def test_what_a_person_has_said_of_the_name_counts():
    text = "email;name;first name\nana@example.com;Silva;Ana\n"
    for answers in ({"field-name": "2"}, {"column-first name": "none"}):
        assert proposed(text, answers).questions == []


def test_a_name_of_something_else_is_not_asked_about():
    assert proposed("icao;name;surname\nEDDF;Frankfurt;Main\n", record_type="airports").questions == []


def test_of_columns_with_near_names_the_one_whose_cells_fit_is_proposed():
    text = "name;E-mail 1 - Type;E-mail 1 - Value\nAna;* Work;ana@example.com\nBo;* Home;bo@example.com\n"
    question = next(one for one in proposed(text).questions if one.id == "field-email")
    assert question.default == "3"
