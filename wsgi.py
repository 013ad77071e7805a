"""The application for a WSGI server: `gunicorn wsgi:app`, `flask --app wsgi`."""

import logging
import sys

from importer import cli, logs
from importer.app import create_app
from importer.errors import SettingsError

logs.configure(logging.WARNING)
try:
    app = create_app()
except SettingsError as error:
    bare = cli.without_settings(sys.argv)
    if bare is None:
        sys.exit(error.message)
    app = bare
