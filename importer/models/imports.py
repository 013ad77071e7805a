"""Imports, the ledger of their rows, the rows that failed, and what was read otherwise than it stands."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Computed,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from importer.models.base import Base
from importer.models.json_values import Cells, Json
from importer.statuses import Status

ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
ID_LENGTH = 12


OBJECT_PREFIX = "imports/"
"""What the keys of all uploaded files in S3 begin with; an import's id follows."""


def object_key(import_id: str) -> str:
    """The key of an import's uploaded file in S3."""
    return f"{OBJECT_PREFIX}{import_id}"


LINES = ".lines"
"""What the key of a converted file ends with."""


def lines_key(import_id: str) -> str:
    """The key in S3 of the lines that an import's file was converted into."""
    return f"{object_key(import_id)}{LINES}"


def import_of_key(key: str) -> str:
    """The id of the import that an object belongs to: its file, the lines made of it, or a corrected file."""
    return key.removeprefix(OBJECT_PREFIX).partition(".")[0]


def new_import_id() -> str:
    """A random id of 12 characters (60 bits), so that a restored database cannot meet old job ids or objects."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))


class Import(Base):
    """One file's load."""

    __tablename__ = "imports"

    id: Mapped[str] = mapped_column(String(12), primary_key=True, default=new_import_id)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    record_type: Mapped[str] = mapped_column(String(100))
    filename: Mapped[str] = mapped_column(String(255))
    filename_lower: Mapped[str] = mapped_column(
        Text, Computed("lower(filename)", persisted=True), deferred=True, comment="by which the list is searched"
    )
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    idempotency_key: Mapped[str | None] = mapped_column(String(100))

    status: Mapped[Status] = mapped_column(String(12), default=Status.UPLOADING)
    reason_code: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)

    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    etag: Mapped[str | None] = mapped_column(String(200))
    content_sha256: Mapped[str | None] = mapped_column(String(64))
    asks_about_repeat: Mapped[bool] = mapped_column(
        default=False, server_default="false", comment="waits until a person wants the same file again"
    )
    # These may be large. They are read together, and only where they are asked for: lists and recovery read many
    # imports at once.
    header: Mapped[list[str] | None] = mapped_column(
        Json, comment="the header's cells as written", deferred=True, deferred_group="header"
    )
    columns: Mapped[list[str | None] | None] = mapped_column(
        Json, comment="the record's column per cell, or null", deferred=True, deferred_group="header"
    )
    profile: Mapped[dict[str, Any] | None] = mapped_column(
        Json, comment="how its lines are written; null: commas and UTF-8", deferred=True, deferred_group="header"
    )
    mapping: Mapped[dict[str, Any] | None] = mapped_column(
        Json,
        comment="how the file's cells fill the record's columns; null: by columns alone",
        deferred=True,
        deferred_group="header",
    )
    answers: Mapped[dict[str, Any] | None] = mapped_column(
        Json,
        comment="what people have answered about the file, by question",
        deferred=True,
        deferred_group="header",
    )
    questions: Mapped[list[Any] | None] = mapped_column(
        Json,
        comment="what is still to be answered; null or empty: nothing",
        deferred=True,
        deferred_group="header",
    )
    conversion: Mapped[dict[str, Any] | None] = mapped_column(
        Json,
        comment="what was converted, and what was noticed; null: the file is read as it is",
        deferred=True,
        deferred_group="header",
    )
    repeats: Mapped[dict[str, Any] | None] = mapped_column(
        Json,
        comment="the import that had the same content before: its id, where it may be seen, and a sentence",
        deferred=True,
        deferred_group="header",
    )
    layout: Mapped[dict[str, Any] | None] = mapped_column(
        Json,
        comment="the named layout by which the file is read, as it was when that was said; null: none",
        deferred=True,
        deferred_group="header",
    )
    save_layout: Mapped[dict[str, Any] | None] = mapped_column(
        Json,
        comment="the name under which its answers are kept once it begins, and who said so; null: none",
        deferred=True,
        deferred_group="header",
    )
    converted_etag: Mapped[str | None] = mapped_column(
        String(200), comment="of the object with the converted lines"
    )
    converted_bytes: Mapped[int | None] = mapped_column(BigInteger, comment="of that object")
    converted_rows: Mapped[int | None] = mapped_column(
        Integer, comment="lines of that object; while it is made, so far"
    )
    rows_line: Mapped[int] = mapped_column(Integer, default=0, comment="physical lines before the first row")
    rows_offset: Mapped[int] = mapped_column(BigInteger, default=0, comment="bytes before the first row")

    total_rows: Mapped[int | None] = mapped_column(Integer, comment="known once the file was read to its end")
    dispatched_rows: Mapped[int] = mapped_column(Integer, default=0)
    read_bytes: Mapped[int | None] = mapped_column(
        BigInteger, comment="of the file or its converted lines, when it ended before the file's end"
    )
    created_rows: Mapped[int] = mapped_column(Integer, default=0)
    updated_rows: Mapped[int] = mapped_column(Integer, default=0)
    unchanged_rows: Mapped[int] = mapped_column(Integer, default=0)
    superseded_rows: Mapped[int] = mapped_column(Integer, default=0)
    failed_rows: Mapped[int] = mapped_column(Integer, default=0)
    empty_cells_kept: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="empty cells that left an existing record's value alone"
    )
    empty_cells_cleared: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="empty cells that cleared an existing record's value"
    )
    blank_rows: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="lines without any value, which are no rows"
    )
    allowed_failed_rows: Mapped[int] = mapped_column(Integer)
    retry_after: Mapped[int | None] = mapped_column(
        Integer, comment="all failed rows after this one are still to be asked for again; null: none"
    )
    retries_to_ask: Mapped[int] = mapped_column(Integer, server_default="0", comment="how many those are")
    notes_writers: Mapped[bool] = mapped_column(
        default=True,
        server_default="false",
        comment="whether its rows note the writers of the records that they meet",
    )
    failed_slices: Mapped[int] = mapped_column(SmallInteger, default=0, comment="in a row, by unexpected errors")

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    uploaded_at: Mapped[datetime | None]
    upload_seen_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="last bytes of the upload")
    upload_ended_at: Mapped[datetime | None] = mapped_column(comment="when no more could come of it, well or not")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    seconds_running: Mapped[float] = mapped_column(
        Double, default=0, server_default="0", comment="while its rows ended one batch after another"
    )
    timed_until: Mapped[datetime | None] = mapped_column(comment="up to when seconds_running counts")
    cleaned_at: Mapped[datetime | None] = mapped_column(comment="when Redis and S3 held nothing more of it")
    kept_until: Mapped[datetime | None] = mapped_column(
        comment="until when S3 holds its file, for its rows that were left undone; null: it does not"
    )
    deleted_at: Mapped[datetime | None]
    notify: Mapped[str | None] = mapped_column(
        String(10), comment="who began it is still to be written to: problems or always; null: not"
    )
    pause_told_at: Mapped[datetime | None] = mapped_column(
        comment="when a mail about this pause, or about its questions, was noted"
    )

    __table_args__ = (
        Index("uq_imports_idempotency_key", "created_by", "idempotency_key", unique=True),
        Index("ix_imports_unclean", "id", postgresql_where=text("cleaned_at IS NULL OR deleted_at IS NOT NULL")),
        Index("ix_imports_kept", "kept_until", postgresql_where=text("kept_until IS NOT NULL")),
        Index("ix_imports_created_by", "created_by", "sequence"),
        Index("ix_imports_status", "status", "sequence"),
        Index("ix_imports_record_type", "record_type", "sequence"),
        Index("ix_imports_created_at", "created_at"),
        # A batch that moves a counter of an index has to write to every index. Of the counters this one alone may
        # stand in one: it moves only where rows fail, and these cost far more.
        Index("ix_imports_failed", "sequence", postgresql_where=text("failed_rows > 0")),
        Index("ix_imports_content", "content_sha256", "record_type", "sequence"),
        Index("ix_imports_notify", "id", postgresql_where=text("notify IS NOT NULL")),
        Index("ix_imports_retry", "id", postgresql_where=text("retry_after IS NOT NULL")),
    )

    @property
    def object_key(self) -> str:
        """The key of the uploaded file in S3."""
        return object_key(self.id)

    @property
    def lines_key(self) -> str:
        """The key in S3 of the lines that the file was converted into, if it was."""
        return lines_key(self.id)

    @hybrid_property
    def imported_rows(self) -> int:
        return self.created_rows + self.updated_rows + self.unchanged_rows + self.superseded_rows

    @property
    def ended_rows(self) -> int:
        return self.imported_rows + self.failed_rows


