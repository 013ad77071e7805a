"""What the sample of a column shows about how its cells are read, and what only a person can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from importer.files.cells import date_evidence, number_evidence, word_evidence
from importer.files.cells.cleaning import clean
from importer.files.cells.findings import Cell, Finding
from importer.files.cells.readings import Reading
from importer.files.cells.words import DATE_KINDS, VALUE_KINDS, squeezed, usual_no_values


class Decision(NamedTuple):
    """How the cells of a column are read.

    Attributes:
        reading: what was decided; an open part has its default.
        evidence: what shows it, in words; empty where nothing was to decide.
        open: parts of the reading that only a person can say: `date_order`, `decimal_mark`, `century`,
            `percent`, `no_values`, `words`.
        examples: for each open part, cells that leave it open: up to three, of `words` many more.
        proposed: for open parts what is likely, where there is something.
        reasons: for each open part, what leaves it open, in words.
    """

    reading: Reading
    evidence: str
    open: tuple[str, ...] = ()
    examples: Mapping[str, Sequence[str]] = {}
    proposed: Mapping[str, Any] = {}
    reasons: Mapping[str, str] = {}


def decide(
    kind: str,
    cells: Sequence[tuple[int, str]],
    *,
    known: Reading | None = None,
    choices: Sequence[str] = (),
    earliest_year: int | None = None,
    latest_year: int | None = None,
) -> Decision:
    """Decide how a column is read, by all cells of its sample.

    Args:
        kind: of the field, one of `KINDS`.
        cells: physical line and text.
        known: parts that a person said for such a file before. They hold, unless a cell contradicts them: then
            they are open again. What a person says about this very file needs no deciding.
        choices: the words that a field of kind `choice` takes.
        earliest_year: the first year that a date of this field may have; None: any, and the early ones are noted.
        latest_year: the last one.

    Raises:
        ValueError: the kind is none of those known.
    """
    notes_early_years = kind in DATE_KINDS and earliest_year is None
    known = replace(known or Reading(), kind=kind, notes_early_years=notes_early_years)
    values = _values(kind, cells, known)
    if kind in DATE_KINDS:
        return _decision(known, date_evidence.order_and_century(values, known, earliest_year, latest_year))
    return _decision(known, _findings(kind, values, known, choices))


def _findings(kind: str, values: Sequence[Cell], known: Reading, choices: Sequence[str]) -> list[Finding]:
    """What the cells of any kind but dates show."""
    if kind in ("decimal", "integer"):
        return [number_evidence.decimal_mark(values, known), number_evidence.percent(values, known)]
    if kind == "yes_no":
        return [word_evidence.yes_no_words(values, known)]
    if kind == "country":
        return [word_evidence.no_values(values, known), word_evidence.country_words(values, known)]
    if kind == "choice":
        return [
            word_evidence.no_values(values, known, choices),
            word_evidence.choice_words(values, known, choices),
        ]
    return [word_evidence.no_values(values, known)]


def _decision(known: Reading, findings: Sequence[Finding]) -> Decision:
    decided: dict[str, Any] = {finding.part: finding.decided for finding in findings}
    unsaid = [finding for finding in findings if finding.is_open]
    return Decision(
        replace(known, **decided),
        "; ".join(finding.evidence for finding in findings if finding.evidence),
        tuple(finding.part for finding in unsaid),
        {finding.part: finding.examples for finding in unsaid},
        {finding.part: finding.proposed for finding in unsaid if finding.proposed is not None},
        {finding.part: finding.evidence for finding in unsaid},
    )


def _values(kind: str, cells: Sequence[tuple[int, str]], known: Reading) -> list[Cell]:
    """The clean cells that have a value, each text once."""
    ignored = usual_no_values(kind) | set(map(squeezed, known.no_values))
    first_lines: dict[str, int] = {}
    for line, cell in cells:
        text, _ = clean(cell, keeps_no_break=kind in VALUE_KINDS)
        if text and squeezed(text) not in ignored:
            first_lines.setdefault(text, line)
    return [Cell(line, text) for text, line in first_lines.items()]
