"""Slows down whoever tries passwords, by counting in Redis; without Redis it lets everybody try."""

from __future__ import annotations

import hashlib
import logging

from redis import Redis
from redis.exceptions import RedisError

from importer.connections import KEY_PREFIX

log = logging.getLogger(__name__)

WINDOW_SECONDS = 15 * 60
TRIES_PER_EMAIL = 10
"""Failed tries from one address for one e-mail address."""

TRIES_PER_ADDRESS = 100
"""Failed tries from one address, whatever the e-mail address: checking a password is slow on purpose."""

CLOSED = "Too many failed tries. Wait a quarter of an hour, or ask an admin for a one-time link."

COUNT_TRY = """
for place, key in ipairs(KEYS) do
    if tonumber(redis.call('GET', key) or 0) >= tonumber(ARGV[place + 1]) then return 0 end
end
for _, key in ipairs(KEYS) do
    if redis.call('INCR', key) == 1 then redis.call('EXPIRE', key, ARGV[1]) end
end
return 1
"""

FORGET_TRIES = """
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('DECR', KEYS[2]) end
"""


class PasswordThrottle:
    """Counts the failed tries of one address and e-mail address.

    Args:
        address: where the request comes from.
        email: whom it pretends to be; only its hash is kept.
    """

    def __init__(self, redis: Redis, address: str, email: str) -> None:
        self._redis = redis
        pair = hashlib.sha256(f"{address} {email.strip().lower()}".encode("utf-8", "replace")).hexdigest()
        self._keys = (f"{KEY_PREFIX}:login:{pair}", f"{KEY_PREFIX}:login:{address}")

    def admits(self) -> bool:
        """Count a try as failed, unless there were too many within 15 minutes already.

        To be called before the password is checked: tries in parallel would all be let in by a count that is made
        afterwards. A try that succeeds is to be forgotten.
        """
        limits = (WINDOW_SECONDS, TRIES_PER_EMAIL, TRIES_PER_ADDRESS)
        try:
            return bool(self._redis.eval(COUNT_TRY, len(self._keys), *self._keys, *limits))
        except RedisError as error:
            log.warning("failed passwords are not counted: %s", error)
            return True

    def forget(self) -> None:
        """Start over after a try that succeeded; other people's tries from the address still count."""
        try:
            self._redis.eval(FORGET_TRIES, len(self._keys), *self._keys)
        except RedisError as error:
            log.warning("failed passwords are not forgotten: %s", error)
