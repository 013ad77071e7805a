"""Imports point one way: wsgi, pages/API/CLI, control, core; jobs stand on the core (docs/design.md)."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
WEB = ("importer.web", "importer.cli", "importer.app")


def modules(package: str) -> dict[str, Path]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts
    }


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def users_of(*packages: str) -> set[str]:
    everything = modules("importer") | modules("jobs")
    return {name for name, path in everything.items() if any(is_in(i, packages) for i in imported(path))}


def test_nothing_in_the_application_imports_the_jobs():
    assert not {name for name in users_of("jobs") if is_in(name, ("importer",))}


def test_the_product_stands_without_the_embedded_servers():
    assert not users_of("embedded")


def test_flask_stays_in_the_web_and_the_command_line():
    users = users_of("flask", "flask_migrate", "flask_sqlalchemy", "flask_wtf")
    assert not {name for name in users if not is_in(name, WEB)}


def test_only_the_web_and_the_command_line_know_the_web():
    assert not {name for name in users_of("importer.web", "importer.app", "importer.cli") if not is_in(name, WEB)}


def test_rq_stays_in_the_jobs_the_module_that_enqueues_and_the_dashboard():
    allowed = ("jobs", "importer.queue.queues", "importer.web.rq_dashboard")
    assert not {name for name in users_of("rq", "rq_dashboard") if not is_in(name, allowed)}


def test_boto3_lives_in_one_module():
    assert users_of("boto3", "botocore") == {"importer.storage.s3"}


def test_only_one_module_knows_csv():
    assert users_of("csv") <= {"importer.files.csv_reader", "importer.files.templates"}


def test_only_the_web_and_the_command_line_stand_on_control():
    assert not {name for name in users_of("importer.control") if not is_in(name, (*WEB, "importer.control"))}
