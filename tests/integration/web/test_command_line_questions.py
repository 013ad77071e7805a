"""`flask imports start` and `answer`, where only a person can say how a file is read."""

import gzip
import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from importer.cli import questions
from importer.files.questions import Choice, Question
from importer.models import Import
from importer.statuses import Status

SPANISH = "email,name,Notes\na@example.com,Málaga,x\nb@example.com,Muñoz,y\n".encode("cp1252")
RIVALS = "email,E-Mail,name\na@example.com,a@example.org,Málaga\nb@example.com,b@example.org,Muñoz\n".encode(
    "cp1252"
)


@pytest.fixture
def flask(runner):
    return lambda *arguments, **more: runner.invoke(args=list(arguments), **more)


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr("importer.cli.imports.can_ask", lambda: True)


@pytest.fixture
def spanish(tmp_path):
    path = tmp_path / "spanish.csv"
    path.write_bytes(SPANISH)
    return str(path)


def written(tmp_path, told):
    path = tmp_path / "answers.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    return str(path)


def the_import(session):
    session.expire_all()
    return session.query(Import).order_by(Import.sequence.desc()).first()


def test_without_a_terminal_the_questions_are_printed_and_the_import_waits(flask, spanish, session):
    ended = flask("imports", "start", spanish, "--type", "contacts")
    assert ended.exit_code == 3
    import_ = the_import(session)
    assert import_.status == Status.WAITING
    assert "encoding: In which encoding is the file?" in ended.stdout
    assert "'cp1252' (likeliest): Windows-1252 (Western European): “Málaga”" in ended.stdout
    assert f"flask imports answer {import_.id}" in ended.stdout


def test_the_printed_questions_are_answered_by_a_file(flask, spanish, tmp_path, session):
    flask("imports", "start", spanish, "--type", "contacts")
    answers = written(tmp_path, {"answers": {"encoding": "cp1252"}})
    ended = flask("imports", "answer", the_import(session).id, "--answers", answers, "--json")
    assert (ended.exit_code, json.loads(ended.stdout)["status"]) == (0, "queued")
    assert the_import(session).profile["encoding"] == "cp1252"


def test_answers_given_with_the_file_let_it_begin_at_once(flask, spanish, tmp_path):
    answers = written(tmp_path, {"profile": {"encoding": "cp1252"}, "mapping": {"Notes": None}})
    ended = flask("imports", "start", spanish, "--type", "contacts", "--answers", answers, "--json")
    assert (ended.exit_code, json.loads(ended.stdout)["status"]) == (0, "queued")


def test_a_terminal_is_asked_one_question_after_the_other_until_none_is_left(flask, terminal, tmp_path, session):
    (tmp_path / "rivals.csv").write_bytes(RIVALS)
    ended = flask("imports", "start", str(tmp_path / "rivals.csv"), "--type", "contacts", input="\n2\n")
    assert ended.exit_code == 0, ended.output
    assert ended.stderr.index("In which encoding") < ended.stderr.index("Several columns may be email")
    assert "2) column E-Mail: “a@example.org”, “b@example.org”" in ended.stderr
    import_ = the_import(session)
    assert (import_.status, import_.columns) == (Status.QUEUED, [None, "email", "name"])
    assert import_.profile["encoding"] == "cp1252"


def test_a_number_that_is_no_choice_is_asked_again(flask, terminal, spanish, session):
    ended = flask("imports", "start", spanish, "--type", "contacts", input="9\n1\n")
    assert (ended.exit_code, the_import(session).status) == (0, Status.QUEUED)
    assert "9 is not in the range" in ended.stderr


def test_an_import_that_waits_is_asked_about_later(flask, spanish, session, monkeypatch):
    flask("imports", "start", spanish, "--type", "contacts")
    monkeypatch.setattr("importer.cli.imports.can_ask", lambda: True)
    ended = flask("imports", "answer", the_import(session).id, input="1\n")
    assert (ended.exit_code, the_import(session).status) == (0, Status.QUEUED)
    again = flask("imports", "answer", the_import(session).id)
    assert (again.exit_code, "does not wait for answers" in again.stderr) == (1, True)


def test_a_question_about_words_takes_a_value_for_each():
    asked = Question("words-2", "words", "What do they stand for?", (Choice("ja", "yes"), Choice("weg", "")))
    with CliRunner().isolation(input="\nno\n"):
        assert questions._asked(asked) == {"ja": "yes", "weg": "no"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("\n\n", {"Polen": "PL", "Uk": "GB"}),
        ("y\ncd\n", {"Polen": "PL", "Uk": "GB", "Congo": "cd"}),
        ("n\n\n \n\n", {"Polen": "PL"}),
    ],
)
def test_words_that_are_proposed_are_taken_by_one_key_or_asked_one_by_one(typed, said):
    words = (Choice("Polen", "PL"), Choice("Uk", "GB"), Choice("Congo", ""))
    with CliRunner().isolation(input=typed) as (_, errors, _):
        assert questions._asked(Question("words-2", "words", "What do they stand for?", words)) == said
        assert "Polen → PL" in errors.getvalue().decode()


def test_names_of_countries_are_taken_by_one_key_at_a_terminal(flask, terminal, tmp_path, session):
    (tmp_path / "a.csv").write_text("icao,country\nEDDF,Deutschland\nEPWA,Polen\n")
    ended = flask("imports", "start", str(tmp_path / "a.csv"), "--type", "airports", input="\n")
    import_ = the_import(session)
    assert (ended.exit_code, import_.status) == (0, Status.QUEUED)
    assert "Deutschland → DE" in ended.stderr
    assert import_.mapping["fills"][1]["reading"]["words"] == {"Deutschland": "DE", "Polen": "PL"}


