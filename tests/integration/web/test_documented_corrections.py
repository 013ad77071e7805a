"""The example of docs/api.md about failed rows, run as it stands there, with a dispatcher and a worker."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest
from test_documented_example import PAGE, SECONDS, holds, url

from importer.control import tokens
from jobs.dispatcher import run
from jobs.dispatcher.worker import DispatcherWorker
from jobs.rows.worker import RowWorker

__all__ = ["url"]

EXAMPLE = PAGE.partition("\n## Failed rows")[2].partition("\n## ")[0]
STEPS = re.findall(r"```sh\n(.*?)```\s+```json\n(.*?)```", EXAMPLE, re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="NO EXAMPLE WAS RUN: there is no curl here")
def test_the_example_answers_what_it_says(url, operator, session, services, tmp_path, monkeypatch):
    monkeypatch.setattr(run.process, "services", lambda: services)
    environment = {**os.environ, "URL": url, "TOKEN": tokens.create_token(session, operator, "script")}
    assert len(STEPS) == 4
    script = "".join(f"{commands} > answer{number}.json\n" for number, (commands, _) in enumerate(STEPS))
    script = re.sub(r"\n > answer", " > answer", script)
    with subprocess.Popen(["bash", "-e", "-c", script], cwd=tmp_path, env=environment) as ran:
        until = time.monotonic() + SECONDS
        while ran.poll() is None and time.monotonic() < until:
            DispatcherWorker(services).work(burst=True, logging_level="WARNING")
            RowWorker(services).work(burst=True, logging_level="WARNING")
        ran.kill()
    assert ran.returncode == 0
    for number, (_, answer) in enumerate(STEPS):
        told = json.loads((tmp_path / f"answer{number}.json").read_text())
        assert holds(told, json.loads(answer)), told
