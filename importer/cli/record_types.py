"""`flask record-types`: what can be imported."""

from __future__ import annotations

import click

from importer.cli.refusals import command
from importer.web.extensions import services


@click.command("record-types")
@command
def group() -> None:
    """List the record types with their columns; those with * are required."""
    for record_type in services().record_types:
        click.echo(f"{record_type.name}  ({record_type.label})")
        marks = (f"{field.name}{'*' if field.required else ''}" for field in record_type.fields)
        click.echo(f"    {', '.join(marks)}")
