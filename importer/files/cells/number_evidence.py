"""What the numbers of a column show about its decimal mark."""

from __future__ import annotations

from collections.abc import Sequence

from importer.files.cells.findings import Cell, Finding, open_part
from importer.files.cells.numbers import readings_of, without_percent
from importer.files.cells.readings import DECIMAL_MARKS, Reading

PART = "decimal_mark"


def decimal_mark(cells: Sequence[Cell], known: Reading) -> Finding:
    """The decimal mark, if some number has one reading only; one that is the same by both marks shows nothing."""
    proofs: dict[str, Cell] = {}
    doubtful: list[Cell] = []
    for cell in cells:
        by_mark = readings_of(without_percent(cell.text) or cell.text)
        if len(by_mark) == 1:
            proofs.setdefault(next(iter(by_mark)), cell)
        elif len(set(by_mark.values())) > 1:
            doubtful.append(cell)
    if len(proofs) > 1:
        return open_part(PART, None, f"{_words(proofs)}, so the column contradicts itself", [*proofs.values()])
    if known.decimal_mark:
        return _known(known.decimal_mark, proofs)
    if proofs:
        return Finding(PART, next(iter(proofs)), _words(proofs))
    if doubtful:
        evidence = f"{doubtful[0]} may have a decimal mark, or a sign between thousands"
        return open_part(PART, None, evidence, doubtful)
    return Finding(PART, None)


def percent(cells: Sequence[Cell], known: Reading) -> Finding:
    """What numbers with a percent sign are, which only a person can say: no cell shows it."""
    signed = [cell for cell in cells if (bare := without_percent(cell.text)) and readings_of(bare)]
    if not signed or known.percent:
        return Finding("percent", known.percent)
    return open_part("percent", None, f"{signed[0]} has a percent sign", signed)


def _known(mark: str, proofs: dict[str, Cell]) -> Finding:
    if not proofs or mark in proofs:
        return Finding(PART, mark, _words(proofs))
    other = next(iter(proofs))
    evidence = f"{_words(proofs)}, though for such files it was said to be {DECIMAL_MARKS[mark]}"
    return open_part(PART, None, evidence, [*proofs.values()], other)


def _words(proofs: dict[str, Cell]) -> str:
    return ", and ".join(f"{cell} shows {DECIMAL_MARKS[mark]}" for mark, cell in proofs.items())
