"""Files of one table, each spoilt in one way of those that are met with, and what each must be read as."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

HEADER = ["DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductType", "Description", "URL", "Comments"]
ROWS = 83

Rows = list[list[str]]


class Polluted(NamedTuple):
    """A file, what was done to it, and the records that are in it, the header among them."""

    what: str
    content: str
    records: Rows


def table(seed: int) -> Rows:
    """A header and rows with dates, amounts, codes, addresses, quotes, commas and line ends in them."""
    chance = random.Random(seed)
    return [HEADER, *(_row(chance, number) for number in range(ROWS))]


def _row(chance: random.Random, number: int) -> list[str]:
    return [
        f"{chance.randrange(1, 29):02}/{chance.randrange(1, 13):02}/2021",
        f"{chance.randrange(24):02}:{chance.randrange(60):02}",
        str(chance.randrange(1, 9)),
        f"ADW-{100000 + number}",
        f"£ {chance.randrange(1, 99)}.{chance.randrange(100):02}",
        chance.choice(["Clothing", "Books", "Home & Garden"]),
        chance.choice(["Women's shoe 23, size 7", "Good; read it", "Lamp, 40 W", 'Phone "X" 5in', "Chair"]),
        f"http://www.example.com/p/{number}?a=1&b=2",
        chance.choice(["", "ok", "late, again", "line one\nline two"]),
    ]


def written(
    records: Sequence[Sequence[str]],
    delimiter: str = ",",
    quote: str = '"',
    end: str = "\r\n",
    *,
    escape: str = "",
    quotes_all: bool = False,
) -> str:
    """A file of these records."""
    special = (delimiter, quote, "\n", "\r")

    def cell(text: str) -> str:
        if not quotes_all and not any(sign in text for sign in special):
            return text
        return quote + text.replace(quote, (escape or quote) + quote) + quote

    return "".join(delimiter.join(map(cell, record)) + end for record in records)


def whole_files(records: Rows) -> Iterator[Polluted]:
    """Everything in the file is written another way."""
    for delimiter in (";", "\t", "|", " ", ", ", ":", "^"):
        yield Polluted(f"delimiter {delimiter!r}", written(records, delimiter), records)
    for quotes_all in (False, True):
        often = "all" if quotes_all else "some"
        yield Polluted(f"{often} quoted", written(records, quotes_all=quotes_all), records)
        yield Polluted(f"{often} in single quotes", written(records, quote="'", quotes_all=quotes_all), records)
        escaped = written(records, escape="\\", quotes_all=quotes_all)
        yield Polluted(f"{often} quoted, quotes escaped", escaped, records)
    for end in ("\n", "\r", "\r\n", "\r\r\n"):
        yield Polluted(f"line end {end!r}", written(records, end=end), records)


def around(records: Rows) -> Iterator[Polluted]:
    """Something comes before the table or after it, or a part of it is missing."""
    content = written(records)
    yield Polluted("no final line end", content[:-2], records)
    yield Polluted("blank lines at the end", content + "\r\n\r\n", records)
    yield Polluted("Ctrl-Z at the end", content + "\x1a", records)
    yield Polluted("no header", written(records[1:]), records[1:])
    yield Polluted("a header alone", written(records[:1]), records[:1])
    yield Polluted("one row", written(records[:2]), records[:2])
    yield Polluted("a title", f"Sales of the spring\r\n{content}", records)
    yield Polluted("a title and a date", f"Report,,\r\nDate: 1.1.2020\r\n\r\n{content}", records)
    yield Polluted("sep=", f"sep=,\r\n{content}", records)


def single_rows(records: Rows) -> Iterator[Polluted]:
    """One row is written wrongly."""
    for place in (1, 20, ROWS):
        for column in (0, 3, 6, 8):
            yield from _spoilt_row(records, place, column)


def _spoilt_row(records: Rows, place: int, column: int) -> Iterator[Polluted]:
    where = f"row {place}, cell {column}"
    record = records[place]
    more = [*record[:column], "", *record[column:]]
    begin = min(column, len(record) - 2)
    fewer = [*record[:begin], record[begin] + record[begin + 1], *record[begin + 2 :]]
    for what, changed in (("a delimiter too many", more), ("a delimiter too few", fewer)):
        changed_records = [*records[:place], changed, *records[place + 1 :]]
        yield Polluted(f"{what}, {where}", written(changed_records), changed_records)
    plain = [*record[:6], "Chair", record[7], "ok"]
    for what, cell in (("a quote before", f'"{plain[column]}'), ("a quote behind", f'{plain[column]}"')):
        changed = [*plain[:column], cell, *plain[column + 1 :]]
        lines = [written([one]) for one in records]
        lines[place] = ",".join(changed) + "\r\n"
        yield Polluted(f"{what}, {where}", "".join(lines), [*records[:place], changed, *records[place + 1 :]])
