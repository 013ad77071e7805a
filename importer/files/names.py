"""Names of columns, as they are compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

REMARK = re.compile(r"[(\[]\s*(?:optional|required|mandatory|pflichtfeld|facultatif|obligatoire)\s*[)\]]", re.I)
"""What templates write behind the name of a column."""


def normalised(name: str) -> str:
    """A column's name without case, accents, blanks, punctuation, invisible characters and remarks such as
    "(optional)".

    Compatible characters count as the same (Unicode NFKD): a no-break space is a space.
    """
    if name.isascii() and name.isalnum():
        return name.lower()  # most names and codes; a file may have thousands of columns
    decomposed = unicodedata.normalize("NFKD", REMARK.sub("", name)).casefold()
    return "".join(character for character in decomposed if character.isalnum())


KEPT = 64
SIGNS = "".join(map(chr, (*range(0x370), *range(0x2000, 0x2070), 0xFEFF)))
"""Latin letters, accents, punctuation and invisible characters."""


@lru_cache(maxsize=KEPT)
def ends_of_spellings(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """The characters with which a name may begin, and those with which it may end, however it is spelt.

    A cheap test that nearly all values of a column fail. Letters with accents are known as far as `SIGNS`.
    """
    begin, end = normalised(name)[:1], normalised(name)[-1:]
    begins = {name[:1], begin, begin.upper(), *(sign for sign in SIGNS if normalised(sign)[:1] in ("", begin))}
    ends = {name[-1:], end, end.upper(), *(sign for sign in SIGNS if normalised(sign)[-1:] in ("", end))}
    return frozenset(begins), frozenset(ends)
