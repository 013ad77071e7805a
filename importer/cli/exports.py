"""`flask imports download` and `upload-corrected`: rows and results as files, and corrected rows back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from importer.cli.imports import id_argument, json_option, operator
from importer.cli.progress import CHUNK_BYTES, POLL_SECONDS
from importer.cli.refusals import command, refuse
from importer.control import corrected_files, exports
from importer.control.corrected_files import CorrectedFileReport
from importer.control.reports import find_import
from importer.control.undone_rows import undone_rows_file
from importer.ledger.chosen_rows import ChosenRows
from importer.models import Import
from importer.web.extensions import db, services


@click.command("download")
@id_argument
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--result", is_flag=True, help="What each row came to, instead of the failed rows.")
@click.option("--undone", is_flag=True, help="The rows that a cancelled or stopped import left undone.")
@click.option("--field", help="Only failed rows with a fault of this field; empty: of the row as a whole.")
@click.option("--code", help="Only failed rows with this code.")
@click.option("--text", help="Only failed rows that hold this text.")
@command
def download(
    import_id: str,
    file: Path,
    result: bool,
    undone: bool,
    field: str | None,
    code: str | None,
    text: str | None,
) -> None:
    """Write the failed rows of an import into FILE, whose name ends in .csv or .xlsx."""
    ending = file.suffix.lower().removeprefix(".")
    if ending not in exports.FORMATS:
        refuse(f"{file.name} ends in none of .csv and .xlsx: that says how it is written.")
    if sum((result, undone, any(value is not None for value in (field, code, text)))) > 1:
        refuse("--result and --undone are files of their own: --field, --code and --text choose failed rows.")
    import_ = find_import(db.session(), operator(), import_id)
    if result:
        _write(file, exports.result_file(db.session(), services(), import_, ending))
    elif undone:
        _write(file, undone_rows_file(db.session(), services(), import_, ending))
    else:
        chosen = ChosenRows.told({"field": field, "code": code, "text": text})
        _write(file, exports.failed_rows_file(services(), import_, chosen, ending))


def _write(file: Path, pieces: Iterator[bytes]) -> None:
    """Write a file; what broke off in the middle keeps another name, for it looks whole."""
    beginning = file.with_name(f"{file.name}.part")
    with beginning.open("wb") as opened:
        opened.writelines(pieces)
    beginning.replace(file)
    click.echo(f"{file} has {file.stat().st_size:,} bytes.", err=True)


@click.command("upload-corrected")
@id_argument
@click.argument("file", type=click.File("rb"))
@click.option("--wait", is_flag=True, help="Stay until its rows are taken in.")
@json_option
@command
def upload_corrected(import_id: str, file: BinaryIO, wait: bool, as_json: bool) -> None:
    """Take back a FILE of failed rows whose cells were corrected.

    The exit status is 1 if the file is refused.
    """
    import_ = find_import(db.session(), operator(), import_id)
    chunks = iter(partial(file.read, CHUNK_BYTES), b"")
    sent = corrected_files.receive(db.session(), services(), import_, operator(), file.name, chunks)
    report = _wait_for(import_, sent) if wait else sent
    click.echo(json.dumps(report.as_dict(), indent=2) if as_json else _in_words(report))
    if report.refusal:
        raise SystemExit(1)


def _wait_for(import_: Import, report: CorrectedFileReport) -> CorrectedFileReport:
    while report.finished_at is None:
        time.sleep(POLL_SECONDS)
        report = corrected_files.report_on(db.session(), import_, report.id)
        db.session.commit()
    return report


def _in_words(report: CorrectedFileReport) -> str:
    if report.refusal:
        return f"{report.filename} is not taken: {report.refusal}"
    told = report.in_words() if report.finished_at else "it has arrived, and is read next"
    return f"{report.filename}: {told}."