def test_an_import_that_waits_for_words_prints_what_is_proposed(flask, tmp_path):
    (tmp_path / "a.csv").write_text("icao,country\nEDDF,Deutschland\nFZAA,Congo\n")
    printed = flask("imports", "start", str(tmp_path / "a.csv"), "--type", "airports").output
    assert "Deutschland → DE" in printed
    assert "Congo → ?" in printed


def test_ask_never_refuses_a_file_with_questions(flask, spanish, session):
    ended = flask("imports", "start", spanish, "--type", "contacts", "--ask", "never")
    assert (ended.exit_code, "In which encoding is the file?" in ended.stderr) == (1, True)
    assert the_import(session).status == Status.STOPPED


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("no json", "The options are no JSON"),
        ({"answers": {"colour": "red"}}, "No question about this file is called colour"),
    ],
)
def test_answers_that_mean_nothing_are_refused_in_words(told, words, flask, spanish, tmp_path):
    ended = flask("imports", "start", spanish, "--type", "contacts", "--answers", written(tmp_path, told))
    assert (ended.exit_code, words in ended.stderr) == (1, True)


def test_the_record_type_may_be_left_out_where_the_file_says_it(flask, tmp_path, session):
    (tmp_path / "a.csv").write_text("icao,name\nEDDB,Berlin\n")
    ended = flask("imports", "start", str(tmp_path / "a.csv"))
    assert ended.exit_code == 0
    assert "its rows are airports" in ended.stderr
    assert the_import(session).record_type == "airports"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name\nAnn\n", "name one of airports, contacts"),
        (b"%PDF-1.7\n", "The file is a PDF"),
        (b"", "The file is empty"),
        (b"\x1f\x8b\x08", "It is a file compressed with gzip: name one of"),
    ],
)
def test_a_file_that_does_not_say_its_record_type_makes_no_import(content, words, flask, tmp_path, session):
    (tmp_path / "a.csv").write_bytes(content)
    ended = flask("imports", "start", str(tmp_path / "a.csv"))
    assert (ended.exit_code, words in ended.stderr) == (1, True)
    assert session.query(Import).count() == 0


def test_the_first_bytes_that_were_looked_at_are_sent_too(flask, tmp_path, session):
    content = b"icao,name\n" + b"EDDB,Berlin\n" * 50_000
    (tmp_path / "a.csv").write_bytes(content)
    assert flask("imports", "start", str(tmp_path / "a.csv")).exit_code == 0
    assert the_import(session).size_bytes == len(content)


def test_waiting_for_the_end_leaves_an_import_that_waits_for_answers(flask, spanish, session):
    ended = flask("imports", "start", spanish, "--type", "contacts", "--wait")
    assert (ended.exit_code, the_import(session).status) == (3, Status.WAITING)


def test_show_tells_how_the_file_is_read_what_is_left_out_and_what_is_asked(flask, spanish, session):
    flask("imports", "start", spanish, "--type", "contacts")
    shown = flask("imports", "show", the_import(session).id).stdout
    assert "Read as: commas between cells, Windows-1252" in shown
    assert "Columns that are not imported: Notes" in shown
    assert "encoding: In which encoding is the file?" in shown
    told = json.loads(flask("imports", "show", the_import(session).id, "--json").stdout)
    assert (told["ignored_columns"], [question["id"] for question in told["questions"]]) == (
        ["Notes"],
        ["encoding"],
    )


def test_waiting_goes_on_through_converting_to_the_questions(flask, tmp_path, session, monkeypatch):
    seen = []

    def convert(seconds):
        seen.append(the_import(session).status)
        session.execute(update(Import).values(status=Status.WAITING))
        session.commit()

    monkeypatch.setattr("importer.cli.progress.time", SimpleNamespace(sleep=convert))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"email,name\na@example.com,Ann\n"))
    ended = flask("imports", "start", str(tmp_path / "a.csv.gz"), "--type", "contacts", "--wait")
    assert (ended.exit_code, seen) == (3, [Status.CONVERTING])


def test_an_import_that_waits_without_questions_says_why_and_begins_once_that_was_read(
    flask, tmp_path, session, monkeypatch
):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"email,name\na@example.com,Ann\n"))
    flask("imports", "start", str(tmp_path / "a.csv.gz"), "--type", "contacts")
    import_ = the_import(session)
    conversion = {"kind": "gzip", "told": ["No question is called sheet."]}
    session.execute(update(Import).values(status=Status.WAITING, questions=[], conversion=conversion))
    session.commit()
    shown = flask("imports", "show", import_.id).stdout
    assert shown.count("No question is called sheet.") == 1
    assert "Nothing is asked." in shown
    taken = []
    monkeypatch.setattr("importer.cli.imports.can_ask", lambda: True)
    monkeypatch.setattr("importer.cli.imports.answers.answer", lambda *_: None)
    monkeypatch.setattr("importer.cli.questions.answer", lambda *said: taken.append(said[-1].given))
    ended = flask("imports", "answer", import_.id, input="y\nn\n")
    assert ended.stderr.count("No question is called sheet.") == 2
    assert (ended.exit_code, taken) == (1, [{}])


def test_a_file_that_is_converted_has_begun(flask, tmp_path, session):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"email,name\na@example.com,Ann\n"))
    assert flask("imports", "start", str(tmp_path / "a.csv.gz"), "--type", "contacts").exit_code == 0
    shown = flask("imports", "show", the_import(session).id).stdout
    assert "Converting" in shown
    assert "Read from:" in shown
