"""`flask imports`: start an import from a file, watch it, and do with it what the pages can do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TextIO

import click

from importer.cli.progress import follow, size_of, uploading
from importer.cli.questions import WAITS, ask_all, can_ask
from importer.cli.refusals import command, refuse
from importer.cli.reports import counts, print_import
from importer.control import accounts, answers, imports, repairs, retries
from importer.control.chosen_imports import MEANINGS, ChosenImports, page_of_imports
from importer.control.first_look import FIRST_BYTES, require_type
from importer.control.options import Options, options_from_text
from importer.control.reports import Report, find_import, report, reports
from importer.control.uploads import begin_upload, receive
from importer.ledger.chosen_rows import ChosenRows
from importer.models import Import, Role, User
from importer.outcomes import Outcome
from importer.statuses import Status
from importer.web.extensions import db, services

EXIT_STATUSES = {Outcome.COMPLETED: 0, Outcome.SOME_FAILED: 2}
NOT_IMPORTED = 1
"""The exit status of every other outcome."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
id_argument = click.argument("import_id", metavar="ID")


@click.group("imports")
def group() -> None:
    """Imports: start, answer, watch, pause, resume, cancel, retry, repair, delete."""


def operator() -> User:
    """Whoever sits at the command line: an admin without an account."""
    return User(email="the command line", role=Role.ADMIN)


answers_option = click.option(
    "--answers",
    "options",
    type=click.File("r", encoding="utf-8"),
    help="JSON with what is to be said of the file.",
)
save_option = click.option(
    "--save-layout", metavar="NAME", help="Remember what is said of the file under this name, once it begins."
)
wait_option = click.option("--wait", is_flag=True, help="Stay until the import has ended or is paused.")


@group.command("start")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--type", "record_type", help="Record type; left out where the file says it. See `flask record-types`."
)
@click.option("--user", "email", help="E-mail address of the user whose import it shall be.")
@answers_option
@click.option("--layout", metavar="NAME", help="Read it as this layout says. See `flask layouts`.")
@save_option
@click.option("--ask", type=click.Choice(["never"]), help="never: refuse a file that needs answers.")
@wait_option
@json_option
@command
def start(
    file: BinaryIO,
    record_type: str | None,
    email: str | None,
    options: TextIO | None,
    layout: str | None,
    save_layout: str | None,
    ask: str | None,
    wait: bool,
    as_json: bool,
) -> None:
    """Import FILE.

    Where only a person can say how the file is read, its questions are asked at the terminal. Without a terminal
    they are printed, and the import waits for `flask imports answer`. The file of --answers answers them
    beforehand, in the shape of the API's `options`.

    The exit status is 0 once the import has begun, 3 if it waits for answers, and 1 if the file is refused. With
    --wait it is 0 only if every row was imported, 2 if some rows failed, and 1 if none was imported or the import
    did not complete.
    """
    session = db.session()
    user = accounts.find_user(session, email) if email else operator()
    said = replace(_options(options).with_names(layout, save_layout), may_wait=ask is None)
    head = file.read(FIRST_BYTES)
    if record_type is None and said.layout is None:
        record_type = require_type(session, services(), head, size_of(file), user.id)
        click.echo(f"Its columns say that its rows are {record_type}.", err=True)
    import_, _ = begin_upload(
        session,
        services(),
        user,
        record_type=record_type,
        filename=Path(file.name).name,
        idempotency_key=None,
    )
    receive(session, services(), import_, uploading(file, head), says_options=lambda: said)
    _finish(import_, wait=wait, as_json=as_json)


@group.command("answer")
@id_argument
@answers_option
@save_option
@wait_option
@json_option
@command
def answer(import_id: str, options: TextIO | None, save_layout: str | None, wait: bool, as_json: bool) -> None:
    """Answer the questions about the file of an import that waits.

    What --answers leaves open is asked at the terminal. The exit status is that of `flask imports start`.
    """
    import_ = find(import_id)
    said = _options(options).with_names(None, save_layout)
    answers.answer(db.session(), services(), import_, operator(), said)
    _finish(import_, wait=wait, as_json=as_json)


