"""Who is at work on the conversion of an import's file: a lease that its converter renews."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from redis import Redis

from importer.queue import keys
from importer.time_limits import CONVERTER_LEASE_SECONDS


def take(redis: Redis, import_id: str, converter: str) -> bool:
    """Take the lease, unless another converter has it; say whether it is this one's now."""
    key = keys.conversion_lease(import_id)
    return bool(redis.set(key, converter, nx=True, ex=CONVERTER_LEASE_SECONDS)) or _holder(redis, key) == converter


def renew(redis: Redis, import_id: str, converter: str) -> bool:
    """Renew it, or take it again where it has lapsed; say whether it is still this converter's."""
    if not take(redis, import_id, converter):
        return False
    redis.expire(keys.conversion_lease(import_id), CONVERTER_LEASE_SECONDS)
    return True


def drop(redis: Redis, import_id: str, converter: str) -> None:
    """Give it back; whoever else has it by now keeps it."""
    key = keys.conversion_lease(import_id)
    if _holder(redis, key) == converter:
        redis.delete(key)


def leased(redis: Redis, import_ids: Collection[str]) -> set[str]:
    """Those of these imports at which a converter is at work."""
    ids = list(import_ids)
    if not ids:
        return set()
    found = redis.mget([keys.conversion_lease(import_id) for import_id in ids])
    return {import_id for import_id, holder in zip(ids, cast(list[bytes | None], found), strict=True) if holder}


def _holder(redis: Redis, key: str) -> str | None:
    holder = cast(bytes | None, redis.get(key))
    return holder.decode(errors="replace") if holder is not None else None
