"""Slows down whoever tries passwords, by counting in Redis; without Redis it lets everybody try."""

from __future__ import annotations

import hashlib
import logging
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from importer.checkpoint import PREFIX

log = logging.getLogger(__name__)

WINDOW_SECONDS = 15 * 60
TRIES_PER_EMAIL = 10
"""Failed tries from one address for one e-mail address."""

TRIES_PER_ADDRESS = 100
"""Failed tries from one address, whatever the e-mail address: checking a password is slow on purpose."""


class LoginThrottle:
    """Counts the failed tries of one address and e-mail address.

    Args:
        address: where the request comes from.
        email: whom it pretends to be; only its hash is kept.
    """

    def __init__(self, redis: Redis, address: str, email: str) -> None:
        self._redis = redis
        pair = hashlib.sha256(f"{address} {email.strip().lower()}".encode("utf-8", "replace")).hexdigest()
        self._limits = {
            f"{PREFIX}:login:{pair}": TRIES_PER_EMAIL,
            f"{PREFIX}:login:{address}": TRIES_PER_ADDRESS,
        }

    def is_closed(self) -> bool:
        """Whether there were too many failed tries within 15 minutes."""
        try:
            counts = cast(list[bytes | None], self._redis.mget(list(self._limits)))
        except RedisError as error:
            log.warning("failed logins are not counted: %s", error)
            return False
        return any(int(count or 0) >= limit for count, limit in zip(counts, self._limits.values(), strict=True))

    def note_failure(self) -> None:
        try:
            with self._redis.pipeline() as pipeline:
                for key in self._limits:
                    pipeline.set(key, 0, ex=WINDOW_SECONDS, nx=True)
                    pipeline.incr(key)
                pipeline.execute()
        except RedisError as error:
            log.warning("failed logins are not counted: %s", error)

    def forget(self) -> None:
        """Start over after a login that succeeded; other people's tries from the address still count."""
        try:
            self._redis.delete(next(iter(self._limits)))
        except RedisError as error:
            log.warning("failed logins are not forgotten: %s", error)
