"""Names of months and days of the week in eight languages, folded (see `words.folded`)."""

from __future__ import annotations

NAMES_BY_MONTH = (
    "january jan januar janner januari janvier janv enero ene gennaio gen janeiro styczen stycznia sty",
    "february feb februar feber februari fevrier fevr fev febrero febbraio fevereiro luty lutego lut",
    "march mar marz mrz maerz mars marzo marco maart mrt marzec marca",
    "april apr avril avr abril abr aprile kwiecien kwietnia kwi",
    "may mai mayo maggio mag maio mei maj maja",
    "june jun juni juin junio giugno giu junho czerwiec czerwca cze",
    "july jul juli juillet juil julio luglio lug julho lipiec lipca lip",
    "august aug aout aou agosto ago augustus sierpien sierpnia sie",
    "september sep sept septembre septiembre setiembre settembre set sett setembro wrzesien wrzesnia wrz",
    "october oct oktober okt octobre octubre ottobre ott outubro out pazdziernik pazdziernika paz",
    "november nov novembre noviembre novembro listopad listopada lis",
    "december dec dezember dez decembre diciembre dic dicembre dezembro grudzien grudnia gru",
)
MONTHS: dict[str, int] = {name: number for number, names in enumerate(NAMES_BY_MONTH, 1) for name in names.split()}
"""English, German, French, Spanish, Italian, Portuguese, Dutch, Polish; whole, inflected and short."""

NAMES_OF_WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun",
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so",
    "lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim",
    "lunes martes miercoles jueves viernes sabado domingo mie jue vie sab dom",
    "lunedi martedi mercoledi giovedi venerdi sabato domenica gio",
    "segunda terca quarta quinta sexta feira seg ter qua qui sex",
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo",
    "poniedzialek wtorek sroda czwartek piatek sobota niedziela pon wt sr czw pt sob nie niedz",
)
WEEKDAYS = frozenset(name for names in NAMES_OF_WEEKDAYS for name in names.split())

FILLERS = frozenset(["de", "del", "of", "the", "den", "le", "el", "il", "di", "do", "d"])
"""Words between the parts of a date, or before it."""

ORDINALS = frozenset(["st", "nd", "rd", "th", "er", "re", "ere", "e", "o", "a"])
"""What stands right behind the number of a day."""
