"""Answers about a file as its history tells them: which question, and what was said; never a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_TOLD = 20
"""So many answers that are given together are told one by one."""

NAME_CHARS = 60

ASKED = {
    "encoding": "the encoding",
    "delimiter": "what stands between the cells",
    "header": "the line with the names of the columns",
    "footer": "whether what stands below the table is a row",
    "sheet": "the table to be imported",
    "field": "the column of a field",
    "column": "the field of a column",
    "date_order": "the order of dates",
    "decimal_mark": "the mark before decimals",
    "century": "the hundred years of dates",
    "percent": "numbers with a percent sign",
    "no_values": "cells that may hold no value",
    "words": "the meaning of words",
}
"""What each kind of question is about. Their own texts quote cells of the file."""

A_VALUE_FOR_EACH = "a value for each"
CHOSEN = "chosen"


def answered(
    questions: Sequence[Mapping[str, Any]], given: Mapping[str, Any], header: Sequence[str]
) -> dict[str, Any]:
    """The details of an event about these answers.

    Args:
        questions: that were open, as the import keeps them.
        given: answers by question; those to what was not asked are not told.
        header: the names of the columns, as far as they are known.
    """
    told = list(_in_words(questions, given, header))
    return {"questions": len(told) or len(given), "answers": told[:MOST_TOLD]}


def _in_words(
    questions: Sequence[Mapping[str, Any]], given: Mapping[str, Any], header: Sequence[str]
) -> Iterator[list[str]]:
    for question in questions:
        if question["id"] in given:
            about = ASKED.get(question["kind"], question["kind"])
            yield [f"{about}{_where(question['id'], header)}", _said(question, given[question["id"]])]


def _where(question_id: str, header: Sequence[str]) -> str:
    """The column or field that a question names in its id, in brackets."""
    _, _, named = question_id.partition("-")
    if not named:
        return ""
    place = int(named) - 1 if named.isdecimal() and len(named) < 9 else -1
    return f" ({_cut(header[place]) if 0 <= place < len(header) else _cut(named)})"


def _said(question: Mapping[str, Any], answer: Any) -> str:
    """The words of the choice; an answer that is none of the choices may hold cells."""
    if isinstance(answer, dict | list):
        return A_VALUE_FOR_EACH
    chosen = (choice["text"] for choice in question["choices"] if choice["value"] == str(answer))
    return _cut(next(chosen, CHOSEN))


def _cut(text: str) -> str:
    return text if len(text) <= NAME_CHARS else f"{text[: NAME_CHARS - 1]}…"
