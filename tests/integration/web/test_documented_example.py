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
from werkzeug.serving import make_server

from importer.control import tokens
from importer.control.options import NAMES, PARTS, options_from
from importer.statuses import Status

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
EXAMPLE = PAGE.partition("## A worked example")[2].partition("\n## ")[0]
STEPS = re.findall(r"```sh\n(.*?)```\s+```json\n(.*?)```", EXAMPLE, re.DOTALL)
OPTIONS = re.search(r"```json\n(.*?)```", PAGE.partition("## What a script may say of a file")[2], re.DOTALL)[1]
SECONDS = 60


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


@pytest.mark.skipif(shutil.which("curl") is None, reason="NO EXAMPLE WAS RUN: there is no curl here")
def test_the_example_answers_what_it_says(url, operator, session, tmp_path):
    token = tokens.create_token(session, operator, "script")
    environment = {**os.environ, "URL": url, "TOKEN": token}
    assert len(STEPS) == 5
    for commands, answer in STEPS:
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
