"""Finding the files of an installed package without importing it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from embedded.processes import EmbeddedError


def package_folder(package: str) -> Path:
    """The folder of an installed package. Importing these packages would start threads and change file modes.

    Raises:
        EmbeddedError: it is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The Python package {package} is not installed. Install requirements-dev.txt.")
    return Path(spec.origin).parent
