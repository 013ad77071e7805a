"""A file of contacts, the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

COLUMNS = ("email", "name", "company", "phone", "signup_date", "balance")


def contact(number: int) -> tuple[str, ...]:
    """One contact; every number has an address of its own."""
    return (
        f"person{number}@company{number % 5000}.example.com",
        f"Person Number {number}",
        f"Company {number % 5000}, Ltd",
        f"+49 30 {number % 10_000_000:07}",
        f"20{number % 25:02}-{number % 12 + 1:02}-{number % 28 + 1:02}",
        f"{number % 100_000}.{number % 100:02}",
    )


def lines(rows: int, fail_every: int = 0) -> Iterator[str]:
    """The file's lines, header first.

    Args:
        fail_every: one row in so many has no valid address; 0: all have one.
    """
    yield ",".join(COLUMNS) + "\n"
    for number in range(1, rows + 1):
        email, name, company, *others = contact(number)
        if fail_every and number % fail_every == 0:
            email = f"nobody {number}"
        yield ",".join((email, name, f'"{company}"', *others)) + "\n"


GERMAN_COLUMNS = ("E-Mail-Adresse", "Vor- und Nachname", "Firma", "Telefon", "Anmeldedatum", "Saldo")


def german_lines(rows: int, fail_every: int = 0) -> Iterator[str]:
    """The same as a German spreadsheet writes it: semicolons, dates as day.month.year, decimal commas, umlauts."""
    yield ";".join(GERMAN_COLUMNS) + "\r\n"
    for number in range(1, rows + 1):
        email, name, company, phone, date, balance = contact(number)
        if fail_every and number % fail_every == 0:
            email = f"nobody {number}"
        written = f"{date[8:]}.{date[5:7]}.{date[:4]}", balance.replace(".", ",")
        yield ";".join((email, f"{name} Müller", company, phone, *written)) + "\r\n"


def write_german(path: Path, rows: int, fail_every: int = 0) -> Path:
    """Write them in Windows-1252."""
    with path.open("w", encoding="cp1252", newline="") as file:
        file.writelines(german_lines(rows, fail_every))
    return path


def write(path: Path, rows: int, fail_every: int = 0) -> Path:
    with path.open("w") as file:
        file.writelines(lines(rows, fail_every))
    return path


def write_bytes(path: Path, megabytes: int) -> Path:
    """A file of so many MB, of the same lines over and over."""
    header, *block = lines(50_000)
    text = "".join(block)
    with path.open("w") as file:
        file.write(header)
        while file.tell() < megabytes * 1e6:
            file.write(text)
    return path
