"""`flask imports doctor`: says in words what is wrong with imports, and mends it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from importer.cli.imports import json_option, operator
from importer.cli.refusals import command
from importer.control.complaint import Complaint
from importer.control.doctor import examine_installation, examine_twice, wanted_imports
from importer.control.reports import find_import
from importer.errors import StorageError
from importer.health.causes import in_words
from importer.models import Import
from importer.web.extensions import db, services

MENDED = "mended"
MAY_BE_RIGHT = "may be right"


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
    found = []
    for complaint in _complaints(import_id):
        result = _result(complaint, repair)
        found.append(result)
        if not as_json:
            click.echo(f"{result['import_id'] or 'all imports'}: {result['message']} [{result['state']}]")
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif all(result["state"] == MAY_BE_RIGHT for result in found):
        click.echo("Nothing is wrong.")
    if any(result["state"] not in (MENDED, MAY_BE_RIGHT) for result in found):
        raise SystemExit(1)


def _complaints(import_id: str | None) -> Iterator[Complaint]:
    session = db.session()
    if import_id is None:
        yield from examine_installation(session, services())
        wanted: Sequence[Import] = wanted_imports(session)
    else:
        wanted = [find_import(session, operator(), import_id)]
    yield from examine_twice(session, services(), wanted)


def _result(complaint: Complaint, repair: bool) -> dict[str, Any]:
    """The complaint, repaired if `repair` says so, and the state in which it is left."""
    state = "can be mended with --repair" if complaint.repair else "needs a person"
    if not complaint.is_wrong:
        state = MAY_BE_RIGHT
    if repair and complaint.repair:
        try:
            complaint.repair()
            state = MENDED
        except (RedisError, StorageError, OperationalError) as error:
            db.session.rollback()
            state = f"could not be mended: {in_words(error)}"
    return {
        "import_id": complaint.import_id,
        "code": complaint.code,
        "message": complaint.message,
        "state": state,
    }
