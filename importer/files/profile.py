"""What a file is: how its bytes become lines, and its lines the records of a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from importer.files.dialects import Dialect


@dataclass(frozen=True)
class Profile:
    """How a text is read.

    Attributes:
        encoding: as Python names it.
        mark: bytes of the byte order marks before the text.
        line_end: `lf`, `crlf`, `cr`, or `mixed`.
        header_line: physical line where the header begins, from 1; None where there is none.
        rows_line: physical line where the first row begins; None where there is no row.
        width: cells of most records.
    """

    encoding: str
    mark: int
    line_end: str
    dialect: Dialect
    header_line: int | None
    rows_line: int | None
    width: int

    def as_json(self) -> dict[str, Any]:
        """What is printed of it."""
        told = asdict(self)
        del told["dialect"]
        return {"format": "text", **told, **self.dialect._asdict()}
