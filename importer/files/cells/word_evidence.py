"""What the words of a column show: those that may stand for no value, and those that the field does not know."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence

from importer.files.cells.country_codes import CODES
from importer.files.cells.country_names import codes_of
from importer.files.cells.findings import Cell, Finding, open_part
from importer.files.cells.readings import Reading
from importer.files.cells.words import (
    DOUBTFUL_NO_VALUES,
    NO_VALUES,
    YES_NO,
    folded,
    is_spreadsheet_error,
    squeezed,
)

DOUBTFUL = frozenset(map(squeezed, DOUBTFUL_NO_VALUES))
NO_NUMBERS = frozenset(map(squeezed, NO_VALUES))

NEAR = 0.8
"""How much of two words must be the same (as `difflib` measures it) for one to be proposed for the other."""

MOST_PROPOSALS = 200
MOST_OTHERS = 30
"""So many words are asked about of those for which something is proposed, and of the others."""

MOST_CHARS = 100
"""Nobody is asked what a longer cell stands for: it fails."""


def no_values(cells: Sequence[Cell], known: Reading, choices: Collection[str] = ()) -> Finding:
    """Words such as NULL in a column of texts, which may be a text as well.

    A word that the value map has is decided: who keeps NULL as a text maps it to itself. In a column of telephone
    numbers none of them can be one.
    """
    is_phone = known.kind == "phone"
    words = NO_NUMBERS if is_phone else DOUBTFUL
    mapped = {folded(word) for word in known.words}
    found = [
        cell
        for cell in cells
        if squeezed(cell.text) in words and cell.text not in choices and folded(cell.text) not in mapped
    ]
    if not found:
        return Finding("no_values", known.no_values)
    proposed = (*known.no_values, *dict.fromkeys(cell.text for cell in found))
    if is_phone:
        return Finding("no_values", proposed, f"{found[0]} is no telephone number, and read as no value")
    return open_part("no_values", known.no_values, f"{found[0]} may mean that there is no value", found, proposed)


def yes_no_words(cells: Sequence[Cell], known: Reading) -> Finding:
    """Words that are neither a known yes nor a known no."""
    words = _allowed(known.words, ("true", "false"))
    unknown = _unknown(cells, {*YES_NO, *map(folded, words)})
    if not unknown:
        return Finding("words", words)
    return _open_words(words, "is no word for yes or no that is known here", unknown, {})


def choice_words(cells: Sequence[Cell], known: Reading, choices: Sequence[str]) -> Finding:
    """Words that are none of the choices as they are spelled; proposes the choices that come near."""
    if not choices:
        return Finding("words", known.words)
    words = _allowed(known.words, choices)
    others = [cell for cell in cells if cell.text not in choices and squeezed(cell.text) not in DOUBTFUL]
    unknown = _unknown(others, set(map(folded, words)))
    if not unknown:
        return Finding("words", words)
    return _open_words(words, "is none of the choices", unknown, _nearest(unknown[:MOST_PROPOSALS], choices))


def country_words(cells: Sequence[Cell], known: Reading) -> Finding:
    """Words that are no codes of countries; proposes the code of what is surely the name of one.

    Where nothing but a few cells is unknown, and none of them may be a country's name, nobody is asked: they fail.
    """
    words = _allowed(known.words, CODES)
    others = [cell for cell in cells if cell.text.upper() not in CODES and squeezed(cell.text) not in DOUBTFUL]
    unknown = _unknown(others, set(map(folded, words)))
    meant = {folded(cell.text): codes_of(cell.text) for cell in unknown}
    if not any(meant.values()) and len(unknown) * 2 <= len(cells):
        return Finding("words", words)
    proposed = {word: code for word, codes in meant.items() if len(codes) == 1 for code in codes}
    return _open_words(words, "is no code of a country such as DE", unknown, proposed)


def _open_words(
    words: Mapping[str, str], problem: str, unknown: Sequence[Cell], proposed: Mapping[str, str]
) -> Finding:
    """Words that nobody has explained yet, those for which something is proposed first."""
    likely = [cell for cell in unknown if folded(cell.text) in proposed][:MOST_PROPOSALS]
    others = [cell for cell in unknown if folded(cell.text) not in proposed][:MOST_OTHERS]
    said = {**words, **proposed} or None
    return open_part(
        "words", words, f"{unknown[0]} {problem}", likely + others, said, MOST_PROPOSALS + MOST_OTHERS
    )


def _allowed(words: Mapping[str, str], values: Collection[str]) -> dict[str, str]:
    """A value map without what it maps to values that the field does not take any more."""
    return {word: value for word, value in words.items() if value in values}


def _unknown(cells: Sequence[Cell], words: Collection[str]) -> list[Cell]:
    """Cells that somebody may have to explain, as no word for them is known."""
    likely = (cell for cell in cells if len(cell.text) <= MOST_CHARS and not is_spreadsheet_error(cell.text))
    return [cell for cell in likely if folded(cell.text) not in words]


def _nearest(cells: Sequence[Cell], choices: Sequence[str]) -> dict[str, str]:
    """For each cell that comes near a choice: the cell, folded, and that choice."""
    by_word = {folded(choice): choice for choice in reversed(choices)}
    nearest = {}
    for cell in cells:
        word = folded(cell.text)
        for near in difflib.get_close_matches(word, by_word, 1, NEAR):
            nearest[word] = by_word[near]
    return nearest
