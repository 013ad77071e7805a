"""`flask imports`: start an import from a file, watch it, and do with it what the pages can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click

from importer.cli.progress import follow, uploading
from importer.cli.refusals import command
from importer.control import accounts, imports, retries
from importer.control.reports import Report, alterations, find_import, page_of_imports, report, reports
from importer.control.uploads import begin_upload, receive
from importer.models import Import, Role, User
from importer.statuses import Status
from importer.web.extensions import db, services
from importer.web.formats import duration, number, visible

SOME_FAILED, NOT_COMPLETED = 2, 1

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
id_argument = click.argument("import_id", metavar="ID")


@click.group("imports")
def group() -> None:
    """Imports: start, watch, pause, resume, cancel, retry, delete."""


def operator() -> User:
    """Whoever sits at the command line: an admin without an account."""
    return User(email="the command line", role=Role.ADMIN)


@group.command("start")
@click.argument("file", type=click.File("rb"))
@click.option("--type", "record_type", required=True, help="Record type; see `flask record-types`.")
@click.option("--user", "email", help="E-mail address of the user whose import it shall be.")
@click.option("--wait", is_flag=True, help="Stay until the import has ended or is paused.")
@json_option
@command
def start(file: BinaryIO, record_type: str, email: str | None, wait: bool, as_json: bool) -> None:
    """Import FILE.

    The exit status is 0 once the import has begun. With --wait it is 0 only if every row was imported, 2 if
    some rows failed, and 1 if the import did not complete.
    """
    session = db.session()
    user = accounts.find_user(session, email) if email else operator()
    import_, _ = begin_upload(
        session,
        services(),
        user,
        record_type=record_type,
        filename=Path(file.name).name,
        idempotency_key=None,
    )
    receive(session, services(), import_, uploading(file))
    if wait:
        follow(import_)
    _print(_report(import_), as_json)
    if wait:
        raise SystemExit(exit_status(import_))


def exit_status(import_: Import) -> int:
    if import_.status != Status.COMPLETED:
        return NOT_COMPLETED
    return SOME_FAILED if import_.failed_rows else 0


@group.command("list")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, the latest first."
)
@json_option
@command
def list_(limit: int, as_json: bool) -> None:
    """List the latest imports."""
    session = db.session()
    latest, _ = page_of_imports(session, operator(), limit=limit)
    found = reports(session, latest)
    if as_json:
        click.echo(json.dumps([entry.as_dict() for entry in found], indent=2))
        return
    for entry in found:
        click.echo(f"{entry.id}  {entry.status:<10} {entry.record_type:<12} {_counts(entry)}  {entry.filename}")


@group.command("show")
@id_argument
@json_option
@command
def show(import_id: str, as_json: bool) -> None:
    """Show an import's status and counts, and what was read otherwise than it stands in the file."""
    import_ = _find(import_id)
    shown, altered = _report(import_), alterations(db.session(), import_)
    if as_json:
        click.echo(json.dumps({**shown.as_dict(), "alterations": altered}, indent=2))
        return
    _print(shown, as_json)
    for line in [*_other_counts(shown), *map(_alteration, altered)]:
        click.echo(line)


@group.command("retry")
@id_argument
@click.option("--row", type=click.IntRange(min=1), help="Only this row.")
@json_option
@command
def retry(import_id: str, row: int | None, as_json: bool) -> None:
    """Try the failed rows again."""
    import_ = _find(import_id)
    count = retries.retry(db.session(), services(), import_, row)
    if not as_json:
        click.echo(f"Failed rows that are tried again: {count:,}", err=True)
    _print(_report(import_), as_json)


@group.command("delete")
@id_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@command
def delete(import_id: str, yes: bool, as_json: bool) -> None:
    """Delete an import with its failed rows; the records stay."""
    import_ = _find(import_id)
    if not yes:
        click.confirm(f"Delete the import of {import_.filename}?", abort=True, err=True)
    imports.delete(db.session(), import_, operator())
    click.echo(json.dumps({"id": import_id, "deleted": True}) if as_json else f"Deleted {import_id}.")


def _add_command(name: str, meaning: str, act: Callable[[Import], None]) -> None:
    @group.command(name, help=meaning)
    @id_argument
    @json_option
    @command
    def run(import_id: str, as_json: bool) -> None:
        import_ = _find(import_id)
        act(import_)
        _print(_report(import_), as_json)


_add_command(
    "pause",
    "Stop reading the file; queued rows are finished.",
    lambda i: imports.pause(db.session(), i, operator()),
)
_add_command("resume", "Go on with the next row.", lambda i: imports.resume(db.session(), services(), i))
_add_command(
    "cancel",
    "End an import now; what was imported stays.",
    lambda i: imports.cancel(db.session(), services(), i, operator()),
)


def _find(import_id: str) -> Import:
    return find_import(db.session(), operator(), import_id)


def _report(import_: Import) -> Report:
    return report(db.session(), services(), import_)


def _print(shown: Report, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(shown.as_dict(), indent=2))
        return
    click.echo(f"{shown.id}  {shown.status}  {shown.filename} ({shown.record_type})")
    click.echo(shown.reason or shown.meaning)
    click.echo(_counts(shown))
    if shown.rows_per_second:
        took = f"{duration(shown.seconds_running)} without pauses, {number(shown.rows_per_second)} rows/s"
        click.echo(took if shown.seconds_left is None else f"{took}, {duration(shown.seconds_left)} left")


def _other_counts(shown: Report) -> Iterator[str]:
    if shown.empty_cells_kept:
        yield f"Empty cells that left a record's value alone: {shown.empty_cells_kept:,}"
    if shown.empty_cells_cleared:
        yield f"Empty cells that cleared a record's value: {shown.empty_cells_cleared:,}"
    if shown.blank_rows:
        yield f"Lines without any value, left out: {shown.blank_rows:,}"


def _alteration(altered: dict[str, Any]) -> str:
    """A line about what was read otherwise, with the first example."""
    told = f"{altered['field'] or 'rows'}: {altered['meaning']}: {altered['count']:,}"
    for row_number, before, after in map(dict.values, altered["examples"][:1]):
        shown = visible(after) if after is not None else "empty"
        told += f", such as {visible(before)} → {shown} in row {row_number:,}"
    return told


def _counts(shown: Report) -> str:
    total = "?" if shown.estimated_rows is None else f"{shown.estimated_rows:,}"
    about = "" if shown.read_to_end or shown.estimated_rows is None else "about "
    return f"{shown.imported_rows:,} imported, {shown.failed_rows:,} failed of {about}{total} rows"
