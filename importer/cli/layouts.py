"""`flask layouts`: how files are read, under a name."""

from __future__ import annotations

import json

import click

from importer.cli.imports import operator
from importer.cli.refusals import command
from importer.control import layouts
from importer.web.extensions import db
from importer.web.formats import visible

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("layouts")
def group() -> None:
    """What is remembered of files under a name: list, delete."""


@group.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many, by name.")
@json_option
@command
def list_(limit: int, as_json: bool) -> None:
    """List the layouts with their record types and who named them."""
    found, _ = layouts.page_of_layouts(db.session(), limit=limit)
    if as_json:
        click.echo(json.dumps([layout._asdict() for layout in found], indent=2))
        return
    for layout in found:
        columns = ", ".join(map(visible, layout.header)) if layout.header is not None else "many columns"
        click.echo(f"{layout.name}  {layout.record_type}  {layout.by or 'the command line'}  {columns}")


@group.command("delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@command
def delete(name: str, yes: bool) -> None:
    """Forget a layout; imports that are read by it go on."""
    layout = layouts.require(db.session(), name)
    if not yes:
        click.confirm(f"Delete the layout “{layout.name}”?", abort=True, err=True)
    layouts.remove(db.session(), name, operator())
    click.echo(f"Deleted “{layout.name}”.")
