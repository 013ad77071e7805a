"""Every error the product raises on purpose.

One base class; a subclass's docstring is its default message. The message is written for the person who
reads it: what happened, where, and what to do next.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

QUESTIONS_TOLD = 5

KEPT_CHARACTERS = 1000
"""Of a reason that is kept: the message of a driver, or of a record type's own code, may quote whole cells."""


def shortened(message: str) -> str:
    """What is kept of a message."""
    return message if len(message) <= KEPT_CHARACTERS else f"{message[: KEPT_CHARACTERS - 1]}…"


class ImporterError(Exception):
    """Something went wrong in the importer."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.getdoc(self) or "")

    @property
    def message(self) -> str:
        return str(self)


class SettingsError(ImporterError):
    """A setting is missing or wrong."""


class UnknownRecordTypeError(ImporterError):
    """There is no such record type. Choose one of those the upload page offers."""


class RecordTypeError(ImporterError):
    """The record type's code or table is wrong. Mend it, deploy, and resume the import."""


class RefusedFileError(ImporterError):
    """The file cannot be imported."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NotInPlaceError(ImporterError):
    """The file has to be converted before its rows can be read."""


class QuestionsError(RefusedFileError):
    """How to read the file is not certain, and the import must not wait for answers.

    Args:
        questions: what is to be answered; each has an `id` and a `text`.
    """

    def __init__(self, questions: Sequence[Any]) -> None:
        texts = " ".join(question.text for question in questions[:QUESTIONS_TOLD])
        super().__init__(
            "questions", f"How to read the file is not certain. {texts} Send the answers with the file."
        )
        self.questions = questions


class UnknownAnswersError(RefusedFileError):
    """Answers were given to questions that the file does not raise.

    Args:
        unknown: their ids.
        questions: those that are open; each has an `id`.
    """

    def __init__(self, unknown: Sequence[str], questions: Sequence[Any]) -> None:
        asked = ", ".join(question.id for question in questions) or "nothing"
        super().__init__(
            "unknown_answers",
            f"No question about this file is called {', '.join(unknown[:QUESTIONS_TOLD])}, or has that answer. "
            f"Asked is: {asked}.",
        )
        self.questions = questions


class UnknownLayoutError(RefusedFileError):
    """The file is to be read by a layout that there is not.

    Args:
        name: of that layout.
        known: the names there are, as far as they are told.
        count: how many there are.
    """

    def __init__(self, name: str, known: Sequence[str], count: int) -> None:
        more = f" and {count - len(known):,} more" if count > len(known) else ""
        told = f"There are: {', '.join(f'“{one}”' for one in known)}{more}." if known else "None has a name yet."
        super().__init__("unknown_layout", f"There is no layout “{name}”. {told}")


class OtherLayoutError(RefusedFileError):
    """The file is not of the layout by which it is to be read."""

    def __init__(self, message: str) -> None:
        super().__init__("other_layout", message)


class LayoutExistsError(RefusedFileError):
    """Somebody else's layout has the name under which answers are to be kept.

    Args:
        name: of that layout.
        owner: the e-mail address of whose it is; None: nobody's who has an account.
    """

    def __init__(self, name: str, owner: str | None) -> None:
        whose = f"of {owner}. Choose another name, or ask them or an admin to replace it."
        nobodys = "made at the command line. Choose another name, or ask an admin to replace it."
        message = f"There is a layout “{name}” already, {whose if owner else nobodys}"
        super().__init__("layout_exists", message)


class MissingLayoutError(ImporterError):
    """There is no layout of this name."""


class ForeignLayoutError(ImporterError):
    """This layout is somebody else's. Only they or an admin may delete it."""


class OptionsError(ImporterError):
    """What is said of the file cannot be understood."""


class FilterError(ImporterError):
    """Which imports are meant cannot be understood."""


class RuleError(ImporterError):
    """The rule for failed rows cannot be understood."""


class FileTooLargeError(RefusedFileError):
    """The file is larger than a file may be here.

    Args:
        limit: how large it may be, in bytes.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(
            "too_large",
            f"The file is larger than {limit / 1024**2:,.0f} MB, the limit here. Split it and upload the parts.",
        )


class RowError(ImporterError):
    """This row cannot be imported: raise it in `save_row` to fail one row with a reason.

    Args:
        message: what is wrong and what to do, for the person who repairs the row.
        code: a short machine-readable reason, such as `account_closed`.
        column: the name of the column at fault, if one is.
    """

    def __init__(self, message: str, *, code: str = "rejected", column: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.column = column


class UploadError(ImporterError):
    """The upload broke off before the whole file arrived. Upload the file again."""


class SlowUploadError(UploadError):
    """The upload came too slowly: less than 60 KB in a minute. Upload the file again over a better line."""


class BusyError(ImporterError):
    """As many uploads are under way as this server takes at once. Wait a moment, then upload the file again."""


class KeyReusedError(ImporterError):
    """This idempotency key belongs to another file or another record type. Send this one with a key of its own."""


class StorageError(ImporterError):
    """The file storage (S3) does not answer. The import goes on by itself once it does."""

    def __init__(self, message: str | None = None, *, for_strangers: str | None = None) -> None:
        """
        Args:
            for_strangers: the same without names.
        """
        super().__init__(message)
        self.for_strangers = for_strangers or inspect.getdoc(StorageError) or ""


class ObjectChangedError(ImporterError):
    """The stored file was replaced after the import began. Upload it again."""


class ObjectMissingError(ImporterError):
    """The stored file is gone from S3. Upload it again."""


class RefusedTransitionError(ImporterError):
    """The import's status does not allow this."""


class UnknownImportError(ImporterError):
    """There is no such import, or it is not yours."""


class NotKeptError(ImporterError):
    """The rows that were not imported are not kept, or no more. Import the file again: its other rows stay as they
    are."""


class UnknownRowError(ImporterError):
    """This row is no failed row of the import."""


class NoRecordsError(ImporterError):
    """The records of this record type cannot be shown."""


class UnknownRecordError(ImporterError):
    """There is no record with this key, or it is not yours."""


class RefusedKeyError(ImporterError):
    """No record can have this key."""


class OutdatedRowError(ImporterError):
    """The row was changed or tried again since it was shown. Look at it again."""


class RefusedCellError(ImporterError):
    """A cell cannot be changed so.

    Args:
        place: of the cell, from 0; None: it is the row as a whole.
    """

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.place = place


class AccountError(ImporterError):
    """The account cannot be created or changed as asked."""
