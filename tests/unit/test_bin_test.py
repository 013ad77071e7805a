"""`bin/test` runs the linters, the type checker and the tests; `bin/test --quick` only the fast ones of these."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from importer.config import SETTINGS

CHECKOUT = Path(__file__).parents[2]
TWO_AT_ONCE = "--numprocesses 2 --dist loadfile --no-loadscope-reorder"
CHECKS = ["ruff check --no-cache", "ruff format --check", "mypy"]
QUICK = ["-o", "testpaths=tests/unit tests/integration"]
SAYS_WHAT_IT_RUNS = """#!/bin/sh
[ "$1" = -m ] || exit 0
shift
echo "$@" >>"$RUNS"
env >"$RUNS.variables"
[ "$1" != "$FAILS" ]
"""


@pytest.fixture
def run(tmp_path):
    """Call `bin/test` where Python only writes down the modules it is to run; return the status and these."""
    runs = tmp_path / "runs"
    shutil.copytree(CHECKOUT / "bin", tmp_path / "bin")
    for python in (tmp_path / "python3", tmp_path / ".venv" / "bin" / "python"):
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(SAYS_WHAT_IT_RUNS)
        python.chmod(0o755)

    def run(*arguments: str, fails: str = "", **variables: str) -> tuple[int, list[str]]:
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        environment = {**variables, "PATH": path, "RUNS": str(runs), "FAILS": fails}
        command = [tmp_path / "bin" / "test", *arguments]
        done = subprocess.run(command, env=environment, check=False, capture_output=True)
        return done.returncode, runs.read_text().splitlines()

    return run


def test_without_arguments_everything_is_run(run):
    assert run() == (0, [*CHECKS, f"pytest {TWO_AT_ONCE}"])


def test_the_servers_of_the_system_are_not_shared_by_two_processes(run):
    assert run("--system-servers") == (0, [*CHECKS, "pytest --system-servers"])


def test_quick_runs_every_check_and_chooses_among_the_tests(run):
    assert run("--quick") == (0, [*CHECKS, f"pytest {TWO_AT_ONCE} {' '.join(QUICK)}"])


def test_what_quick_chooses_are_the_tests_of_unit_and_integration():
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *QUICK]
    collected = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    folders = {line.split("/")[1] for line in collected.splitlines() if "::" in line}
    assert folders == {"unit", "integration"}


@pytest.mark.parametrize("quick", [[], ["--quick"]])
def test_further_arguments_go_to_pytest(run, quick):
    status, (*_, last) = run(*quick, "tests/unit", "-k", "some")
    assert status == 0
    assert last.endswith(" tests/unit -k some")


@pytest.mark.parametrize("module", ["ruff", "mypy", "pytest"])
def test_it_ends_with_status_1_at_the_first_that_fails(run, module):
    status, ran = run(fails=module)
    assert status == 1
    assert ran[-1].startswith(module)


def test_no_setting_of_the_caller_reaches_the_tests(run, tmp_path):
    run(**{setting.name: "of the caller" for setting in SETTINGS})
    assert "of the caller" not in (tmp_path / "runs.variables").read_text()
