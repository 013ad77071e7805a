"""`flask records show`: one record, and everybody who wrote it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from importer.cli.imports import operator
from importer.cli.records import author_in_words, value_lines
from importer.cli.refusals import command
from importer.control.record_writers import BEGINNINGS, DEEDS, RecordStory, Writing, find_record
from importer.web.extensions import db, services
from importer.web.formats import visible

CHARACTERS = 1_000


@click.group("records")
def group() -> None:
    """Look at records."""


@group.command("show")
@click.argument("record_type")
@click.argument("key", nargs=-1, required=True)
@command
def show(record_type: str, key: tuple[str, ...]) -> None:
    """Show the record with this KEY (a word for each of its fields), and who wrote it, the last one first."""
    told = find_record(db.session(), services(), operator(), record_type, key, characters=CHARACTERS)
    for line in _lines(told):
        click.echo(line)


def _lines(told: RecordStory) -> Iterator[str]:
    yield ", ".join(visible(text, CHARACTERS) for text in told.record.key)
    yield from value_lines(told.table.fields, told.record.values, CHARACTERS)
    for one in told.writers:
        yield f"  {_when(one)}{author_in_words(one.author)} {DEEDS[one.deed]}"
    if told.beginning in BEGINNINGS:
        yield BEGINNINGS[told.beginning]


def _when(one: Writing) -> str:
    import_ = one.author.import_
    return "" if import_ is None else f"{import_.finished_at or import_.created_at:%Y-%m-%d %H:%M:%S %Z} "
