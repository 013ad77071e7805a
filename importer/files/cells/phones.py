"""Telephone numbers that a program took for decimal numbers."""

from __future__ import annotations

import re

from importer.files.cells.outcomes import ReadCell, altered, unaltered

WITH_POINT_ZERO = re.compile(r"\+?[0-9]+[.,]0")


def read_phone(text: str) -> ReadCell:
    """Remove the `.0` or `,0` that a program wrote behind the digits; all else is for the record type's check."""
    if text[-2:] in (".0", ",0") and WITH_POINT_ZERO.fullmatch(text):
        return altered("point_zero", text, text[:-2])
    return unaltered(text)
