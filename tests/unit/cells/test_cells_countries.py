"""A column of codes of countries: names are proposed as codes, asked about, and never guessed."""

import subprocess
import sys
from pathlib import Path

import pytest

from importer.files.cell_questions import about_cells, said_of_cells, settled
from importer.files.cells.chain import reader_of
from importer.files.cells.country_codes import CODES
from importer.files.cells.country_names import codes_of
from importer.files.cells.evidence import decide
from importer.files.cells.readings import Reading
from importer.files.cells.word_evidence import MOST_OTHERS
from importer.files.questions import Answers


def column(*cells, known=None):
    return decide("country", list(enumerate(cells, 2)), known=known)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Germany", "DE"),
        ("deutschland", "DE"),
        ("Allemagne", "DE"),
        ("Alemania", "DE"),
        ("Germania", "DE"),
        ("Alemanha", "DE"),
        ("Duitsland", "DE"),
        ("Niemcy", "DE"),
        ("Bundesrepublik  Deutschland", "DE"),
        ("DEU", "DE"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("U.S.", "US"),
        ("The United States", "US"),
        ("UK", "GB"),
        ("Great Britain", "GB"),
        ("Österreich", "AT"),
        ("Osterreich", "AT"),
        ("OESTERREICH", "AT"),
        ("Wlochy", "IT"),
        ("Bosnia and Herzegovina", "BA"),
        ("Cote d'Ivoire", "CI"),
        ("Myanmar", "MM"),
        ("Saint Lucia", "LC"),
        ("Korea, Republic of", "KR"),
        ("日本", "JP"),
        ("Ελλάδα", "GR"),
        ("Magyarország", "HU"),
        ("Suisse", "CH"),
        ("Kosovo", "XK"),
    ],
)
def test_a_country_is_known_by_its_name_in_these_languages_and_its_own_and_by_other_codes(name, code):
    assert codes_of(name) == {code}


@pytest.mark.parametrize("name", ["Congo", "Korea", "Corée", "Guinea", "Saint Martin", "Virgin Islands"])
def test_a_name_of_several_countries_means_all_of_them(name):
    assert len(codes_of(name)) > 1


@pytest.mark.parametrize("name", ["", "-", "D", "EU", "Europe", "Atlantis", "Yugoslavia", "Deutschland" * 1000])
def test_what_names_no_country_means_none(name):
    assert not codes_of(name)


def test_every_code_has_a_name():
    assert len(CODES) == 250
    assert {code for code in CODES if codes_of(code) != {code}} == set()


def test_names_are_asked_about_with_their_codes_and_shared_or_unknown_ones_without():
    decision = column("DE", "Frankreich", "Congo", "Polska", "Atlantis")
    (question,) = about_cells(decision, 3, "Land")
    assert (question.id, question.kind) == ("words-4", "words")
    proposed = [(choice.value, choice.text) for choice in question.choices]
    assert proposed == [("Frankreich", "FR"), ("Polska", "PL"), ("Congo", ""), ("Atlantis", "")]
    assert "“Frankreich”, “Polska”, “Congo” and 1 more stand for? Frankreich in line 3 is no code" in question.text
    assert decision.reading.words == {}


@pytest.mark.parametrize("cells", [("DE", "fr", "NA"), ("DE", "FR", "XX"), ("DE", "FR", "")])
def test_codes_in_any_case_and_a_few_unknown_ones_raise_no_question(cells):
    assert not column(*cells).open


def test_a_column_of_unknown_words_is_asked_about_so_many_of_them_at_once():
    decision = column(*(f"Atlantis {number}" for number in range(200)))
    assert decision.open == ("words",)
    assert len(decision.examples["words"]) == MOST_OTHERS


def test_what_was_said_holds_and_another_name_is_asked_alone():
    known = Reading("country", words={"Frankreich": "FR"})
    assert not column("frankreich", "DE", known=known).open
    decision = column("Frankreich", "Polen", known=known)
    assert (decision.open, decision.examples) == (("words",), {"words": ("Polen",)})
    assert decision.reading.words == {"Frankreich": "FR"}


def test_an_answer_is_taken_in_any_case_and_one_that_is_no_code_is_not():
    said = said_of_cells("country", ["4"], Answers({"words-4": {"Polen": "pl "}}))
    assert settled(column("Polen"), said).reading == Reading("country", words={"Polen": "PL"})
    assert "words" not in said_of_cells("country", ["4"], Answers({"words-4": {"Polen": "Polska"}})).final


def test_an_answer_without_any_value_settles_that_the_words_fail(read):
    said = said_of_cells("country", ["4"], Answers({"words-4": {}}))
    assert not settled(column("Polen"), said).open


@pytest.mark.parametrize(
    ("cell", "outcome"),
    [
        ("DE", ("DE", [], None)),
        ("na", ("NA", ["capitals"], None)),
        ("POLEN", ("PL", ["word"], None)),
        ("Uk", ("GB", ["word"], None)),
        ("Tschechien", ("Tschechien", [], "not_a_country")),
        ("XX", ("XX", [], "not_a_country")),
        ("", (None, [], None)),
    ],
)
def test_a_cell_is_a_code_or_what_its_word_stands_for_or_fails(cell, outcome, read):
    assert read("country", cell, words={"Polen": "PL", "UK": "GB"}) == outcome


def test_what_fails_says_what_to_do():
    fault = reader_of(Reading("country"))("Tschechien").fault
    assert fault.message == (
        "should be a two-letter country code such as DE or GB: nobody has said what Tschechien stands for; write"
        " the code"
    )


def test_the_names_take_little_memory():
    program = (
        "import tracemalloc; from importer.files.cells.country_names import codes_of;"
        "tracemalloc.start(); codes_of('Polen'); kept, _ = tracemalloc.get_traced_memory();"
        "assert kept < 5_000_000, kept"
    )
    run = subprocess.run([sys.executable, "-c", program], check=False, cwd=Path(__file__).parents[3])
    assert run.returncode == 0


def test_names_are_loaded_only_where_a_column_has_some():
    program = (
        "import sys; from importer.files.cells.evidence import decide;"
        "decide('country', [(2, 'DE'), (3, 'fr')]); assert 'babel' not in sys.modules;"
        "decide('country', [(2, 'Polen')]); assert 'babel' in sys.modules"
    )
    run = subprocess.run([sys.executable, "-c", program], check=False, cwd=Path(__file__).parents[3])
    assert run.returncode == 0
