"""Names of columns, as they are compared."""

from __future__ import annotations

import re
import unicodedata

REMARK = re.compile(r"[(\[]\s*(?:optional|required|mandatory|pflichtfeld|facultatif|obligatoire)\s*[)\]]", re.I)
"""What templates write behind the name of a column."""


def normalised(name: str) -> str:
    """A column's name without case, accents, blanks, punctuation, invisible characters and remarks such as
    "(optional)".

    Compatible characters count as the same (Unicode NFKD): a no-break space is a space.
    """
    decomposed = unicodedata.normalize("NFKD", REMARK.sub("", name)).casefold()
    return "".join(character for character in decomposed if character.isalnum())
