"""`flask imports failed-rows` and `correct`: which rows have failed and why, and new cells for one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from importer.cli.imports import id_argument, json_option, operator
from importer.cli.refusals import command
from importer.control import corrections
from importer.control.columns import FileColumns
from importer.control.failed_rows import page_of_failed_rows
from importer.control.groups import Group, groups_of
from importer.control.reports import find_import
from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.chosen_rows import ChosenRows
from importer.models import FailedRow, Import
from importer.web.extensions import db, services
from importer.web.formats import visible


@click.command("failed-rows")
@id_argument
@click.option("--field", help="Only rows at whose fault this field is; empty: the row as a whole.")
@click.option("--code", help="Only rows that failed with this code.")
@click.option("--text", help="Only rows of which a cell or the reason holds this text.")
@click.option("--discarded", is_flag=True, help="Only rows that were discarded.")
@click.option("--groups", "as_groups", is_flag=True, help="Count them by field and code instead.")
@click.option("--after", type=click.IntRange(0, LARGEST_ROW), default=0, help="Only rows after this row number.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many rows.")
@json_option
@command
def failed_rows(
    import_id: str,
    field: str | None,
    code: str | None,
    text: str | None,
    discarded: bool,
    as_groups: bool,
    after: int,
    limit: int,
    as_json: bool,
) -> None:
    """List the failed rows of an import with what is wrong with them."""
    import_ = find_import(db.session(), operator(), import_id)
    chosen = ChosenRows.told({"field": field, "code": code, "text": text})._replace(discarded=discarded)
    if as_groups:
        _print_groups(import_, as_json)
    else:
        _print_rows(import_, chosen, after, limit, as_json)


def _print_groups(import_: Import, as_json: bool) -> None:
    found = groups_of(db.session(), import_).groups
    if as_json:
        click.echo(json.dumps([{**g._asdict(), "examples": [e._asdict() for e in g.examples]} for g in found]))
        return
    for entry in found:
        click.echo(_group(entry))


def _group(entry: Group) -> str:
    such = "; such as " + ", ".join(visible(example.text, 60) for example in entry.examples)
    name = f"{visible(entry.field) or 'the row'} {entry.code}"
    return f"{entry.rows:>10,}  {entry.share:>4.0%}  {name}: {entry.meaning or 'a check of the record type'}{such}"


def _print_rows(import_: Import, chosen: ChosenRows, after: int, limit: int, as_json: bool) -> None:
    page = page_of_failed_rows(db.session(), import_, after=after, limit=limit, chosen=chosen)
    columns = FileColumns(import_)
    if as_json:
        click.echo(json.dumps([_row(row) for row in page.rows], indent=2))
        return
    for row in page.rows:
        for line in _lines(row, columns):
            click.echo(line)
    if page.has_next:
        click.echo(f"More rows follow: --after {page.rows[-1].row_number}", err=True)


def _row(row: FailedRow) -> dict[str, object]:
    names = ("row_number", "line_number", "code", "column_name", "message", "cells", "attempts")
    return {name: getattr(row, name) for name in names}


def _lines(row: FailedRow, columns: FileColumns) -> Iterator[str]:
    """A line about the row, and one about each of its faults with the cell."""
    tried = "once" if row.attempts == 1 else f"{row.attempts} times"
    yield f"row {row.row_number:,}, line {row.line_number:,}, tried {tried}"
    for fault in corrections.faults_of(row, columns):
        cells = [row.cells[place] for place in fault.places if place < len(row.cells)]
        shown = f"  [{visible(' | '.join(cells), 60)}]" if cells else ""
        yield f"  {visible(fault.field or 'row')}: {visible(fault.sentence, 1000)} ({fault.code}){shown}"


@click.command("correct")
@id_argument
@click.argument("row", type=click.IntRange(1, LARGEST_ROW))
@click.option(
    "--set",
    "settings",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="A new text for a cell, by field, by name or number of its column. May be given several times.",
)
@json_option
@command
def correct(import_id: str, row: int, settings: tuple[str, ...], as_json: bool) -> None:
    """Change cells of the failed ROW, and try it again."""
    import_ = find_import(db.session(), operator(), import_id)
    cells = dict(_setting(told) for told in settings)
    attempt = corrections.find_failed_row(db.session(), import_, row).attempts
    changes = FileColumns(import_).by_place(cells)
    corrections.correct(db.session(), services(), import_, row, attempt, changes, operator())
    told = {"row_number": row, "attempt": attempt + 1}
    click.echo(json.dumps(told) if as_json else f"Row {row:,} is corrected, and is tried again.")


def _setting(told: str) -> tuple[str, str]:
    name, equals, value = told.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"{told!r} is not FIELD=VALUE.", param_hint="--set")
    return name, value
