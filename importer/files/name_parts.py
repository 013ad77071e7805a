"""Columns with parts of a person's name: the one that is called by the name may hold only the other part."""

from __future__ import annotations

from collections.abc import Sequence

from importer.files.matching import Matching
from importer.files.names import normalised

FULL_NAME = normalised("full name")
"""A field that may be called so is a person's whole name."""

PARTS = frozenset(
    normalised(name.strip())
    for name in [
        "first name",
        " first",
        " given name",
        " forename",
        " middle name",
        " last name",
        " last",
        " family name",
        " surname",
        " Vorname",
        " Rufname",
        " Nachname",
        " Familienname",
        " prénom",
        " nom de famille",
        " apellido",
        " apellidos",
        " primer apellido",
        " segundo apellido",
        " cognome",
        " sobrenome",
        " apelido",
        " voornaam",
        " achternaam",
        " förnamn",
        " efternamn",
        " fornavn",
        " etternavn",
        " efternavn",
        " imię",
        " nazwisko",
        " příjmení",
        " křestní jméno",
        " имя",
        " фамилия",
        " отчество",
        " etunimi",
        " sukunimi",
        " keresztnév",
        " vezetéknév",
        " soyad",
        " prezime",
        " priimek",
        " 姓",
        " 名",
    ]
)
"""What files call the columns of the parts."""

Cells = Sequence[tuple[int, str]]
"""Those of a column that hold something, with their lines."""


def doubt_whole_names(matching: Matching, cells: Sequence[Cells]) -> None:
    """Let a person say what a whole name is, where the column of that name lacks what others have.

    Args:
        matching: by names; a field of whole names loses its source, and gets rivals.
        cells: of each column.
    """
    for one in matching.fields:
        source = matching.sources.get(one.name)
        if FULL_NAME not in one.names or source is None or source.is_said or len(source.columns) != 1:
            continue
        column = source.columns[0]
        whole = dict(cells[column])
        parts = [
            place for place in matching.free if _is_part(matching.names[place]) and _adds(cells[place], whole)
        ]
        if parts:
            matching.doubt(one.name, sorted([column, *parts]))


def _is_part(name: str) -> bool:
    return normalised(name) in PARTS


def _adds(part: Cells, whole: dict[int, str]) -> bool:
    """Whether a column holds what the whole names of the same lines do not."""
    return any(cell.strip().casefold() not in whole.get(line, cell).casefold() for line, cell in part)
