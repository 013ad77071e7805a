"""Imports point down the list of rooms, and no file imports another in a circle (docs/design.md, Layers)."""

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ROOMS = (
    "wsgi",
    "importer.app",
    "importer.front",
    "importer.cli",
    "importer.api",
    "importer.web",
    "importer.control",
    "jobs.__main__",
    "jobs.dispatcher.worker",
    "jobs.files.worker",
    "jobs.rows.worker",
    "jobs.one_job",
    "jobs.resilience",
    "jobs.recovery",
    "jobs.postman",
    "jobs.dispatcher",
    "jobs.files",
    "jobs.rows",
    "jobs",
    "importer.lifecycle",
    "importer.health",
    "importer.services",
    "importer.connections",
    "importer.transactions",
    "importer.queue",
    "importer.ledger",
    "importer.files.__main__",
    "importer.record_types",
    "importer.files",
    "importer.config",
    "importer.sentinel",
    "importer.storage",
    "importer.mail",
    "importer.time_limits",
    "importer.models",
    "importer.outcomes",
    "importer.statuses",
    "importer.errors",
    "importer.logs",
)
"""From the top; a module belongs to the longest name that it begins with."""

WEB = ("importer.app", "importer.cli", "importer.api", "importer.web")


def modules() -> dict[str, Path]:
    paths = [ROOT / "wsgi.py", *(path for room in ("importer", "jobs") for path in (ROOT / room).rglob("*.py"))]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in paths
        if "migrations" not in path.parts
    }


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= inside & EVERYTHING.keys() if inside <= EVERYTHING.keys() else {node.module, *inside}
    return names


EVERYTHING = modules()
IMPORTS = {name: imported(path) for name, path in EVERYTHING.items()}
OUR_IMPORTS = {name: {other for other in names if other in EVERYTHING} for name, names in IMPORTS.items()}


def is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def room_of(name: str) -> int:
    """The place of a module's room in the list."""
    return max(((len(room), place) for place, room in enumerate(ROOMS) if is_in(name, (room,))), default=(0, -1))[
        1
    ]


def users_of(*packages: str) -> set[str]:
    return {name for name, names in IMPORTS.items() if any(is_in(other, packages) for other in names)}


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_a_module_imports_from_its_own_room_and_from_those_below(name):
    above = {other for other in OUR_IMPORTS[name] if room_of(other) < room_of(name)}
    assert not above


def test_no_file_imports_another_in_a_circle():
    in_order = graphlib.TopologicalSorter(OUR_IMPORTS).static_order()  # raises CycleError, which names the circle
    assert set(in_order) >= OUR_IMPORTS.keys()


def test_nothing_in_the_application_imports_the_jobs():
    assert not {name for name in users_of("jobs") if is_in(name, ("importer", "wsgi"))}


def test_the_product_stands_without_the_embedded_servers():
    assert not users_of("embedded")


def test_what_stands_before_the_application_needs_nothing_of_it():
    """Gunicorn's master process imports it, which is never reloaded."""
    allowed = {"importer.errors", "importer.time_limits"}
    theirs = {other for name in OUR_IMPORTS if is_in(name, ("importer.front",)) for other in OUR_IMPORTS[name]}
    assert {other for other in theirs if not is_in(other, ("importer.front",))} <= allowed


def test_flask_stays_in_the_web_the_api_and_the_command_line():
    users = users_of("flask", "flask_migrate", "flask_sqlalchemy", "flask_wtf")
    assert not {name for name in users if not is_in(name, WEB)}


def test_rq_stays_in_the_jobs_the_queue_and_the_dashboard():
    allowed = ("jobs", "importer.queue", "importer.web.rq_dashboard")
    assert not {name for name in users_of("rq", "rq_dashboard") if not is_in(name, allowed)}


def test_only_these_modules_know_boto3():
    assert users_of("boto3", "botocore") == {"importer.storage.s3", "importer.storage.s3_errors"}


def test_only_these_modules_know_csv():
    files = {"csv_reader", "dialects", "exports.csv_writer", "line_formats", "lines_ahead", "templates"}
    files |= {"text_records"}
    assert users_of("csv") <= {f"importer.files.{name}" for name in files}


def test_reading_files_needs_neither_database_nor_network():
    outside = (
        "sqlalchemy",
        "redis",
        "rq",
        "boto3",
        "urllib3",
        "importer.models",
        "importer.queue",
        "importer.storage",
    )
    assert not {name for name in users_of(*outside) if is_in(name, ("importer.files",))}


def test_every_module_has_a_room_of_its_own_in_the_list():
    assert all(any(is_in(name, (room,)) for room in ROOMS) for name in EVERYTHING if name != "importer")


def test_every_folder_says_what_lives_there():
    folders = [path for name, path in EVERYTHING.items() if path.name == "__init__.py"]
    assert folders
    assert not [path for path in folders if not ast.get_docstring(ast.parse(path.read_text()))]
