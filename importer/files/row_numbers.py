"""The numbers of a file's rows: the first row below the header is 1."""

from __future__ import annotations

LARGEST_ROW = 2**31 - 1
"""The largest number that a row can have in the database."""
