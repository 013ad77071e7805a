"""Files, and what an undisturbed run would make of them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from workbooks import xlsx
from world import contacts

EACH_FAILS = 50
"""Of so many rows one is wrong."""


def _workbook(text: str) -> bytes:
    def row(line: str) -> str:
        return "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in line.split(","))

    return xlsx(*(f"<row>{row(line)}</row>" for line in text.splitlines())).getvalue()


def _json_lines(text: str) -> bytes:
    header, *lines = (line.split(",") for line in text.splitlines())
    return "\n".join(json.dumps(dict(zip(header, cells, strict=True))) for cells in lines).encode()


FORMS: dict[str, Callable[[str], bytes]] = {
    "csv": str.encode,
    "xlsx": _workbook,
    "gzip": lambda text: gzip.compress(text.encode()),
    "utf-16": lambda text: text.encode("utf-16"),
    "json lines": _json_lines,
}
"""The kinds of file that a table of plain cells is written as."""


@dataclass(frozen=True)
class Sample:
    """A file, and what is to come of it.

    Attributes:
        failed: codes of the rows that fail, by row number.
        balances: what the file adds to each account.
        records: the contacts it comes to.
        writers: the row that each contact was written by last.
        form: the kind of file that it is uploaded as, one of `FORMS`.
    """

    csv: str
    record_type: str
    rows: int
    failed: dict[int, str]
    balances: Counter[str] = field(default_factory=Counter)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    writers: dict[str, int] = field(default_factory=dict)
    form: str = "csv"

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return FORMS[self.form](self.csv)


def deposits(rows: int, act: str = "", *, name: str = "o") -> Sample:
    """Deposits, ten to an account; applied twice or never, one shows in its sum."""
    lines, balances, failed = ["owner,amount,act"], Counter[str](), {}
    for row in range(1, rows + 1):
        owner, is_wrong = f"{name}{row // 10}", row % EACH_FAILS == 0
        lines.append(f"{owner},{row},{'reject' if is_wrong else act}")
        if is_wrong:
            failed[row] = "account_closed"
        else:
            balances[owner] += row
    return Sample("\n".join(lines) + "\n", "deposits", rows, failed, balances)


def people(rows: int, keys: int, *, name: str = "name") -> Sample:
    """Contacts of which only so many differ: the last row of each address is to win."""
    lines, failed, names, writers = ["email,name"], {}, {}, {}
    for row in range(1, rows + 1):
        is_wrong = row % EACH_FAILS == 0
        email = f"nonsense {row}" if is_wrong else f"person{row % keys}@example.com"
        lines.append(f"{email},{name} {row}")
        if is_wrong:
            failed[row] = "invalid_email"
        else:
            names[email], writers[email] = f"{name} {row}", row
    return Sample("\n".join(lines) + "\n", "contacts", rows, failed, records=contacts(names), writers=writers)


def spoilt(sample: Sample, row: int, act: str, code: str) -> Sample:
    """The same file with one row that does something else."""
    lines = sample.csv.splitlines()
    owner, amount, _ = lines[row].split(",")
    lines[row] = f"{owner},{amount},{act}"
    balances = sample.balances.copy()
    balances[owner] -= int(amount)
    failed = {**sample.failed, row: code}
    return replace(sample, csv="\n".join(lines) + "\n", balances=+balances, failed=failed)
