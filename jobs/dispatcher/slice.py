"""One slice of the dispatcher: reads a file for a few seconds from its checkpoint, and pushes each row.

A slice ends by itself, or when its process is asked to stop, and the next is enqueued at the back of `high`; so
imports take turns, and no deploy meets a long job (docs/design.md, the way of a row, 2).
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from importer.errors import ObjectChangedError, ObjectMissingError
from importer.files.csv_reader import Position, new_tuple
from importer.ledger.alterations import set_blank_rows, set_short_rows
from importer.ledger.counters import Change, settle
from importer.ledger.lines import known_rows
from importer.ledger.retries import Requested, requested
from importer.lifecycle.cleaning import clean_completed, clean_now
from importer.lifecycle.stored_rows import Reader
from importer.lifecycle.transitions import try_move
from importer.models import Import
from importer.queue import checkpoint, queues
from importer.queue.checkpoint import Checkpoint
from importer.services import Services
from importer.statuses import DISPATCHED, Reason, Status
from jobs import process
from jobs.dispatcher.assignment import Assignment, take_up
from jobs.dispatcher.pusher import BYTES_PER_PUSH, ROWS_PER_PUSH, Answer, Pusher, Row
from jobs.dispatcher.retries import ask_for_more
from jobs.dispatcher.share import Share
from jobs.rows.job import encode_record, encode_retry

log = logging.getLogger(__name__)

READ_BUFFER = 1024 * 1024
LOOK_SECONDS = 1.0
"""How often a slice looks whether its import was paused or cancelled, and notes how far it has got."""

TURN_SECONDS = 0.5
"""So long a slice reads while another import waits on `high`."""

WAIT_SECONDS = 0.1
"""So long a slice waits for room while another import waits on `high`."""

LOOK_FOR_ROOM_SECONDS = 0.02

FEW = 10
"""So many waiting slices are looked at for one of another import; an import has hardly ever more than one."""


class Block(NamedTuple):
    """Rows of one push, none where much of the file holds none, and the position after them."""

    rows: list[Row]
    position: Position


class Slice:
    """One run of the dispatcher for one import.

    Attributes:
        has_lost: another dispatcher is further on in the file; the lease is its own now.
    """

    def __init__(self, services: Services, import_id: str) -> None:
        self._services = services
        self._id = import_id
        self._pusher = Pusher(services.redis, import_id)
        self._share = Share(services.redis, import_id, services.settings)
        self._free = 0
        self._until = time.monotonic() + services.settings.slice_seconds
        self._next_turn = time.monotonic() + TURN_SECONDS
        self._next_look = time.monotonic() + LOOK_SECONDS
        self.has_lost = False

    def run(self) -> bool:
        """Push retried rows, then rows of the file; return whether there is more to do."""
        goes_on = self._push()
        if goes_on:
            self._share.hand_on()
        return goes_on

    def _push(self) -> bool:
        checkpoint.take_lease(self._services.redis, self._id)
        reached = checkpoint.read(self._services.redis, self._id)
        assignment = take_up(self._services.engine, self._id, reached)
        if assignment is None:
            return False
        if not self._push_retries(assignment):
            return True
        return self._dispatch(assignment, assignment.reached) if assignment.reached else False

    # Retried rows

    def _push_retries(self, assignment: Assignment) -> bool:
        """Push the rows whose retry was asked for; return whether all were pushed."""
        rows, after = assignment.retries, 0
        while True:
            if rows:
                if not self._has_room(self._pusher.queue_length()):
                    return False
                rows = _fitting(rows[: self._most_rows()])
                self._pusher.push_retries([Row(r.row_number, encode_retry(self._id, *r[:3])) for r in rows])
                self._share.pushed(len(rows), sum(row.size for row in rows))
                after = rows[-1].row_number
            else:
                more_after = ask_for_more(self._services, assignment)
                if more_after is None:
                    return True
                if self._is_turn_over():
                    return False
                after = more_after
            with Session(self._services.engine) as session:
                rows = requested(session, assignment.sequence, after=after, limit=ROWS_PER_PUSH)

    # Rows of the file

    def _dispatch(self, assignment: Assignment, reached: Checkpoint) -> bool:
        if not reached.row_number and not reached.known_row:
            self._share.nothing_waits()
        if not self._has_room(self._pusher.queue_length()):
            return True
        try:
            return self._read_on(assignment, reached)
        except ObjectChangedError as error:
            return self._stop(Reason.OBJECT_CHANGED, error.message)
        except ObjectMissingError as error:
            return self._stop(Reason.OBJECT_MISSING, error.message)

    def _read_on(self, assignment: Assignment, reached: Checkpoint) -> bool:
        stored = assignment.stored.open_at(self._services.storage, reached.offset)
        with io.BufferedReader(stored, READ_BUFFER) as source:
            reader = assignment.stored.reader(source, _position(reached), self._services.settings)
            self._next_turn = time.monotonic() + TURN_SECONDS  # a slice that was long in opening reads a little
            for block in self._blocks(reader):
                after = reached.moved_to(*block.position)
                rows = self._unknown(assignment, reached, block.rows)
                answer, length = self._push_block(reached, after, rows)
                if answer in (Answer.LOST, Answer.UNLEASED):
                    self.has_lost = answer is Answer.LOST
                    return False
                reached = after
                self._share.pushed(len(rows), sum(len(row.data) for row in rows))
                if not self._has_room(length):
                    self._look(reached)
                    return True
                if not self._may_go_on(reached):
                    return True
        return self._finish(reached)

    def _push_block(self, before: Checkpoint, after: Checkpoint, rows: list[Row]) -> tuple[Answer, int]:
        """Push, and where the lease is gone look whether the import is still to be dispatched before it is taken
        again."""
        answer, length = self._pusher.push(before, after, rows)
        while answer is Answer.UNLEASED and self._look(before):
            checkpoint.take_lease(self._services.redis, self._id)
            answer, length = self._pusher.push(before, after, rows)
        return answer, length

    def _blocks(self, reader: Reader) -> Iterator[Block]:
        rows: list[Row] = []
        size, reached = 0, reader.position
        most = self._most_rows()
        for record in reader.steps():
            if record is not None:
                data = encode_record(self._id, record)
                rows.append(new_tuple(Row, (record.row_number, data)))
                size += len(data)
            if record is None or len(rows) >= most or size >= BYTES_PER_PUSH:
                reached = reader.position
                yield Block(rows, reached)
                rows, size = [], 0
                most = self._most_rows()
        if rows or reader.position != reached:
            yield Block(rows, reader.position)

    def _most_rows(self) -> int:
        return min(ROWS_PER_PUSH, self._share.room, self._free)

    def _unknown(self, assignment: Assignment, reached: Checkpoint, rows: list[Row]) -> list[Row]:
        """After a rewind: only the rows that the ledger does not know."""
        if reached.row_number >= reached.known_row or not rows:
            return rows
        with self._services.engine.connect() as connection:
            known = known_rows(connection, assignment.sequence, rows[0].row_number, rows[-1].row_number)
        return [row for row in rows if row.row_number not in known]

    def _has_room(self, queue_length: int) -> bool:
        """Wait while `low` is full, or this import's share of it; False where the slice is to end meanwhile, or to
        look at its import."""
        most, turn = self._services.settings.max_queued_rows, time.monotonic() + WAIT_SECONDS
        while True:
            self._share.measure()
            self._free = most - queue_length
            if self._free > 0 and self._share.room:
                return True
            if self._is_over() or (time.monotonic() > turn and self._do_others_wait()):
                return False
            process.stop_requested.wait(LOOK_FOR_ROOM_SECONDS)
            if not checkpoint.renew_lease(self._services.redis, self._id):
                return False
            queue_length = self._pusher.queue_length()

    def _is_over(self) -> bool:
        return process.stop_requested.is_set() or time.monotonic() > self._until

    def _do_others_wait(self) -> bool:
        return bool(queues.waiting_imports(self._services.redis, first=FEW) - {self._id})

    def _is_turn_over(self) -> bool:
        """Whether this slice is to end, or another import has waited for long enough."""
        if time.monotonic() > self._next_turn:
            self._next_turn = time.monotonic() + TURN_SECONDS
            return self._is_over() or self._do_others_wait()
        return self._is_over()

    def _may_go_on(self, reached: Checkpoint) -> bool:
        is_over = self._is_turn_over()
        if time.monotonic() < self._next_look and not is_over:
            return True
        self._next_look = time.monotonic() + LOOK_SECONDS
        return self._look(reached) and not is_over

    def _look(self, reached: Checkpoint) -> bool:
        """Note how far the file is read; say whether the import is still to be dispatched."""
        with Session(self._services.engine) as session:
            status = session.scalar(
                update(Import)
                .where(Import.id == self._id, Import.deleted_at.is_(None))
                .values(dispatched_rows=func.greatest(Import.dispatched_rows, reached.row_number), failed_slices=0)
                .returning(Import.status)
            )
            session.commit()
        return status in DISPATCHED

    def _finish(self, reached: Checkpoint) -> bool:
        """The end of the file: write the total; where every row has ended already, the import is completed."""
        if reached.row_number == 0:
            return self._stop(Reason.NO_ROWS)
        with self._services.engine.begin() as connection:
            set_short_rows(connection, self._id, reached.short_rows)
            state = settle(connection, self._id, Change(), total=reached.row_number)
            set_blank_rows(connection, self._id, reached.blank_rows)
        log.info("import %s: read to its end, %s rows", self._id, reached.row_number)
        if state is not None and state.status == Status.COMPLETED:
            clean_completed(self._services, self._id)
        return False

    def _stop(self, reason: Reason, detail: str = "") -> bool:
        log.error("import %s stopped: %s", self._id, reason)
        with Session(self._services.engine) as session:
            try_move(session, self._id, Status.STOPPED, reason=reason, detail=detail)
            session.commit()
        self._clean()
        return False

    def _clean(self) -> None:
        with Session(self._services.engine, expire_on_commit=False) as session:
            import_ = session.get(Import, self._id)
            if import_ is not None:
                clean_now(session, self._services, import_)


def _position(reached: Checkpoint) -> Position:
    return Position(
        reached.row_number,
        reached.line_number,
        reached.offset,
        reached.is_within_line,
        reached.blank_rows,
        reached.short_rows,
    )


def _fitting(rows: list[Requested]) -> list[Requested]:
    """The first of these rows whose cells are not too many bytes for one push; at least one."""
    size = 0
    for count, row in enumerate(rows):
        size += row.size
        if size > BYTES_PER_PUSH:
            return rows[: max(count, 1)]
    return rows
