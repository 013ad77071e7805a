"""The application for a WSGI server: `gunicorn wsgi:app`, `flask --app wsgi`."""

import logging
import sys

from importer import logs
from importer.app import create_app
from importer.errors import SettingsError

logs.configure(logging.WARNING)
try:
    app = create_app()
except SettingsError as error:
    sys.exit(error.message)
