"""`flask users`, `flask imports`, `flask record-types`: what they do, print and end with."""

import json
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from redis.exceptions import RedisError
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from importer.control import doctor
from importer.models import Alteration, Import
from importer.statuses import Status

PASSWORD = "correct horse battery"


@pytest.fixture
def flask(runner):
    return lambda *arguments, **more: runner.invoke(args=list(arguments), **more)


def test_a_user_is_created_listed_disabled_and_given_a_password(flask, session):
    made = flask("users", "create", "a@example.com", "--role", "admin", "--password-stdin", input=PASSWORD)
    assert (made.exit_code, made.output) == (0, "Created admin a@example.com.\n")
    again = flask("users", "create", "A@example.com", "--role", "admin", "--password-stdin", input=PASSWORD)
    assert (again.exit_code, again.stderr) == (1, "A user A@example.com exists already.\n")
    assert flask("users", "set-password", "a@example.com", "--password-stdin", input="short").exit_code == 1
    assert "is the last admin" in flask("users", "disable", "a@example.com").stderr
    assert flask("users", "set-role", "a@example.com", "operator").exit_code == 1
    flask("users", "create", "c@example.com", "--role", "operator", "--password-stdin", input=PASSWORD)
    assert flask("users", "set-role", "c@example.com", "admin").output == "c@example.com is admin now.\n"
    assert flask("users", "disable", "a@example.com").exit_code == 0
    assert "a@example.com\tadmin\tdisabled" in flask("users", "list").output
    assert flask("users", "enable", "a@example.com").exit_code == 0
    assert "a@example.com\tadmin\tactive" in flask("users", "list").output
    assert flask("users", "disable", "b@example.com").stderr == "There is no user b@example.com.\n"


def test_a_token_is_printed_once_and_revoked(flask, operator, client):
    token = flask("users", "token", operator.email, "--name", "script").output.strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/imports", headers=headers).status_code == 200
    assert flask("users", "token", operator.email, "--name", "script", "--revoke").exit_code == 0
    assert client.get("/api/imports", headers=headers).status_code == 401
    assert flask("users", "token", operator.email, "--name", "script", "--revoke").exit_code == 1


def test_a_login_link_logs_in(flask, operator, client):
    url = flask("users", "login-link", operator.email).output.strip()
    assert url.startswith("https://importer.example/login-link/")
    assert client.get(url.removeprefix("https://importer.example")).location == "/imports"


def test_an_import_is_started_from_a_file(flask, tmp_path, operator):
    file = tmp_path / "a.csv"
    file.write_text("icao\nEDDB\n")
    result = flask("imports", "start", str(file), "--type", "airports", "--user", operator.email, "--json")
    assert result.exit_code == 0
    told = json.loads(result.output)
    assert (told["status"], told["created_by"]) == ("queued", operator.email)


def test_a_refused_file_is_one_line_and_status_1(flask, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("nothing\nx\n")
    result = flask("imports", "start", str(file), "--type", "airports")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert flask("imports", "start", str(file), "--type", "nonsense").exit_code == 1


@pytest.mark.parametrize(
    ("status", "imported", "failed", "exit_code"),
    [
        ("completed", 1, 0, 0),
        ("completed", 1, 1, 2),
        ("completed", 0, 2, 1),
        ("cancelled", 1, 0, 1),
        ("paused", 1, 0, 1),
    ],
)
def test_waiting_ends_with_what_became_of_the_import(
    status, imported, failed, exit_code, flask, tmp_path, monkeypatch
):
    def become(import_):
        import_.status, import_.created_rows, import_.failed_rows = Status(status), imported, failed

    monkeypatch.setattr("importer.cli.imports.follow", become)
    file = tmp_path / "a.csv"
    file.write_text("icao\nEDDB\n")
    assert flask("imports", "start", str(file), "--type", "airports", "--wait").exit_code == exit_code


def test_waiting_sees_what_other_processes_do(flask, tmp_path, monkeypatch, session):
    def complete(seconds):
        session.execute(update(Import).values(status=Status.COMPLETED, total_rows=1, created_rows=1))
        session.commit()

    monkeypatch.setattr("importer.cli.progress.time", SimpleNamespace(sleep=complete))
    file = tmp_path / "a.csv"
    file.write_text("icao\nEDDB\n")
    ended = flask("imports", "start", str(file), "--type", "airports", "--wait")
    assert (ended.exit_code, "1 imported, 0 failed of 1 row\n" in ended.stdout) == (0, True)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OperationalError("x", {}, Exception("no\nroute")), "database does not answer"),
        (RedisError(), "Redis does"),
    ],
)
def test_what_is_away_is_said_in_one_line(error, words, flask, monkeypatch):
    monkeypatch.setattr("importer.cli.imports.page_of_imports", Mock(side_effect=error))
    ended = flask("imports", "list")
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (1, 1)
    assert words in ended.stderr


