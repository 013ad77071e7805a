"""`flask imports doctor`: what is wrong with imports, in words, and the mending of it."""

from __future__ import annotations

import json
from typing import Any

import click

from importer.cli.imports import json_option, operator
from importer.cli.refusals import command
from importer.control.doctor import Complaint, examine, examine_installation, wanted_imports
from importer.control.reports import find_import
from importer.web.extensions import db, services


@click.command("doctor")
@click.argument("import_id", metavar="[ID]", required=False)
@click.option("--repair", is_flag=True, help="Mend what can be mended.")
@json_option
@command
def doctor(import_id: str | None, repair: bool, as_json: bool) -> None:
    """Compare counters, ledger, checkpoint, queue and file of an import, and say what is wrong.

    Without ID it looks at the parts and processes, and at every import that is unfinished or among the latest.
    The exit status is 0 if nothing is wrong or all of it was mended, and else 1.
    """
    found = [_told(complaint, repair) for complaint in _complaints(import_id)]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _print(found)
    if any(told["state"] != "mended" for told in found):
        raise SystemExit(1)


def _print(found: list[dict[str, Any]]) -> None:
    for told in found:
        click.echo(f"{told['import_id'] or 'all imports'}: {told['message']} [{told['state']}]")
    if not found:
        click.echo("Nothing is wrong.")


def _complaints(import_id: str | None) -> list[Complaint]:
    session = db.session()
    if import_id is not None:
        return examine(session, services(), find_import(session, operator(), import_id))
    found = list(examine_installation(session, services()))
    for import_ in wanted_imports(session):
        found += examine(session, services(), import_)
    return found


def _told(complaint: Complaint, repair: bool) -> dict[str, Any]:
    """The complaint, and what has become of it."""
    if complaint.repair is None:
        state = "needs a person"
    elif repair:
        complaint.repair()
        state = "mended"
    else:
        state = "can be mended with --repair"
    return {
        "import_id": complaint.import_id,
        "code": complaint.code,
        "message": complaint.message,
        "state": state,
    }
