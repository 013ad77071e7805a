"""Signs and codes of currencies that stand before or after an amount."""

from __future__ import annotations

import unicodedata

CODES = (
    "AED ARS AUD BGN BHD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP GEL GHS HKD HRK HUF IDR ILS INR ISK JOD JPY"
    " KES KRW KWD KZT LKR MAD MXN MYR NGN NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD UAH"
    " USD UYU VND ZAR"
)
"""Of ISO 4217: those that are met. Any other three letters may be a unit, and are not removed."""

NAMES = ("kr", "kr.", "z\u0142", "K\u010d", "Ft", "lei", "\u043b\u0432", "\u0440\u0443\u0431", "Fr.", "Rs", "Rs.")
DOLLARS = ("R$", "US$", "A$", "C$", "CA$", "AU$", "NZ$", "HK$", "S$", "MX$")

KNOWN = frozenset(name.casefold() for name in (*CODES.split(), *NAMES, *DOLLARS))


def is_currency(text: str) -> bool:
    """Whether a text is a sign, a name or a code of a currency. A cent is none: it is a hundredth of the value."""
    if len(text) == 1:
        return unicodedata.category(text) == "Sc" and text != "\u00a2"
    return text.casefold() in KNOWN
