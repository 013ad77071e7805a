"""Who had written the records that rows met, so that every writer of a record is known (docs/design.md, rule 29).

A record names its last writer. The note of that row names the writer before it, and so on. The other way round,
the row that wrote over a given one is found among the notes that name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import Connection

from importer.files.row_numbers import position_of, row_at
from importer.ledger.planning import Budget, TooSlowError, in_passing
from importer.ledger.record_table import Writer
from importer.record_types import Met
from importer.record_types.literals import integer_array_literal

MOST_WRITERS = 200
"""Of one record that are told; a list of them takes one statement each."""

STATEMENT_SECONDS, LEAST_SECONDS = 1.0, 0.05
"""So long a statement may take, and so long each that begins in time at least."""

LINES_PER_DELETE = 200

NOTE = """
INSERT INTO writer_notes
    (import_sequence, first_row, last_row, first_writer, last_writer, row_numbers, writers, changed)
VALUES (%(sequence)s, %(first_row)s, %(last_row)s, %(first_writer)s, %(last_writer)s,
    %(row_numbers)s::integer[], %(writers)s::bigint[], %(changed)s::boolean[])
"""

MET = """
SELECT writers[place], changed[place]
FROM writer_notes, array_position(row_numbers, %(row_number)s) AS place
WHERE import_sequence = %(sequence)s AND %(row_number)s BETWEEN first_row AND last_row AND place IS NOT NULL
LIMIT 1
"""

WRITTEN_OVER_BY = """
SELECT import_sequence, row_numbers[place]
FROM writer_notes, array_position(writers, %(position)s) AS place
WHERE import_sequence >= %(sequence)s AND %(position)s BETWEEN first_writer AND last_writer
    AND last_writer < (import_sequence << 32 | last_row) AND place IS NOT NULL
ORDER BY import_sequence
LIMIT 1
"""
"""One row at most wrote over another one. Arrays are looked through only where a line may name it."""

LATE = """
SELECT row_number, has_changed
FROM writer_notes, unnest(row_numbers, writers, changed) AS met (row_number, writer, has_changed)
WHERE import_sequence = %(sequence)s AND %(position)s BETWEEN first_writer AND last_writer
    AND writer = %(position)s AND row_number < %(row_number)s
ORDER BY row_number DESC
LIMIT %(most)s
"""

DELETE = """
DELETE FROM writer_notes WHERE id = ANY(ARRAY(
    SELECT id FROM writer_notes WHERE import_sequence = %(sequence)s LIMIT %(most)s))
"""


class Step(NamedTuple):
    """One writer of a record.

    Attributes:
        before: who had written the record before it, a sequence of 0: no import; None: that is not noted.
        has_changed: whether it changed a value; None: not noted.
        is_cut: whether there was no time to look for the note.
    """

    writer: Writer
    before: Writer | None = None
    has_changed: bool | None = None
    is_cut: bool = False


class LateRow(NamedTuple):
    """A row whose record a later row had written when it came.

    Attributes:
        has_changed: whether it gave the record a value, as that row has none there.
    """

    row_number: int
    has_changed: bool


class Successor(NamedTuple):
    """The row that counts in place of another one.

    Attributes:
        was_there: whether it had written the record when the other came, which so was superseded.
    """

    writer: Writer
    was_there: bool


def note_writers(connection: Connection, sequence: int, met: Met) -> None:
    """Note whom rows of a batch met: in a line those that wrote over a record, in another the superseded ones."""
    for line in _lines(sequence, met):
        parameters = {
            "sequence": sequence,
            "first_row": min(line.row_numbers),
            "last_row": max(line.row_numbers),
            "first_writer": min(line.writers),
            "last_writer": max(line.writers),
            "row_numbers": integer_array_literal(line.row_numbers),
            "writers": integer_array_literal(line.writers),
            "changed": "{" + ",".join(["t" if changed else "f" for changed in line.changed]) + "}",
        }
        connection.exec_driver_sql(NOTE, parameters)


def _lines(sequence: int, met: Met) -> Iterator[Met]:
    if not met.row_numbers:
        return
    if max(met.writers) < position_of(sequence, min(met.row_numbers)):
        yield met
        return
    entries = list(zip(met.row_numbers, met.writers, met.changed, strict=True))
    for is_late in (False, True):
        if line := [one for one in entries if (one[1] > position_of(sequence, one[0])) is is_late]:
            yield Met(*zip(*line, strict=True))


def delete_some_writers(connection: Connection, sequence: int) -> int:
    """Delete some notes of an import; return how many lines, 0 where none is left."""
    parameters = {"sequence": sequence, "most": LINES_PER_DELETE}
    return connection.exec_driver_sql(DELETE, parameters).rowcount


class WriterNotes:
    """Reads the notes, within the caller's transaction.

    `late_rows` and `successor_of` raise `TooSlowError` where the time is over; the others tell what they found.

    Args:
        seconds: that all statements may take, from now on.
    """

    def __init__(self, connection: Connection, seconds: float) -> None:
        self._connection = connection
        self._budget = Budget(seconds)

    def writers_of(self, last: Writer) -> list[Step]:
        """The writers of a record, the last one first, as far as they are noted and there is time."""
        steps: list[Step] = []
        writer: Writer | None = last
        while writer is not None and writer.sequence and len(steps) < MOST_WRITERS:
            try:
                step = self._step(writer)
            except TooSlowError:
                return [*steps, Step(writer, is_cut=True)]
            steps.append(step)
            writer = step.before if step.before is None or step.before < writer else None
        return steps

    def late_rows(self, writer: Writer, most: int) -> list[LateRow]:
        """Rows of the same import that were superseded by this writer, the latest first."""
        rows = self._rows(LATE, {**_place(writer), "most": most})
        return [LateRow(row_number, has_changed) for row_number, has_changed in rows]

    def successor_of(self, writer: Writer) -> Successor | None:
        """The row that counts in place of this one; None: none is noted."""
        step = self._step(writer)
        if step.before is not None and step.before > writer:
            return Successor(step.before, was_there=True)
        for sequence, row_number in self._rows(WRITTEN_OVER_BY, _place(writer)):
            return Successor(Writer(sequence, row_number), was_there=False)
        return None

    def last_successor_of(self, first: Successor) -> Successor:
        """The end of such a way, as far as it is noted, not too long, and there is time."""
        last = first
        with suppress(TooSlowError):
            for _ in range(MOST_WRITERS):
                following = self.successor_of(last.writer)
                if following is None:
                    break
                last = following
        return last

    def _step(self, writer: Writer) -> Step:
        for position, has_changed in self._rows(MET, _place(writer)):
            return Step(writer, Writer(*row_at(position)), has_changed)
        return Step(writer)

    def _rows(self, statement: str, parameters: dict[str, int]) -> Sequence[Any]:
        if self._budget.is_spent:
            raise TooSlowError
        seconds = self._budget.share(least=LEAST_SECONDS, most=STATEMENT_SECONDS)
        with in_passing(self._connection, seconds=seconds, jit="off"):
            return self._connection.exec_driver_sql(statement, parameters).all()


def _place(writer: Writer) -> dict[str, int]:
    return {
        "sequence": writer.sequence,
        "row_number": writer.row_number,
        "position": position_of(writer.sequence, writer.row_number),
    }
