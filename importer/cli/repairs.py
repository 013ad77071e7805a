"""`flask imports repair`: a rule for many failed rows."""

from __future__ import annotations

import json
from typing import Any

import click

from importer.cli.imports import find, id_argument, json_option, operator
from importer.cli.refusals import command
from importer.control import repairs
from importer.control.repair_previews import EXAMPLES, Preview, preview
from importer.errors import RuleError
from importer.files.repairs.rule import Rule
from importer.ledger.chosen_rows import ChosenRows
from importer.models import Import
from importer.web.extensions import db, services


@click.command("repair")
@id_argument
@click.option(
    "--field", help="Only rows at whose field something is wrong; empty: rows that are wrong as a whole."
)
@click.option("--code", help="Only rows with this code.")
@click.option("--text", help="Only rows that hold this text.")
@click.option("--rule", "told", required=True, help='JSON such as {"kind": "decimal_mark", "mark": "."}.')
@click.option("--preview", "only_previews", is_flag=True, help="Change nothing; print what the rule would do.")
@click.option("--remember", is_flag=True, help="Read files with the same columns so from now on.")
@json_option
@command
def repair(
    import_id: str,
    field: str | None,
    code: str | None,
    text: str | None,
    told: str,
    only_previews: bool,
    remember: bool,
    as_json: bool,
) -> None:
    """Change many failed rows by a rule, and try them again."""
    import_ = find(import_id)
    chosen = ChosenRows.told({"field": field, "code": code, "text": text})
    rule = repairs.prepared(services(), import_, chosen, _json_of(told))
    if only_previews:
        _print_preview(_whole_preview(import_, chosen, rule), as_json)
        return
    made = repairs.begin(db.session(), services(), import_, operator(), chosen, rule, remembers=remember)
    report = repairs.begun(import_, made, operator())
    click.echo(json.dumps(report.as_dict(), indent=2) if as_json else f"Begun: {report.words}.")


def _json_of(told: str) -> Any:
    try:
        return json.loads(told)
    except (ValueError, RecursionError) as error:
        raise RuleError('The rule is no JSON. Write it such as {"kind": "trim"}.') from error


def _whole_preview(import_: Import, chosen: ChosenRows, rule: Rule) -> Preview:
    """All parts of a preview as one."""
    whole = preview(db.session(), services(), import_, chosen, rule)
    while whole.next is not None:
        part = preview(db.session(), services(), import_, chosen, rule, after=whole.next)
        whole = whole.joined(part)
        db.session().commit()
    return whole


def _print_preview(found: Preview, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
        return
    for example in found.examples[:EXAMPLES]:
        changes = ", ".join(f"{cell.name}: {cell.before!r} → {cell.after!r}" for cell in example.changes)
        click.echo(f"row {example.row_number:,}  {changes}  {example.reason or 'would pass'}")
    click.echo(
        f"Chosen rows: {found.rows:,}. Would pass: {found.would_pass:,}, would still fail: {found.would_fail:,}, "
        f"not changed by the rule: {found.unchanged:,}."
    )
