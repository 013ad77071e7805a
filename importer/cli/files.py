"""`flask files`: what is in a file, before it is uploaded. It needs no database and no settings."""

from __future__ import annotations

from pathlib import Path

import click

from importer.cli.refusals import refuse
from importer.errors import UnknownRecordTypeError
from importer.files.__main__ import FEW, fields_of, tell


@click.group("files")
def group() -> None:
    """Look into files."""


@group.command("inspect")
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option("--all", "tells_all", is_flag=True, help=f"Print every record, not the first {FEW}.")
@click.option("--json", "as_json", is_flag=True, help="Print one object a line for each file.")
@click.option("--type", "record_type", help="The record type whose fields the columns are to fill.")
def inspect(files: tuple[Path, ...], tells_all: bool, as_json: bool, record_type: str | None) -> None:
    """Tell how files would be read, and print their records, as `python -m importer.files` does.

    The exit status is 1 if a file is refused.
    """
    try:
        fields = fields_of(record_type)
    except UnknownRecordTypeError as error:
        refuse(error.message)
    raise SystemExit(tell(files, tells_all=tells_all, as_json=as_json, fields=fields))
