import pytest

from importer.files.cells.chain import reader_of
from importer.files.cells.readings import Reading


@pytest.fixture
def read():
    """Reads one cell of a column of this kind: its text, the kinds of its alterations, the code of its fault."""

    def read(kind, cell, **parts):
        outcome = reader_of(Reading(kind, **parts))(cell)
        return outcome.text, [made.kind for made in outcome.alterations], outcome.fault and outcome.fault.code

    return read
