"""An import as commands print it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from importer.cli.questions import lines_about
from importer.control.reports import Report, about_the_file, report
from importer.models import Import
from importer.web.extensions import db, services
from importer.web.formats import duration, number, reading, visible, what_it_was


def print_import(import_: Import, as_json: bool, *, in_full: bool = False) -> None:
    """Print the status and counts of an import, and what is asked about its file.

    Args:
        in_full: also how its file is read, and what is read otherwise than it stands.
    """
    shown = report(db.session(), services(), import_)
    file = about_the_file(db.session(), import_)
    if as_json:
        click.echo(json.dumps({**shown.as_dict(), **file}, indent=2))
        return
    lines = [*_status(shown), *(_reading(import_, file) if in_full else ()), *lines_about(import_)]
    if in_full:
        lines += [*_other_counts(shown), *map(_alteration, file["alterations"])]
    for line in lines:
        click.echo(line)


def counts(shown: Report) -> str:
    """How many rows are imported and failed, of how many."""
    total = "?" if shown.estimated_rows is None else f"{shown.estimated_rows:,}"
    about = "" if shown.read_to_end or shown.estimated_rows is None else "about "
    noun = "row" if shown.estimated_rows == 1 else "rows"
    return f"{shown.imported_rows:,} imported, {shown.failed_rows:,} failed of {about}{total} {noun}"


def _status(shown: Report) -> Iterator[str]:
    yield f"{shown.id}  {shown.summary}  {shown.filename} ({shown.record_type})"
    yield shown.meaning
    if shown.reason:
        yield shown.reason
    yield counts(shown)
    if shown.rows_per_second:
        took = f"{duration(shown.seconds_running)} without pauses, {number(shown.rows_per_second)} rows/s"
        yield took if shown.seconds_left is None else f"{took}, {duration(shown.seconds_left)} left"


def _reading(import_: Import, file: dict[str, Any]) -> Iterator[str]:
    if import_.conversion:
        yield f"Read from: {what_it_was(import_.conversion)}"
    elif file["profile"]:
        yield f"Read as: {reading(file['profile'])}"
    if file["layout"]:
        yield f"Layout: {file['layout']}"
    yield from file["warnings"]
    if file["ignored_columns"]:
        yield f"Columns that are not imported: {', '.join(map(visible, file['ignored_columns']))}"


def _other_counts(shown: Report) -> Iterator[str]:
    if shown.empty_cells_kept:
        yield f"Empty cells that left a record's value alone: {shown.empty_cells_kept:,}"
    if shown.empty_cells_cleared:
        yield f"Empty cells that cleared a record's value: {shown.empty_cells_cleared:,}"
    if shown.blank_rows:
        yield f"Lines without any value, left out: {shown.blank_rows:,}"
    if shown.kept_until:
        until = datetime.fromisoformat(shown.kept_until).astimezone(UTC)
        yield f"Rows that were not imported can be downloaded until {until:%Y-%m-%d %H:%M:%S} UTC"


def _alteration(altered: dict[str, Any]) -> str:
    """A line about what was read otherwise, with the first example."""
    told = f"{altered['field'] or 'rows'}: {altered['meaning']}: {altered['count']:,}"
    for row_number, before, after in map(dict.values, altered["examples"][:1]):
        becomes = "" if after == before else f" → {visible(after) if after is not None else 'empty'}"
        told += f", such as {visible(before)}{becomes} in row {row_number:,}"
    return told
