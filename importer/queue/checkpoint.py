"""How far the dispatcher has got with a file, in Redis.

Only `create` makes a checkpoint, when an import starts, is resumed or rewound and has none, and only `take`
removes it, when the import ends, is rewound or meets a broken record type. Advancing it is the last command of the
script that pushes the rows (`jobs.dispatcher.pusher`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

from redis import Redis

from importer.queue import keys
from importer.queue.scripts import script
from importer.time_limits import DISPATCHER_LEASE_SECONDS


class Checkpoint(NamedTuple):
    """How far the file has been read; everything before has been pushed.

    Attributes:
        row_number: rows pushed.
        line_number: physical lines read.
        offset: bytes read, from the start of the file.
        known_row: rows up to this one may be in the ledger already (after a rewind), so look before pushing.
        is_within_line: the rest of a line that was too long is still to be skipped.
        blank_rows: lines without any value.
        short_rows: rows whose missing cells count as empty.
    """

    row_number: int
    line_number: int
    offset: int
    known_row: int = 0
    is_within_line: bool = False
    blank_rows: int = 0
    short_rows: int = 0

    def moved_to(
        self,
        row_number: int,
        line_number: int,
        offset: int,
        is_within_line: bool = False,
        blank_rows: int = 0,
        short_rows: int = 0,
    ) -> Checkpoint:
        """The same checkpoint further on in the file."""
        return Checkpoint(row_number, line_number, offset, self.known_row, is_within_line, blank_rows, short_rows)


def create(redis: Redis, import_id: str, *, line: int, offset: int, known_row: int = 0) -> bool:
    """Make a checkpoint before the first row, unless there is one; return whether it was made."""
    made = script(redis, "create_checkpoint")(keys=[keys.checkpoint(import_id)], args=[line, offset, known_row])
    return bool(made)


NAMES = ("row", "line", "offset", "known", "within", "blank", "short")
"""Fields of a checkpoint in Redis, in the order of `Checkpoint`'s."""


def read(redis: Redis, import_id: str) -> Checkpoint | None:
    """The checkpoint, or None where Redis holds none."""
    return _checkpoint(cast(list[bytes | None], redis.hmget(keys.checkpoint(import_id), list(NAMES))))


def read_several(redis: Redis, import_ids: Sequence[str]) -> dict[str, Checkpoint]:
    """The checkpoints of these imports, by id, read at once; those that Redis does not hold are left out."""
    if not import_ids:
        return {}
    pipeline = redis.pipeline(transaction=False)
    for import_id in import_ids:
        pipeline.hmget(keys.checkpoint(import_id), list(NAMES))
    found = zip(import_ids, map(_checkpoint, pipeline.execute()), strict=True)
    return {import_id: reached for import_id, reached in found if reached is not None}


def _checkpoint(found: Sequence[bytes | None]) -> Checkpoint | None:
    *values, within, blank, short = found
    if any(value is None for value in values):
        return None
    row, line, offset, known = (int(cast(bytes, value)) for value in values)
    return Checkpoint(row, line, offset, known, within == b"1", int(blank or 0), int(short or 0))


def take(redis: Redis, import_id: str) -> int | None:
    """Delete checkpoint, lease and share; return the row number it stood at, or None."""
    gone = [keys.checkpoint(import_id), keys.lease(import_id), keys.share(import_id)]
    row = cast(bytes | None, script(redis, "take_checkpoint")(keys=gone))
    return None if row is None else int(row)


def forget(redis: Redis, import_ids: Sequence[str]) -> None:
    """Delete checkpoint, lease and share of completed imports, whose every row is known to Postgres."""
    redis.delete(
        *[key(import_id) for import_id in import_ids for key in (keys.checkpoint, keys.lease, keys.share)]
    )


def imports_with_checkpoint(redis: Redis) -> set[str]:
    """The ids of all imports of which Redis holds a checkpoint."""
    found = cast(Iterator[bytes], redis.scan_iter(match=keys.checkpoint("*"), count=1000))
    return {key.decode().removeprefix(keys.checkpoint("")) for key in found}


def take_lease(redis: Redis, import_id: str) -> None:
    """Note that a dispatcher is at work on this import, having looked whether it is to be dispatched."""
    redis.set(keys.lease(import_id), 1, ex=DISPATCHER_LEASE_SECONDS)


def renew_lease(redis: Redis, import_id: str) -> bool:
    """Keep the lease; False where it is gone."""
    return bool(redis.expire(keys.lease(import_id), DISPATCHER_LEASE_SECONDS))


def drop_lease(redis: Redis, import_id: str) -> None:
    """Note that the dispatcher has left this import, or have it look whether it should before it pushes more."""
    redis.delete(keys.lease(import_id))


def leased_imports(redis: Redis, import_ids: Sequence[str]) -> set[str]:
    """Those of the imports of which a dispatcher has pushed or waited within its lease."""
    if not import_ids:
        return set()
    leases = cast(list[bytes | None], redis.mget([keys.lease(import_id) for import_id in import_ids]))
    return {import_id for import_id, lease in zip(import_ids, leases, strict=True) if lease is not None}


def is_leased(redis: Redis, import_id: str) -> bool:
    """Whether a dispatcher has pushed or waited within its lease."""
    return bool(redis.exists(keys.lease(import_id)))
