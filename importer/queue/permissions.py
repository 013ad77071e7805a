"""What the product may have to ask of Redis, as rules of an ACL, and which of these its user lacks.

`docs/operations.md` lists the same; tests hold both against what Redis is really asked.
"""

from __future__ import annotations

from typing import cast

from redis import Redis
from redis.exceptions import NoPermissionError, ResponseError
from rq.defaults import RQ_KEY_PREFIX

from importer.queue import keys
from importer.queue.scripts import script

CALLS = """
blmove KEY KEY left right 1
client|info
client|setname name
decr KEY
del KEY
evalsha sha 1 KEY
exec
exists KEY
expire KEY 1
get KEY
hdel KEY field
hello 3
hexists KEY field
hget KEY field
hgetall KEY
hincrby KEY field 1
hincrbyfloat KEY field 1
hkeys KEY
hmget KEY field
hset KEY field value
hsetnx KEY field value
incr KEY
info
lindex KEY 0
llen KEY
lpop KEY
lpush KEY value
lrange KEY 0 1
lrem KEY 1 value
ltrim KEY 0 1
mget KEY
multi
persist KEY
ping
rpush KEY value
sadd KEY value
scan 0
script|load text
select 0
set KEY value
smembers KEY
sort_ro KEY
srem KEY value
time
unwatch
watch KEY
xadd KEY * field value
xrevrange KEY + -
zadd KEY 1 value
zcard KEY
zrange KEY 0 1
zrangebyscore KEY 0 1
zrem KEY value
zremrangebyscore KEY 0 1
zscore KEY value
"""
"""A complete call of each command: Valkey 9.1 ends with a segmentation fault if asked about an incomplete one."""

_CALLS = CALLS.strip().split("\n")
KEY_CALLS = [call for call in _CALLS if " KEY" in call]
OTHER_CALLS = [call for call in _CALLS if " KEY" not in call]

COMMANDS = [call.split()[0] for call in _CALLS]

BEGINNINGS = (f"{keys.PREFIX}:", f"{RQ_KEY_PREFIX}:")
"""What every key begins with; as rules of an ACL `~importer:*` and `~rq:*`, before which REDIS_PREFIX stands."""

PLAIN_WRITES = {"set", "del", "hset"}

READ_ANY_KEY = "%R~*"
"""SORT_RO with GET asks for it, whichever keys it reads."""


def lacking(redis: Redis) -> list[str]:
    """The rules that this connection's user lacks, such as `+hset`; nothing is changed.

    Whether a command or its key is denied cannot be told apart: what is denied on all keys is named as a command,
    keys on which no plain write is allowed as keys.

    Raises:
        RedisError: Redis does not answer, or refuses even to tell.
    """
    denied = {beginning: _denied(redis, KEY_CALLS, f"{beginning}acl") for beginning in BEGINNINGS}
    commands = set.intersection(*denied.values()) | _denied(redis, OTHER_CALLS, "")
    patterns = [f"~{beginning}*" for beginning, found in denied.items() if found >= PLAIN_WRITES]
    return [f"+{command}" for command in sorted(commands)] + patterns + _read_any_key(redis)


def _denied(redis: Redis, calls: list[str], key: str) -> set[str]:
    found = cast(list[bytes], script(redis, "denied_commands")(args=[key, *calls]))
    return {command.decode() for command in found}


def _read_any_key(redis: Redis) -> list[str]:
    """Redis decides this only as the command runs, here on a key that there is not."""
    data = f"{keys.JOB_PREFIXES[0]}*->data"
    try:
        redis.execute_command("SORT_RO", keys.claim("acl"), "BY", "nosort", "GET", data)
    except NoPermissionError:
        return []  # of the command or the key, which are told already
    except ResponseError as error:
        if "GET option" not in str(error):
            raise
        return [READ_ANY_KEY]
    return []
