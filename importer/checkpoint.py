"""How far the dispatcher has got with a file, in Redis.

Only `create` makes a checkpoint, when an import starts, is resumed or rewound and has none, and only `take`
removes it, when the import ends, is rewound or meets a broken record type. Advancing it is the last command of the
script that pushes the rows (`jobs.pushing`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

from redis import Redis

from importer.connections import KEY_PREFIX

LEASE_MILLISECONDS = 5_000
"""A dispatcher that neither pushes nor waits for so long counts as dead. One that is only slow gets a twin, which
costs a little and changes nothing."""


class Checkpoint(NamedTuple):
    """Everything before it has been pushed.

    Attributes:
        row_number: rows pushed.
        line_number: physical lines read.
        offset: bytes read, from the start of the file.
        known_row: rows up to this one may be in the ledger already (after a rewind), so look before pushing.
    """

    row_number: int
    line_number: int
    offset: int
    known_row: int = 0

    def moved_to(self, row_number: int, line_number: int, offset: int) -> Checkpoint:
        """The same checkpoint further on in the file."""
        return Checkpoint(row_number, line_number, offset, self.known_row)


def checkpoint_key(import_id: str) -> str:
    return f"{KEY_PREFIX}:checkpoint:{import_id}"


def lease_key(import_id: str) -> str:
    return f"{KEY_PREFIX}:lease:{import_id}"


def share_key(import_id: str) -> str:
    """What the slices of an import hand on to each other about its share of `low`; it expires."""
    return f"{KEY_PREFIX}:share:{import_id}"


CREATE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'row', 0, 'line', ARGV[1], 'offset', ARGV[2], 'known', ARGV[3])
return 1
"""

TAKE = """
local row = redis.call('HGET', KEYS[1], 'row')
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return row
"""


def create(redis: Redis, import_id: str, *, line: int, offset: int, known_row: int = 0) -> bool:
    """Begin at the first row, unless there is a checkpoint; say whether there was none."""
    return bool(redis.eval(CREATE, 1, checkpoint_key(import_id), line, offset, known_row))


def read(redis: Redis, import_id: str) -> Checkpoint | None:
    """The checkpoint, or None where Redis holds none."""
    values = cast(list[bytes | None], redis.hmget(checkpoint_key(import_id), ["row", "line", "offset", "known"]))
    if any(value is None for value in values):
        return None
    return Checkpoint(*(int(cast(bytes, value)) for value in values))


def take(redis: Redis, import_id: str) -> int | None:
    """Delete checkpoint, lease and share; return the row number it stood at, or None."""
    keys = (checkpoint_key(import_id), lease_key(import_id), share_key(import_id))
    row = cast(bytes | None, redis.eval(TAKE, len(keys), *keys))
    return None if row is None else int(row)


def imports_with_one(redis: Redis) -> set[str]:
    """The ids of all imports of which Redis holds a checkpoint."""
    keys = cast(Iterator[bytes], redis.scan_iter(match=checkpoint_key("*"), count=1000))
    return {key.decode().removeprefix(checkpoint_key("")) for key in keys}


def renew_lease(redis: Redis, import_id: str) -> None:
    """Say that a dispatcher is at work on this import."""
    redis.set(lease_key(import_id), 1, px=LEASE_MILLISECONDS)


def drop_lease(redis: Redis, import_id: str) -> None:
    """Say that the dispatcher has left this import."""
    redis.delete(lease_key(import_id))


def is_leased(redis: Redis, import_id: str) -> bool:
    """Whether a dispatcher has pushed or waited within the last 5 seconds."""
    return bool(redis.exists(lease_key(import_id)))
