"""`flask imports records`: the records that an import wrote, and the one that a row became."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence

import click

from importer.cli.imports import id_argument, json_option, operator
from importer.cli.refusals import command
from importer.control.authors import Author, Authors
from importer.control.record_writers import successor_of_row
from importer.control.records import (
    Asked,
    Order,
    RecordsPage,
    RowState,
    page_of_records,
    position_told,
    state_of_row,
)
from importer.control.reports import find_import
from importer.files.row_numbers import LARGEST_ROW
from importer.ledger.record_table import Record, Value
from importer.models import Import
from importer.web.extensions import db, services
from importer.web.formats import visible

CHARACTERS = 1_000
SHOWN = 60

STATES = {
    RowState.FAILED: "Row {row:,} has failed: see `flask imports failed-rows`.",
    RowState.NOT_ENDED: "Row {row:,} is not imported.",
    RowState.NOT_IN_FILE: "The file has no row {row:,}.",
    RowState.IMPORTED: "Row {row:,} is imported, and no record names it any more.",
}

SUPERSEDED = (
    "Row {row:,} is imported, but {other} counts: it has the same key, and had written the record already."
)
WRITTEN_OVER = "Row {row:,} wrote a record, and {other} has written it since."
LAST = "It was written last by {other}."
LATER = "After that {other} wrote it; who did last is not known."


@click.command("records")
@id_argument
@click.option(
    "--key",
    multiple=True,
    help="Only records whose key begins so; once for each field of the key, in their order.",
)
@click.option(
    "--row", type=click.IntRange(1, LARGEST_ROW), help="Only the record that this row of the file became."
)
@click.option(
    "--order", type=click.Choice([str(order) for order in Order]), help="By the row of the file, or by the key."
)
@click.option("--after", help="Go on where the last call says.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@json_option
@command
def records(
    import_id: str,
    key: tuple[str, ...],
    row: int | None,
    order: str | None,
    after: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the records that an import wrote last, and the row that changed each of them last."""
    import_ = find_import(db.session(), operator(), import_id)
    chosen = Order(order) if order else Order.KEY if any(key) else Order.ROW
    asked = Asked(chosen, key if any(key) else (), row, position_told(after))
    page = page_of_records(db.session(), services(), import_, asked, limit=limit, characters=CHARACTERS)
    if as_json:
        click.echo(json.dumps([_as_json(page, one) for one in page.records], indent=2))
    else:
        for line in _lines(import_, page):
            click.echo(line)
    if page.next is not None:
        looked = f"Looked through {page.looked_through:,} records. " if page.looked_through else ""
        click.echo(f"{looked}More may follow: {shlex.join(_options(page, page.next, limit))}", err=True)


def _options(page: RecordsPage, after: str, limit: int) -> Iterator[str]:
    """What the next call needs besides the import."""
    for text in page.asked.key:
        yield f"--key={text}"
    if page.asked.row_number is not None:
        yield f"--row={page.asked.row_number}"
    yield from (f"--order={page.asked.order}", f"--limit={limit}", f"--after={after}")


def _as_json(page: RecordsPage, record: Record) -> dict[str, object]:
    return {
        "key": dict(zip(page.table.key, record.key, strict=True)),
        "values": {name: value.text for name, value in zip(page.table.fields, record.values, strict=True)},
        "written": record.written._asdict(),
        "changed": record.changed._asdict(),
    }


def _lines(import_: Import, page: RecordsPage) -> Iterator[str]:
    authors = Authors(db.session(), operator(), page.records)
    for record in page.records:
        yield f"{', '.join(visible(text, SHOWN) for text in record.key)}"
        yield from value_lines(
            page.table.fields[len(page.table.key) :], record.values[len(page.table.key) :], SHOWN
        )
        yield f"  written last by {author_in_words(authors.of(record.written))}"
        if record.changed != record.written:
            yield f"  changed last by {author_in_words(authors.of(record.changed))}"
    row = page.asked.row_number
    if row is not None and not page.records and page.next is None:
        yield from _of_row(import_, row)


def value_lines(fields: Sequence[str], values: Sequence[Value], characters: int) -> Iterator[str]:
    """The values of a record, each with the name of its field."""
    for name, value in zip(fields, values, strict=True):
        yield f"  {visible(name)}: {'(none)' if value.text is None else visible(value.text, characters)}"


def _of_row(import_: Import, row: int) -> Iterator[str]:
    """What became of a row that no record names."""
    state = state_of_row(db.session(), import_, row)
    found = None
    if state is RowState.IMPORTED:
        found = successor_of_row(db.session(), services(), operator(), import_, row)
    if found is None:
        yield STATES[state].format(row=row)
        return
    yield (SUPERSEDED if found.was_there else WRITTEN_OVER).format(row=row, other=author_in_words(found.first))
    if found.last.writer != found.first.writer:
        yield (LAST if found.is_last_known else LATER).format(other=author_in_words(found.last))
    if found.key is not None:
        yield f"Its key: {', '.join(visible(text, SHOWN) for text in found.key)}"


def author_in_words(author: Author) -> str:
    """Which row of which import this is."""
    if not author.is_an_import:
        return "no import"
    name = "an import that was deleted" if author.import_ is None else visible(author.import_.filename, SHOWN)
    told = "" if author.import_ is None else f" ({author.import_.id})"
    return f"row {author.writer.row_number:,} of {name}{told}"
