"""`flask imports history`: what happened to an import, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC

import click

from importer.cli.imports import id_argument, json_option, operator
from importer.cli.refusals import command
from importer.control.reports import find_import
from importer.lifecycle.events import MOST_EVENTS, HistoryLine, events_of
from importer.web.extensions import db
from importer.web.formats import number, visible


@click.command("history")
@id_argument
@json_option
@command
def history(import_id: str, as_json: bool) -> None:
    """Show what happened to an import, by whom, and when (in UTC); the first comes first."""
    import_ = find_import(db.session(), operator(), import_id)
    lines, _ = events_of(db.session(), import_, limit=2 * MOST_EVENTS)
    if as_json:
        click.echo(json.dumps([line.as_dict() for line in reversed(lines)], indent=2))
        return
    for line in reversed(lines):
        for told in _told(line):
            click.echo(told)


def _told(line: HistoryLine) -> Iterator[str]:
    if line.more:
        yield f"{'':19}  ({number(line.more)} more like the next one)"
    yield f"{line.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}  {visible(line.sentence)}"
    for question, answer in line.answers:
        yield f"{'':19}    {visible(question)}: {visible(answer)}"
