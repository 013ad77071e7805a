"""The application for a WSGI server: `gunicorn wsgi:app`, `flask --app wsgi`."""

import sys

from importer.app import create_app
from importer.errors import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(error.message)
