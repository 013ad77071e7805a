"""`flask db`: Flask-Migrate's commands, for revisions in two branches.

`importer` is the product's own, in its folder `importer/migrations/versions`. `record_types` is that of your
record types, in the folder that the setting MIGRATIONS_FOLDER names; a new revision goes there. So a release of
the product and your own tables never stand in each other's way.
"""

from __future__ import annotations

import os
from pathlib import Path

import click
from alembic.config import Config
from flask import current_app
from flask_migrate import cli

from importer.web.extensions import migrate

VERSIONS = Path(__file__).resolve().parents[1] / "migrations" / "versions"

TO_ALL_HEADS = (cli.upgrade, cli.stamp)
"""Commands that mean both branches where none is named."""


def register() -> None:
    """Make Flask-Migrate's commands, which expect one branch, know both."""
    for command in TO_ALL_HEADS:
        (revision,) = (parameter for parameter in command.params if parameter.name == "revision")
        revision.default = "heads"


@migrate.configure  # type: ignore[untyped-decorator]
def find_revisions(config: Config) -> Config:
    """Tell Alembic the folders of both branches."""
    settings = current_app.extensions["importer"].settings
    folder = Path(settings.migrations_folder).absolute()
    if settings.record_types and not folder.is_dir():
        click.echo(f"MIGRATIONS_FOLDER: there is no {folder}. The first `flask db migrate` makes it.", err=True)
    locations = os.pathsep.join([str(VERSIONS), str(folder)])
    config.set_main_option("version_locations", locations.replace("%", "%%"))
    return config