def test_imports_are_listed_shown_and_changed(flask, operator, make_import, session):
    import_ = make_import(operator, Status.RUNNING, failed=[["X", "Y"]])
    assert import_.id in flask("imports", "list").output
    for verb, status in (("pause", "pausing"), ("resume", "queued"), ("retry", "queued"), ("cancel", "cancelled")):
        result = flask("imports", verb, import_.id, "--json")
        assert (result.exit_code, json.loads(result.stdout)["status"]) == (0, status)
    assert flask("imports", "pause", import_.id).exit_code == 1
    assert "the command line" in flask("imports", "show", import_.id).output
    assert flask("imports", "delete", import_.id, "--yes").exit_code == 0
    assert flask("imports", "show", import_.id).exit_code == 1
    assert session.query(Import).filter(Import.deleted_at.is_(None)).count() == 0


def test_record_types_are_listed_with_their_columns(flask):
    assert "email*, name*, company" in flask("record-types").output


def test_the_doctor_says_what_is_wrong_mends_it_and_ends_with_what_is_left(
    flask, make_import, operator, session, monkeypatch
):
    monkeypatch.setattr(doctor, "DOCTOR_LOOKS_SECONDS", 0)
    import_ = make_import(operator, Status.PAUSED, created_rows=3, total_rows=5)
    told = flask("imports", "doctor", import_.id)
    assert told.exit_code == 1
    assert "The counters say 3 imported and 0 failed, the ledger has 0 rows" in told.output
    assert "[can be mended" in told.output
    (mended,) = json.loads(flask("imports", "doctor", import_.id, "--repair", "--json").output)
    assert (mended["code"], mended["state"]) == ("counters_wrong", "mended")
    sound = flask("imports", "doctor", import_.id)
    assert (sound.exit_code, sound.output) == (0, "Nothing is wrong.\n")


def test_the_doctor_of_everything_says_that_no_process_is_alive(flask):
    told = flask("imports", "doctor")
    assert told.exit_code == 1
    assert "all imports: No dispatcher is running" in told.output
    assert flask("imports", "doctor", "abcdefghijkm").stderr.startswith("There is no import")


def test_a_list_of_more_imports_than_a_thousand_is_refused(flask):
    assert flask("imports", "list", "--limit", "1000").exit_code == 0
    assert flask("imports", "list", "--limit", "1001").exit_code == 2


def test_show_tells_what_was_read_otherwise_than_written(flask, operator, make_import, session):
    import_ = make_import(operator, empty_cells_kept=1200, empty_cells_cleared=2, blank_rows=3)
    of_balance = {"field": "balance", "kind": "decimal_mark", "count": 7000}
    session.add(Alteration(import_sequence=import_.sequence, examples=[[3, "1,5\x1b", "1.5"]], **of_balance))
    of_born = {"field": "born", "kind": "early_year", "count": 1}
    examples = [[4, "0024-03-01", "0024-03-01"]]
    session.add(Alteration(import_sequence=import_.sequence, examples=examples, **of_born))
    session.commit()
    shown = flask("imports", "show", import_.id).output
    assert "Empty cells that left a record's value alone: 1,200" in shown
    assert "Empty cells that cleared a record's value: 2" in shown
    assert "Lines without any value, left out: 3" in shown
    assert "balance: a decimal comma read as a point: 7,000, such as 1,5\u241b → 1.5 in row 3" in shown
    assert "born: a year before 1900, taken as it stands: 1, such as 0024-03-01 in row 4" in shown
    told = json.loads(flask("imports", "show", import_.id, "--json").output)
    assert told["alterations"][0]["examples"] == [{"row_number": 3, "before": "1,5\x1b", "after": "1.5"}]
