"""Names of countries that people write beside those of CLDR."""

from __future__ import annotations

ALIASES: dict[str, tuple[str, ...]] = {
    "AE": ("UAE", "VAE", "EAU"),
    "BA": ("Bosnia", "Bosnien", "Bosnie"),
    "BN": ("Brunei Darussalam",),
    "BO": ("Plurinational State of Bolivia", "Bolivia, Plurinational State of"),
    "BY": ("Weißrussland", "Biélorussie", "Bielorussia", "Bielorrusia", "Wit-Rusland"),
    "CD": ("Democratic Republic of the Congo", "Congo, Democratic Republic of the", "DR Congo", "DRC"),
    "CI": ("Ivory Coast", "Elfenbeinküste", "Costa de Marfil", "Costa d'Avorio", "Costa do Marfim", "Ivoorkust"),
    "CN": ("People's Republic of China", "PRC", "Volksrepublik China", "VR China", "Mainland China"),
    "CV": ("Cabo Verde",),
    "CZ": (
        *("Czech Republic", "Tschechische Republik", "République tchèque", "República Checa", "Repubblica Ceca"),
        *("Tsjechische Republiek", "Republika Czeska", "Česká republika"),
    ),
    "DE": ("BRD", "Bundesrepublik Deutschland", "Federal Republic of Germany", "FRG"),
    "FM": ("Federated States of Micronesia", "Micronesia, Federated States of"),
    "GB": (
        *("UK", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland"),
        *("United Kingdom of Great Britain and Northern Ireland", "Großbritannien", "Grossbritannien"),
        *("Grande-Bretagne", "Angleterre", "Écosse", "Gran Bretaña", "Inglaterra", "Escocia", "Schottland"),
        *("Gran Bretagna", "Inghilterra", "Scozia", "Grã-Bretanha", "Groot-Brittannië", "Engeland", "Schotland"),
        *("Nordirland", "Anglia", "Szkocja"),
    ),
    "GR": ("EL", "Hellas", "Hellenic Republic"),
    "HK": ("Hong Kong", "Hongkong"),
    "IE": ("Republic of Ireland", "Eire"),
    "IR": ("Islamic Republic of Iran", "Iran, Islamic Republic of"),
    "KP": (
        "Democratic People's Republic of Korea",
        "Korea, Democratic People's Republic of",
        "Korea, North",
        "DPRK",
    ),
    "KR": ("Republic of Korea", "Korea, Republic of", "Korea, South"),
    "LA": ("Lao People's Democratic Republic", "Lao PDR"),
    "MD": ("Republic of Moldova", "Moldova, Republic of"),
    "MK": ("Macedonia", "Mazedonien", "Macédoine", "Macedonië", "FYROM"),
    "MM": ("Burma", "Birma", "Birmanie", "Birmania"),
    "MO": ("Macau", "Macao"),
    "NL": ("Holland", "Hollande", "Holanda", "Olanda"),
    "PS": ("Palestine", "State of Palestine", "Palestine, State of", "Palästina", "Palestina", "Palestyna"),
    "RU": ("Russian Federation", "Russische Föderation", "Fédération de Russie", "Federación de Rusia"),
    "SA": ("KSA",),
    "SK": ("Slovak Republic", "Slowakische Republik", "Slovenská republika"),
    "SY": ("Syrian Arab Republic",),
    "SZ": ("Swaziland", "Swasiland", "Suazilandia"),
    "TL": ("East Timor", "Osttimor"),
    "TR": ("Turkey", "Republic of Türkiye"),
    "TW": ("Taiwan, Province of China",),
    "TZ": ("United Republic of Tanzania", "Tanzania, United Republic of"),
    "US": (
        *("United States of America", "Vereinigte Staaten von Amerika", "États-Unis d'Amérique", "EE. UU.", "EUA"),
        *("Estados Unidos de América", "Stati Uniti d'America", "Estados Unidos da América", "États Unis"),
        *("Verenigde Staten van Amerika", "Stany Zjednoczone Ameryki"),
    ),
    "TH": ("ประเทศไทย",),
    "VA": ("Vatican", "Holy See", "Vatikan"),
    "VE": ("Bolivarian Republic of Venezuela", "Venezuela, Bolivarian Republic of"),
    "XK": ("XKX", "Republic of Kosovo"),
    "ZA": ("RSA",),
}
"""By code, short, long and former names of the country. The parts of the United Kingdom have no other code."""

SHARED_NAMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Congo", "Kongo"), ("CD", "CG")),
    **dict.fromkeys(("Korea", "Corea", "Corée", "Coreia"), ("KP", "KR")),
    **dict.fromkeys(("Guinea", "Guinée", "Guiné", "Gwinea"), ("GN", "GQ", "GW")),
    **dict.fromkeys(("Saint Martin", "St. Martin", "Sankt Martin", "San Martino", "San Martín"), ("MF", "SX")),
    **dict.fromkeys(("Virgin Islands", "Jungferninseln", "Îles Vierges", "Islas Vírgenes"), ("VG", "VI")),
}
"""Names that mean several countries, and the codes of these."""
