"""The example in docs/api.md, run as it stands there, and the shapes that the page promises."""

import io
import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from supervisor import Processes
from werkzeug.serving import make_server

from importer.control import tokens
from importer.control.options import NAMES, PARTS, options_from
from importer.statuses import Status

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


def steps_of(section: str) -> list[tuple[str, str]]:
    """The commands of a section, and the answers behind them."""
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```\s+```json\n(.*?)```", text, re.DOTALL)


STEPS = steps_of("A worked example")
OPTIONS = re.search(r"```json\n(.*?)```", PAGE.partition("## What a script may say of a file")[2], re.DOTALL)[1]
SECONDS = 60
SUPPORT = str(Path(__file__).parents[2] / "support")


@pytest.fixture
def url(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()


def holds(told, promised):
    """Whether an answer has all that the page shows of it."""
    if isinstance(promised, dict):
        return all(name in told and holds(told[name], value) for name, value in promised.items())
    if isinstance(promised, list):
        return len(told) == len(promised) and all(map(holds, told, promised))
    return told == promised


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="NO EXAMPLE WAS RUN: there is no curl here")


@needs_curl
def test_the_example_answers_what_it_says(url, operator, session, tmp_path):
    assert len(STEPS) == 5
    run_steps(STEPS, url, tokens.create_token(session, operator, "script"), tmp_path)


@needs_curl
def test_the_example_of_a_repair_answers_what_it_says(url, operator, session, tmp_path, servers, database_url):
    steps = steps_of("Repairing failed rows")
    assert len(steps) == 2
    token = tokens.create_token(session, operator, "script")
    more = {"DATABASE_URL": database_url, "SECRET_KEY": "of tests and nothing else", "PYTHONPATH": SUPPORT}
    with Processes({**servers.environment(), **more}, tmp_path) as processes:
        processes.dispatcher()
        processes.worker()
        run_steps(steps[:1], url, token, tmp_path)
    run_steps(steps[1:], url, token, tmp_path, ID=json.loads((tmp_path / "import.json").read_text())["id"])


def run_steps(steps, url, token, tmp_path, **more):
    environment = {**os.environ, "URL": url, "TOKEN": token, **more}
    for commands, answer in steps:
        ran = subprocess.run(
            ["bash", "-e", "-c", commands],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        assert holds(json.loads(ran.stdout), json.loads(answer)), ran.stdout


def test_the_options_that_are_shown_are_understood_and_none_is_left_out():
    shown = json.loads(OPTIONS)
    assert shown.keys() == {*PARTS, *NAMES}
    answers = options_from(shown).given
    assert (answers["column-Notes"], answers["field-company"], answers["header"]) == ("none", "=ACME", "3")


@pytest.mark.parametrize("status", [Status.WAITING, Status.CONVERTING])
def test_the_statuses_before_the_first_row_are_told(status):
    assert f"| `{status}` |" in PAGE


def test_a_file_that_must_not_be_asked_about_is_refused_with_its_questions(operator, session, client):
    headers = {"Authorization": f"Bearer {tokens.create_token(session, operator, 'script')}"}
    content = b"email,name,balance\nana@example.com,Ana,1.500\n"
    data = {"record_type": "contacts", "file": (io.BytesIO(content), "a.csv")}
    answer = client.post("/api/imports?ask=never", data=data, headers=headers)
    assert answer.status_code == 422
    error = answer.get_json()["error"]
    assert (error["code"], [question["id"] for question in error["questions"]]) == (
        "questions",
        ["decimal_mark-3"],
    )
