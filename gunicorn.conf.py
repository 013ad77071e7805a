"""What gunicorn does besides the Procfile's options: it ends when a setting is wrong."""

import os
import sys
from typing import Any

from importer.config import Settings
from importer.errors import SettingsError
from importer.record_types import RecordTypes

control_socket_disable = True


def on_starting(server: Any) -> None:
    """Check the settings once, here: a worker that ends over them would be started again for ever."""
    try:
        RecordTypes(Settings.from_environment(os.environ).record_types)
    except SettingsError as error:
        sys.exit(error.message)
