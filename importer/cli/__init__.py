"""The command line, through `flask`: one module for each noun. Whoever may run it acts as an admin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flask import Flask

from importer.cli import (
    doctor,
    exports,
    failed_rows,
    files,
    history,
    imports,
    layouts,
    migrations,
    record_types,
    record_writers,
    records,
    repairs,
    users,
)

NEED_NO_SETTINGS = (files.group,)
"""Commands that work where nothing is set up."""


def register(app: Flask) -> None:
    migrations.register()
    of_imports = (
        doctor.doctor,
        history.history,
        failed_rows.failed_rows,
        failed_rows.correct,
        exports.download,
        exports.upload_corrected,
        repairs.repair,
        records.records,
    )
    for made in of_imports:
        imports.group.add_command(made)
    for module in (users, imports, layouts, record_types, record_writers):
        app.cli.add_command(module.group)
    for group in NEED_NO_SETTINGS:
        app.cli.add_command(group)


def without_settings(arguments: Sequence[str]) -> Flask | None:
    """An application for a command line whose command needs no settings; None for any other.

    Args:
        arguments: of the process, its program first.
    """
    program, *words = arguments
    if Path(program).stem != "flask" or not {group.name for group in NEED_NO_SETTINGS} & set(words):
        return None
    app = Flask("importer")
    for group in NEED_NO_SETTINGS:
        app.cli.add_command(group)
    return app
