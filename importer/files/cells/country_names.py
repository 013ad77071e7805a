"""Names of countries: what people write where a field wants a code.

Most are those of Unicode's CLDR, as babel has them. They are read when a name is looked up for the first time.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from importer.files.cells.country_aliases import ALIASES, SHARED_NAMES
from importer.files.cells.country_codes import CODES

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl")
"""In these every country is known by its name; in the official languages of a country that country is."""

OFFICIAL = frozenset(["official", "de_facto_official"])

MOST_CHARS = 100
"""No name of a country is longer."""

PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "&": "and"})
"""Letters that Unicode does not take for others with an accent, and the sign for a word."""

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def codes_of(name: str) -> frozenset[str]:
    """The codes of the countries that a name may mean; several where it is shared, none where it is not known.

    Args:
        name: in any of the languages known here, or a code of three letters; case, accents and punctuation do not
            matter.
    """
    return _codes_by_name().get(_compared(name), frozenset()) if len(name) <= MOST_CHARS else frozenset()


def _compared(name: str) -> str:
    """A name without what does not matter: its letters and digits alone."""
    words = name.casefold().strip().removeprefix("the ").translate(PLAIN_LETTERS)
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", words)))


@cache
def _codes_by_name() -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for code, name in _all_names():
        found[_compared(name)].add(code)
    for name, codes in SHARED_NAMES.items():
        found[_compared(name)].update(codes)
    return {name: frozenset(codes) for name, codes in found.items() if name}


def _all_names() -> Iterator[tuple[str, str]]:
    """Codes with a name each; those that are no country of ISO 3166-1 left out."""
    yield from ((code, code) for code in CODES)
    yield from _long_codes()
    for code, names in ALIASES.items():
        yield from ((code, name) for name in names)
    for language, codes in _languages().items():
        for code, name in _names_in(language):
            if code in codes:
                yield from ((code, written) for written in _spellings(name, language))


def _long_codes() -> Iterator[tuple[str, str]]:
    """The codes of three letters."""
    from babel.core import get_global

    for alias, codes in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(codes) == 1 and codes[0] in CODES:
            yield codes[0], alias


def _languages() -> dict[str, set[str]]:
    """The languages whose names are known, and the countries that they are known of."""
    from babel.core import get_global

    known: defaultdict[str, set[str]] = defaultdict(set)
    for code, languages in get_global("territory_languages").items():
        for language, facts in languages.items():
            if facts["official_status"] in OFFICIAL:
                known[language].add(code)
    return {**known, **{language: set(CODES) for language in LANGUAGES}}


def _names_in(language: str) -> list[tuple[str, str]]:
    """Codes and names in one language. All of its data are read for that, half a megabyte, and left again."""
    from babel import localedata

    if not localedata.exists(language):
        return []
    names: dict[str, str] = localedata.load(language, merge_inherited=False).get("territories", {})
    localedata.clear_caches()
    return [(code, name) for code, name in names.items() if code in CODES]


def _spellings(name: str, language: str) -> Iterator[str]:
    """A name, and how else it is spelled."""
    yield name
    if name.endswith(")"):
        yield name.partition("(")[0]
    if "St. " in name:
        yield name.replace("St. ", "Saint ")
    if language == "de":
        yield name.translate(UMLAUTS)
