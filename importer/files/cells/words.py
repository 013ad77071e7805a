"""Words in cells: how they are compared, and those that stand for no value or for yes and no."""

from __future__ import annotations

import unicodedata
from functools import cache

DATE_KINDS = frozenset(["date", "datetime"])
VALUE_KINDS = frozenset(["decimal", "integer", "yes_no", *DATE_KINDS])
"""Kinds whose values are no texts: there a word such as NULL can mean only that there is none."""

DASHES = ("\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212")
"""What typography writes for a hyphen."""

NO_VALUES = (
    *("NULL", "(null)", "<null>", r"\N", "N/A", "#N/A", "#NV", "n.a.", "NA", "none", "nil", "nan", "NaT"),
    *("-", "--", "---", *DASHES, "?"),
)
"""What stands for no value wherever the field takes no text. #NV is the German #N/A."""

NO_DATES = (
    *("0000-00-00", "0000-00-00 00:00", "0000-00-00 00:00:00", "0000-00-00T00:00:00", "00.00.0000", "00/00/0000"),
    *("//", "..", "--", "__.__.____", "__/__/____", "____-__-__"),
)
"""What stands for no date: of MySQL, and of forms that were left empty."""

DOUBTFUL_NO_VALUES = (
    *("NULL", "(null)", "<null>", r"\N", "N/A", "#N/A", "#NV", "NaN", "None", "-", "--", *DASHES),
)
"""What may stand for no value in a column of texts, so that it is asked. Not NA: that is Namibia."""

SPREADSHEET_ERRORS = (
    *("#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"),
    *("#BEZUG!", "#WERT!", "#ZAHL!", "#\u00dcBERLAUF!"),
)
"""What a spreadsheet shows where a formula has no value, by its English and German names."""

YES = (
    *("yes", "y", "true", "t", "1", "on", "x", "\u2713", "\u2714"),
    *("ja", "j", "wahr", "oui", "vrai", "s\u00ed", "si", "s", "verdadero", "vero", "sim", "verdadeiro"),
    *("waar", "tak", "prawda"),
)
NO = (
    *("no", "n", "false", "f", "0", "off", "nein", "falsch", "non", "faux", "falso", "n\u00e3o", "nee"),
    *("onwaar", "nie", "fa\u0142sz"),
)


def folded(text: str) -> str:
    """A cell as value maps compare it: without case, accents, blanks around and repeated blanks."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(text.casefold().split())


def squeezed(text: str) -> str:
    """A cell as words for no value compare it: without case and any blanks."""
    return "".join(text.split()).casefold()


@cache
def usual_no_values(kind: str) -> frozenset[str]:
    """Cells that mean "no value" in every column of this kind, squeezed."""
    always = NO_VALUES if kind in VALUE_KINDS else ()
    of_dates = NO_DATES if kind in DATE_KINDS else ()
    return frozenset(squeezed(word) for word in (*always, *of_dates))


ERRORS = frozenset(squeezed(error) for error in SPREADSHEET_ERRORS)


def is_spreadsheet_error(text: str) -> bool:
    """Whether a cell is an error of a spreadsheet, or the ##### of a column that is too narrow."""
    return text[:1] == "#" and (squeezed(text) in ERRORS or (len(text) > 2 and not text.strip("#")))


YES_NO = {**dict.fromkeys(map(folded, YES), "true"), **dict.fromkeys(map(folded, NO), "false")}
"""Every word for yes and no that is known in any column, folded, and what a field takes for it."""
