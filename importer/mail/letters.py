"""What a mail about an import says."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime

WHY = "You get this mail because you asked for it, with the upload or on the page of your account."


@dataclass(frozen=True)
class Letter:
    """A mail about an import.

    Attributes:
        mail_id: of the mail; a server that gets it twice can tell by it.
        status: of the import: `completed`, `stopped`, `paused` or `waiting`.
        reason: why it stopped or paused; None where it completed or waits.
        groups: of failed rows: how many, their field or None, and their code; the largest first.
        address: of the import's page.
        account: of the page where mails are chosen.
    """

    mail_id: int
    to: str
    sender: str
    filename: str
    status: str
    reason: str | None
    total_rows: int | None
    imported_rows: int
    failed_rows: int
    address: str
    account: str
    groups: list[tuple[int, str | None, str]] = field(default_factory=list)


def as_message(letter: Letter) -> EmailMessage:
    """The mail, in text alone. A header with a line break in it is refused by the email package.

    Raises:
        ValueError: an address is none.
    """
    message = EmailMessage()
    sender = Address(addr_spec=letter.sender)
    message["From"] = Address("Bulk importer", sender.username, sender.domain)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = f"{_on_one_line(letter.filename)}: {_outcome(letter)}"
    message["Date"] = localtime()
    message["Message-ID"] = f"<mail-{letter.mail_id}.{_number_of(letter)}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_lines(letter)))
    return message


def _number_of(letter: Letter) -> str:
    return letter.address.rpartition("/")[2]


def _on_one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _outcome(letter: Letter) -> str:
    if letter.status == "waiting":
        return "waiting for answers"
    if letter.status != "completed":
        return letter.status
    if letter.failed_rows and not letter.imported_rows:
        return "nothing imported"
    return f"completed, {letter.failed_rows:,} failed" if letter.failed_rows else "completed"


def _lines(letter: Letter) -> list[str]:
    lines = [_first_sentence(letter)]
    if letter.reason:
        lines.append(_on_one_line(letter.reason))
    if letter.status != "waiting":
        lines += ["", *_counts(letter)]
    if letter.groups:
        lines += ["", "Failed rows by field and reason:"]
        lines += [
            f"  {count:>11,}  {_on_one_line(name or 'the row')}: {code}" for count, name, code in letter.groups
        ]
    return [*lines, "", "Its page:", letter.address, "", WHY, letter.account, ""]


def _first_sentence(letter: Letter) -> str:
    name = _on_one_line(letter.filename)
    if letter.status == "completed":
        return f"The import of {name} is completed: every row of the file is imported or failed."
    if letter.status == "paused":
        return f"The import of {name} is paused. It goes on when somebody resumes it on its page."
    if letter.status == "waiting":
        return f"{name} was read. Its rows are imported once the questions about it are answered on its page."
    return f"The import of {name} was stopped. What was imported stays."


def _counts(letter: Letter) -> list[str]:
    counts = [("Imported", letter.imported_rows), ("Failed", letter.failed_rows)]
    if letter.total_rows is not None:
        counts.insert(0, ("Rows in the file", letter.total_rows))
    return [f"{name + ':':<17} {count:>11,}" for name, count in counts]