def _options(file: TextIO | None) -> Options:
    return options_from_text(file.read()) if file is not None else Options()


def _finish(import_: Import, *, wait: bool, as_json: bool) -> None:
    """Ask what is to be asked, wait if wanted, print the import, and end with its exit status."""
    while True:
        if wait:
            follow(import_)
        if import_.status != Status.WAITING or not can_ask():
            break
        ask_all(import_, operator())
    print_import(import_, as_json)
    if import_.status == Status.WAITING:
        raise SystemExit(WAITS)
    if wait:
        raise SystemExit(exit_status(report(db.session(), services(), import_)))


def exit_status(shown: Report) -> int:
    return EXIT_STATUSES.get(Outcome(shown.outcome), NOT_IMPORTED)


def choosing_options(list_imports: Callable[..., None]) -> Callable[..., None]:
    """The options that choose imports, one for each field of `ChosenImports`."""
    for name in reversed(ChosenImports._fields):
        option = click.option(f"--{OPTION_NAMES.get(name, name)}", name, help=f"It must be {MEANINGS[name]}.")
        list_imports = option(list_imports)
    return list_imports


OPTION_NAMES = {"record_type": "type"}


@group.command("list")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, the latest first."
)
@choosing_options
@json_option
@command
def list_(limit: int, as_json: bool, **said: str | None) -> None:
    """List the latest imports, or those that the options choose."""
    session = db.session()
    condition = ChosenImports.asked(session, operator(), said).condition_of_scripts()
    latest, _ = page_of_imports(session, operator(), limit=limit, condition=condition)
    found = reports(session, services(), latest)
    if as_json:
        click.echo(json.dumps([entry.as_dict() for entry in found], indent=2))
        return
    for entry in found:
        click.echo(f"{entry.id}  {entry.summary:<24} {entry.record_type:<12} {counts(entry)}  {entry.filename}")


@group.command("show")
@id_argument
@json_option
@command
def show(import_id: str, as_json: bool) -> None:
    """Show an import's status and counts, its questions, how its file is read, and what was read otherwise."""
    print_import(find(import_id), as_json, in_full=True)


@group.command("retry")
@id_argument
@click.option("--row", type=click.IntRange(min=1), help="Only this row.")
@click.option("--field", help="Only rows at whose fault this field is; empty: the row as a whole.")
@click.option("--code", help="Only rows that failed with this code.")
@click.option("--text", help="Only rows of which a cell or the reason holds this text.")
@json_option
@command
def retry(import_id: str, row: int | None, as_json: bool, **told: str | None) -> None:
    """Try the failed rows again: all, one, or those of a group or a search."""
    import_, chosen = find(import_id), ChosenRows.told(told)
    is_chosen = any(value is not None for value in told.values())
    if row is not None and is_chosen:
        refuse("--row is one row by itself: leave it out, or --field, --code and --text.")
    if is_chosen:
        repairs.begin_retry(db.session(), services(), import_, operator(), chosen)
        count = None
    else:
        count = retries.retry(db.session(), services(), import_, operator(), row)
    if count is not None and not as_json:
        click.echo(f"Failed rows that are tried again: {count:,}", err=True)
    print_import(import_, as_json)


@group.command("delete")
@id_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@command
def delete(import_id: str, yes: bool, as_json: bool) -> None:
    """Delete an import with its failed rows; the records stay."""
    import_ = find(import_id)
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
        import_ = find(import_id)
        act(import_)
        print_import(import_, as_json)


_add_command(
    "pause",
    "Stop reading the file; queued rows are finished.",
    lambda i: imports.pause(db.session(), i, operator()),
)
_add_command(
    "resume", "Go on with the next row.", lambda i: imports.resume(db.session(), services(), i, operator())
)
_add_command(
    "cancel",
    "End an import now; what was imported stays.",
    lambda i: imports.cancel(db.session(), services(), i, operator()),
)


def find(import_id: str) -> Import:
    """The import with this id."""
    return find_import(db.session(), operator(), import_id)