class LedgerLine(Base):
    """The rows that one batch ended, as numbers `import sequence << 32 | row number` (`importer.ledger.lines`).

    No foreign key: checking it would lock the import's row in every batch.
    """

    __tablename__ = "ledger"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    rows: Mapped[list[Range[int]]] = mapped_column(INT8MULTIRANGE)

    __table_args__ = (ExcludeConstraint(("rows", "&&"), name="ex_ledger_rows", using="gist"),)


class FailedRow(Base):
    """A row that has failed, with its cells and the reason; every other row in the ledger is imported."""

    __tablename__ = "failed_rows"

    import_sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    row_number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    line_number: Mapped[int] = mapped_column(Integer, comment="physical line of the file, the header's is 1")
    code: Mapped[str] = mapped_column(String(100))
    column_name: Mapped[str | None] = mapped_column(String(255))
    message: Mapped[str] = mapped_column(Text)
    cells: Mapped[list[str]] = mapped_column(Cells)
    problem: Mapped[list[Any] | None] = mapped_column(JSONB, comment="what reading found wrong; retried as it is")
    attempts: Mapped[int] = mapped_column(Integer, server_default="1", comment="how many have failed")
    failed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    retry_requested_at: Mapped[datetime | None]
    faults: Mapped[list[Any] | None] = mapped_column(
        Json, comment="every fault: field or null, code, sentence; null: the one of code, column_name and message"
    )
    discarded_at: Mapped[datetime | None] = mapped_column(comment="when a person said that it is not needed")

    __table_args__ = (
        Index("ix_failed_rows_group", "import_sequence", "column_name", "code", "row_number"),
        Index(
            "ix_failed_rows_retry",
            "import_sequence",
            "row_number",
            postgresql_where=text("retry_requested_at IS NOT NULL"),
        ),
    )


class Alteration(Base):
    """How many cells of a field were read otherwise than they stand in the file, in one way, with examples."""

    __tablename__ = "alterations"

    import_sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(
        String(255), primary_key=True, comment="of the record type, or empty: of the whole row"
    )
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger, comment="cells, or rows")
    examples: Mapped[list[Any]] = mapped_column(Cells, comment="the first few: row, before, after; JSON in ASCII")
