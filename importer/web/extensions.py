"""Flask's extensions and the outside world, as the pages, the API and the CLI reach them."""

from __future__ import annotations

from typing import cast

from flask import current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

from importer.models import Base
from importer.services import Services

# Attributes outlive a commit: reading one again must not open a transaction that then stays idle for as long
# as an upload takes.
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrate()
csrf = CSRFProtect()


def services() -> Services:
    """What this process was set up with: settings, Redis, storage and record types."""
    return cast(Services, current_app.extensions["importer"])


def read_one_moment() -> None:
    """Have everything that this request reads from here on be of one moment.

    Two statements at READ COMMITTED see two: a page would say that a row is being tried again, and that nothing of
    it will change any more.
    """
    db.session.commit()
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
