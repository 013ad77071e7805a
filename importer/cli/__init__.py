"""The command line, through `flask`: one module for each noun. Whoever may run it acts as an admin."""

from __future__ import annotations

from flask import Flask

from importer.cli import doctor, imports, migrations, record_types, users


def register(app: Flask) -> None:
    migrations.register()
    imports.group.add_command(doctor.doctor)
    for module in (users, imports, record_types):
        app.cli.add_command(module.group)
