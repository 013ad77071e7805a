"""Files of one table, each spoilt in one way of those that are met with, and what each must be read as."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

HEADER = ["DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductType", "Description", "URL", "Comments"]
ROWS = 83

Rows = list[list[str]]


class Polluted(NamedTuple):
    """A file, the kind of pollution, where it is, and the records that are in the file, the header among them."""

    kind: str
    where: str
    content: str
    records: Rows
    encoding: str = "utf-8"

    @property
    def name(self) -> str:
        return f"{self.kind}, {self.where}"


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


def all_of(records: Rows) -> list[Polluted]:
    """Every file that is made of this table."""
    return [*whole_files(records), *around(records), *headers(records), *single_rows(records)]


def whole_files(records: Rows) -> Iterator[Polluted]:
    """Everything in the file is written another way."""
    for quotes_all in (False, True):
        often = "all" if quotes_all else "some"
        for delimiter in (";", "\t", "|", " ", ", ", ":", "^", "\t\t"):
            yield Polluted(
                f"delimiter {delimiter!r}", often, written(records, delimiter, quotes_all=quotes_all), records
            )
        yield Polluted("quoted", often, written(records, quotes_all=quotes_all), records)
        yield Polluted("single quotes", often, written(records, quote="'", quotes_all=quotes_all), records)
        yield Polluted("escaped quotes", often, written(records, escape="\\", quotes_all=quotes_all), records)
        for end in ("\n", "\r", "\r\n", "\r\r\n"):
            yield Polluted(f"line end {end!r}", often, written(records, end=end, quotes_all=quotes_all), records)
        for encoding in ("latin-1", "cp1252", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"):
            yield Polluted(
                "encoding", f"{encoding}, {often}", written(records, quotes_all=quotes_all), records, encoding
            )
    for width in (1, 2, 30, 300):
        wide = [[record[column % len(record)] or "x" for column in range(width)] for record in records]
        yield Polluted("columns", str(width), written(wide), wide)


def around(records: Rows) -> Iterator[Polluted]:
    """Something comes before the table or after it, or a part of it is missing."""
    for quotes_all in (False, True):
        often = "all" if quotes_all else "some"
        content = written(records, quotes_all=quotes_all)
        yield Polluted("no final line end", often, content[:-2], records)
        yield Polluted("blank lines at the end", often, content + "\r\n\r\n", records)
        yield Polluted("Ctrl-Z at the end", often, content + "\x1a", records)
        yield Polluted("NULs at the end", often, content + "\0" * 600, records)
        yield Polluted("no header", often, written(records[1:], quotes_all=quotes_all), records[1:])
        yield Polluted("a header alone", often, written(records[:1], quotes_all=quotes_all), records[:1])
        yield Polluted("one row", often, written(records[:2], quotes_all=quotes_all), records[:2])
        yield Polluted("a title", often, f"Sales of the spring\r\n{content}", records)
        yield Polluted("a title and a date", often, f"Report,,\r\nDate: 1.1.2020\r\n\r\n{content}", records)
        yield Polluted("sep=", often, f"sep=,\r\n{content}", records)
        yield from _with_remarks(records, content, often)
        yield from _with_another_table(records, content, often)
        again = written(records[:1], quotes_all=quotes_all)
        rows = written(records[1:], quotes_all=quotes_all)
        yield Polluted("the header again", often, again + rows + again + rows, [*records, *records[1:]])
        marked = "\ufeff" + again + rows + "\ufeff" + again + rows
        yield Polluted("the header again", f"marks, {often}", marked, [*records, *records[1:]])


def _with_remarks(records: Rows, content: str, often: str) -> Iterator[Polluted]:
    empty = [""] * (len(HEADER) - 1)
    for what, cells in (("bare", ["REMARK"]), ("delimited", ["REMARK", *empty])):
        line = written([cells], quotes_all=often == "all")
        for gap in ("", "\r\n", "," * len(empty) + "\r\n"):
            where = f"{what}, {often}, {'gap ' + repr(gap) if gap else 'no gap'}"
            yield Polluted("a preamble", where, line * 3 + gap + content, records)
            yield Polluted("a footer", where, content + gap + line * 3, records)
    for foot in (
        "Total,,,,1234.50,,,,",
        "Summe,,83",
        "(83 rows)",
        "-- end --",
        "Generated by Ledger 3.1, 2.3.2021",
    ):
        yield Polluted("a footer", f"{foot}, {often}", f"{content}{foot}\r\n", records)


def _with_another_table(records: Rows, content: str, often: str) -> Iterator[Polluted]:
    for width in (6, 12):
        names = [f"name{column}" for column in range(width)]
        rows = [[str(row * column) for column in range(width)] for row in range(10)]
        other = written([names, *rows], quotes_all=often == "all")
        yield Polluted("another table", f"{width} columns, gap, {often}", f"{content}\r\n{other}", records)
        yield Polluted("another table", f"{width} columns, no gap, {often}", content + other, records)


def headers(records: Rows) -> Iterator[Polluted]:
    """The header is odd."""
    header, *rows = records
    for column in (0, 3, 6, 8):
        for what, name in (("empty", ""), ("odd", "HEAD/%R"), ("twice", HEADER[1]), ("long", "HEADER" * 2000)):
            changed = [[*header[:column], name, *header[column + 1 :]], *rows]
            yield Polluted(f"a name {what}", f"cell {column}", written(changed), changed)
    above = ["", "", "", "Product", "", "Product", "", "", ""]
    yield Polluted("two header lines", "above", written([above, *records]), records)


def single_rows(records: Rows) -> Iterator[Polluted]:
    """One row is written wrongly."""
    for place in (0, 1, 20, ROWS):
        for quotes_all in (False, True):
            yield from _spoilt_line(records, place, quotes_all=quotes_all)
            for column in (0, 3, 6, 8):
                yield from _spoilt_cells(records, place, column, quotes_all=quotes_all)
                yield from _spoilt_quotes(records, place, column, quotes_all=quotes_all)


def _changed(records: Rows, place: int, record: list[str], line: str, *, quotes_all: bool) -> tuple[str, Rows]:
    """The file where this line stands for one record, and what is in it."""
    lines = [written([one], quotes_all=quotes_all) for one in records]
    lines[place] = line
    return "".join(lines), [*records[:place], record, *records[place + 1 :]] if record else records


def _where(place: int, *, quotes_all: bool) -> str:
    row = "header" if place == 0 else "last row" if place == ROWS else f"row {place}"
    return f"{row}, {'all' if quotes_all else 'some'} quoted"


def _spoilt_line(records: Rows, place: int, *, quotes_all: bool) -> Iterator[Polluted]:
    record = [*records[place][:8], "late, again"] if place else records[0]
    line = written([record], quotes_all=quotes_all)
    more, fewer = [*record, *["more"] * 6], record[:5]
    spoilt = [
        ("six cells more", more, written([more], quotes_all=quotes_all)),
        ("four cells fewer", fewer, written([fewer], quotes_all=quotes_all)),
        ("LF at one line", record, line[:-2] + "\n"),
        ("a blank line", record, line + "\r\n"),
        ("delimiters alone", record, line + ",,,,,,,,\r\n"),
        ("other delimiter", record, written([record], ";", quotes_all=quotes_all)),
        ("other delimiter", record, written([record], "\t", quotes_all=quotes_all)),
        ("other quote", record, written([record], quote="'", quotes_all=quotes_all)),
    ]
    quoted = [*record[:6], 'Phone "X" 5in', *record[7:]]
    spoilt.append(("other escape", quoted, written([quoted], escape="\\", quotes_all=quotes_all)))
    for kind, kept, changed in spoilt:
        content, wanted = _changed(records, place, kept, changed, quotes_all=quotes_all)
        yield Polluted(kind, _where(place, quotes_all=quotes_all), content, wanted)


def _spoilt_cells(records: Rows, place: int, column: int, *, quotes_all: bool) -> Iterator[Polluted]:
    record = records[place]
    begin = min(column, len(record) - 2)
    more = [*record[:column], "", *record[column:]]
    fewer = [*record[:begin], record[begin] + record[begin + 1], *record[begin + 2 :]]
    nul = [*record[:column], record[column] + "\0", *record[column + 1 :]]
    for kind, cells in (("a delimiter more", more), ("a delimiter fewer", fewer), ("a NUL", nul)):
        content, wanted = _changed(
            records, place, cells, written([cells], quotes_all=quotes_all), quotes_all=quotes_all
        )
        yield Polluted(kind, f"cell {column}, {_where(place, quotes_all=quotes_all)}", content, wanted)


def _spoilt_quotes(records: Rows, place: int, column: int, *, quotes_all: bool) -> Iterator[Polluted]:
    base = records[place] if place == 0 else [*records[place][:6], "Lamp, 40 W", *records[place][7:8], "ok"]
    cells = [written([[cell]], quotes_all=quotes_all)[:-2] for cell in base]
    for kind, cell, text in _misquoted(base[column], cells[column]):
        record = [*base[:column], text, *base[column + 1 :]]
        line = ",".join([*cells[:column], cell, *cells[column + 1 :]]) + "\r\n"
        content, wanted = _changed(records, place, record, line, quotes_all=quotes_all)
        yield Polluted(kind, f"cell {column}, {_where(place, quotes_all=quotes_all)}", content, wanted)


def _misquoted(text: str, cell: str) -> Iterator[tuple[str, str, str]]:
    """The kind, how the cell is written, and what it should be read as."""
    is_quoted = cell.startswith('"')
    yield "a quote before", f'"{cell}', f'"{text}'
    yield "a quote behind", f'{cell}"', f'{text}"'
    if is_quoted:
        yield "a quote in a quoted cell", f'{cell[:3]}"{cell[3:]}', f'{text[:2]}"{text[2:]}'
        if "," not in text:
            yield "the first quote missing", cell[1:], cell[1:]
            yield "the last quote missing", cell[:-1], cell[:-1]
    else:
        yield "a quote in a cell", f'{cell[:2]}"{cell[2:]}', f'{text[:2]}"{text[2:]}'
