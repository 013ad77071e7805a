"""The examples of docs/api.md about failed rows and records, run as they stand there on real processes."""

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

STEP = re.compile(r"```sh\n(.*?)```\s+```json\n(.*?)```", re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="NO EXAMPLE WAS RUN: there is no curl here")
@pytest.mark.parametrize(("section", "count"), [("Failed rows", 4), ("Records", 1)])
def test_the_example_answers_what_it_says(section, count, url, operator, session, services, tmp_path, monkeypatch):
    monkeypatch.setattr(run.process, "services", lambda: services)
    environment = {**os.environ, "URL": url, "TOKEN": tokens.create_token(session, operator, "script")}
    steps = STEP.findall(PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0])
    assert len(steps) == count
    script = "".join(f"{commands} > answer{number}.json\n" for number, (commands, _) in enumerate(steps))
    script = re.sub(r"\n > answer", " > answer", script)
    with subprocess.Popen(["bash", "-e", "-c", script], cwd=tmp_path, env=environment) as ran:
        until = time.monotonic() + SECONDS
        while ran.poll() is None and time.monotonic() < until:
            DispatcherWorker(services).work(burst=True, logging_level="WARNING")
            RowWorker(services).work(burst=True, logging_level="WARNING")
        ran.kill()
    assert ran.returncode == 0
    for number, (_, answer) in enumerate(steps):
        told = json.loads((tmp_path / f"answer{number}.json").read_text())
        assert holds(told, json.loads(answer)), told
