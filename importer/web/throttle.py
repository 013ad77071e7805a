"""Slows down whoever tries passwords, by counting in Redis; without Redis it lets everybody try."""

from __future__ import annotations

import hashlib
import logging

from redis import Redis
from redis.exceptions import RedisError

from importer.queue import keys
from importer.queue.scripts import script

log = logging.getLogger(__name__)

WINDOW_SECONDS = 15 * 60
TRIES_PER_EMAIL = 10
"""Failed tries from one address for one e-mail address."""

TRIES_PER_ADDRESS = 100
"""Failed tries from one address, whatever the e-mail address: checking a password is slow on purpose."""

TOO_MANY_TRIES = "Too many failed tries. Wait a quarter of an hour, or ask an admin for a one-time link."


class PasswordThrottle:
    """Counts the failed tries of one address and e-mail address.

    Args:
        address: where the request comes from.
        email: whose password it tries; only a hash of it is kept.
    """

    def __init__(self, redis: Redis, address: str, email: str) -> None:
        self._redis = redis
        pair = hashlib.sha256(f"{address} {email.strip().lower()}".encode("utf-8", "replace")).hexdigest()
        self._keys = (keys.login(pair), keys.login(address))

    def admits(self) -> bool:
        """Count a try as failed, unless there were too many within 15 minutes already.

        Call it before the password is checked: counted afterwards, parallel tries would all be let in. After a try
        that succeeds call `forget`.
        """
        limits = (WINDOW_SECONDS, TRIES_PER_EMAIL, TRIES_PER_ADDRESS)
        try:
            return bool(script(self._redis, "count_login_try")(keys=self._keys, args=limits))
        except RedisError as error:
            log.warning("failed passwords are not counted: %s", error)
            return True

    def forget(self) -> None:
        """Start over after a try that succeeded; other people's tries from the address still count."""
        try:
            script(self._redis, "forget_login_tries")(keys=self._keys)
        except RedisError as error:
            log.warning("failed passwords are not forgotten: %s", error)
