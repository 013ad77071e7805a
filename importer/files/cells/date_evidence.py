"""What the dates of a column show about the order of their parts, and the hundred years that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from importer.files.cells.calendar_days import ORDERS, Day, likely_days, serial_day
from importer.files.cells.findings import Cell, Finding, open_part
from importer.files.cells.readings import Reading
from importer.files.cells.times import split_time

PART = "date_order"

SHOWS: dict[str, str] = {
    "dmy": "that the day comes first",
    "mdy": "that the month comes first",
    "ymd": "that the year comes first",
}
HUNDREDS = (1800, 1900, 2000, 2100)


class WrittenDate(NamedTuple):
    """A cell, and the day that it is in each order that it may have."""

    cell: Cell
    days: dict[str, Day]


def order_and_century(
    cells: Sequence[Cell], known: Reading, earliest_year: int | None, latest_year: int | None
) -> list[Finding]:
    """The order of the parts of dates, and the hundred years that years of two digits lie in."""
    dates = [WrittenDate(cell, days) for cell in cells if (days := likely_days(split_time(cell.text)[0]))]
    order = _serial(cells, dates, known) or _order(dates, known.date_order)
    return [order, _century(dates, order.decided, known.century, earliest_year, latest_year)]


def _serial(cells: Sequence[Cell], dates: Sequence[WrittenDate], known: Reading) -> Finding | None:
    """Day numbers, where the column has some, and no date whose order is in question."""
    in_order = [written.cell for written in dates if _shown_by(written)]
    serials = [(cell, serial) for cell in cells if (serial := serial_day(cell.text))]
    if known.date_order == "serial" and in_order:
        return open_part(PART, None, f"{in_order[0]} is no day number, as in such files before", in_order)
    if not serials or in_order:
        return None
    cell, (day, _) = serials[0]
    evidence = f"{cell} is a day number of a spreadsheet: {day}"
    if known.date_order not in (None, "serial"):
        return open_part(PART, None, evidence, [cell for cell, _ in serials], "serial")
    return Finding(PART, "serial", evidence)


def _order(dates: Sequence[WrittenDate], known: str | None) -> Finding:
    """The order, if one is left that every date may have."""
    left = set(ORDERS)
    proofs: dict[str, Cell] = {}
    doubtful: list[Cell] = []
    for written in _telling(dates):
        shown = _shown_by(written)
        left &= shown
        if len(shown) == 1:
            proofs.setdefault(next(iter(shown)), written.cell)
        else:
            doubtful.append(written.cell)
    only = next(iter(left)) if len(left) == 1 else None
    evidence = _words(proofs, only)
    if not left:
        return open_part(
            PART, None, f"{evidence}, so the column contradicts itself", [*proofs.values()] or doubtful
        )
    if known in SHOWS and known not in left:
        contradiction = f"{evidence}, though for such files it was said {SHOWS[known]}"
        return open_part(PART, None, contradiction, [*proofs.values()] or doubtful, only)
    if known or only:
        return Finding(PART, known or only, evidence)
    if doubtful:
        proposed = (
            "dmy" if all("." in cell.text for cell in doubtful) else None
        )  # nobody puts points behind months
        return open_part(PART, None, f"{doubtful[0]} may be a different day in another order", doubtful, proposed)
    return Finding(PART, None)


def _telling(dates: Sequence[WrittenDate]) -> list[WrittenDate]:
    """The dates that may show an order. A date such as 20240131 shows one only where no other date does: among
    those in another order it is the odd one."""
    telling = [written for written in dates if _shown_by(written)]
    return [written for written in telling if not written.cell.text.isdigit()] or telling


def _shown_by(written: WrittenDate) -> set[str]:
    """The orders that a date may have; empty where its order makes no difference."""
    days = written.days
    is_by_name = any(character.isalpha() for character in split_time(written.cell.text)[0])
    is_same_in_all = len(days) > 1 and len(set(days.values())) == 1
    return set() if is_by_name or is_same_in_all else set(days)


def _words(proofs: dict[str, Cell], only: str | None) -> str:
    """What shows the order, in words; empty where nothing does."""
    if proofs:
        return ", and ".join(f"{cell} shows {SHOWS[order]}" for order, cell in proofs.items())
    return f"all dates together show {SHOWS[only]}" if only else ""


def _century(
    dates: Sequence[WrittenDate], order: str | None, known: int | None, earliest: int | None, latest: int | None
) -> Finding:
    """The hundred years, if the field's first and last year leave one of them for every year of two digits."""
    short = [(written.cell, year) for written in dates if (year := _short_year(written.days, order)) is not None]
    if not short:
        return Finding("century", known)
    outside = [cell for cell, year in short if known is not None and not _is_within(year, known, earliest, latest)]
    if known is not None and not outside:
        return Finding("century", known)
    doubtful = [cell for cell, year in short if len(_years(year, earliest, latest)) > 1]
    if outside:
        evidence = (
            f"the year of {outside[0]} is none that the field may have, if it lies in the years from {known} on"
        )
        return open_part("century", None, evidence, outside)
    if doubtful or latest is None:
        open_cells = doubtful or [cell for cell, _ in short]
        evidence = f"the year of {open_cells[0]} may lie in several centuries"
        return open_part("century", None, evidence, open_cells, _usual_century(latest))
    return Finding("century", latest - 99, f"the year of {short[0][0]} can lie in one century only")


def _short_year(days: dict[str, Day], order: str | None) -> int | None:
    """The two digits of a date's year, in this order if the date may have it; None: it has four."""
    day = days.get(order or "") or next(iter(days.values()))
    return day.year if day.is_short else None


def _years(year: int, earliest: int | None, latest: int | None) -> list[int]:
    """The years that two digits may mean within the field's bounds."""
    meant = (hundred + year for hundred in HUNDREDS)
    return [full for full in meant if (earliest or 0) <= full <= (latest or HUNDREDS[-1] + 99)]


def _is_within(year: int, century: int, earliest: int | None, latest: int | None) -> bool:
    return century + (year - century) % 100 in _years(year, earliest, latest)


def _usual_century(latest: int | None) -> int | None:
    """The hundred years up to the last one that the field may have, if that is near enough to say something."""
    return latest - 99 if latest is not None and latest < HUNDREDS[-1] else None
