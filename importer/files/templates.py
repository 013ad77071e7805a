"""Writing CSV for people: templates of files to import."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable


def header_line(names: Iterable[str]) -> str:
    """The first line of a file with these columns."""
    text = io.StringIO()
    csv.writer(text).writerow(names)
    return text.getvalue()
