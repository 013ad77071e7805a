"""Signs and codes of currencies that stand before or after an amount."""

from __future__ import annotations

import re

CODES = (
    "AED ARS AUD BGN BHD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP GEL GHS HKD HRK HUF IDR ILS INR ISK JOD JPY"
    " KES KRW KWD KZT LKR MAD MXN MYR NGN NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD UAH"
    " USD UYU VND ZAR"
)
"""Of ISO 4217: those that are met. Any other three letters may be a unit, and are not removed."""

NAMES = ("kr", "kr.", "z\u0142", "K\u010d", "Ft", "lei", "\u043b\u0432", "\u0440\u0443\u0431", "Fr.", "Rs", "Rs.")
DOLLARS = ("R$", "US$", "A$", "C$", "CA$", "AU$", "NZ$", "HK$", "S$", "MX$")
SIGNS = "$\u00a2\u00a3\u00a5\u0e3f\uffe5\u20a1\u20a6\u20a8-\u20bf"
"""$, cent, pound, yen, baht, and what Unicode keeps for currencies (euro, rupee, rouble, lira and others)."""

_names = "|".join(re.escape(name) for name in sorted((*DOLLARS, *NAMES, *CODES.split()), key=len, reverse=True))
CURRENCY = rf"(?:(?i:{_names})|[{SIGNS}])"
"""A regular expression of one sign or code."""
