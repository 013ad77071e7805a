"""Converting a file that a test has made, as an upload of it would be converted."""

from __future__ import annotations

from typing import BinaryIO

import pytest

from importer.files.conversion.lines import ConversionLimits, Findings, Line
from importer.files.conversion.tables import convert
from importer.files.kinds import kind_of


class Converted:
    """What became of a file."""

    def __init__(self, lines: list[Line], findings: Findings) -> None:
        self.lines = lines
        self.cells = [line.cells for line in lines]
        self.places = [line.place for line in lines]
        self.told = findings.in_words()
        self.codes = set(findings.counts)


@pytest.fixture
def converted():
    def convert_it(file: BinaryIO, table: str | None = None, **limits: int) -> Converted:
        file.seek(0)
        kind = kind_of(file.read(256 * 1024))
        findings = Findings()
        chosen = ConversionLimits(**limits)
        return Converted(list(convert(file, kind, table=table, limits=chosen, findings=findings)), findings)

    return convert_it
