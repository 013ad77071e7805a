"""The Lua scripts, each a file of the folder `lua` whose first lines say what it does.

A Lua error does not undo what the script did before it, so whatever others rely on is written by its last command.
Scripts that make room, or put jobs back, are allowed on a full Redis (`allow-oom`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from redis import Redis
from redis.commands.core import Script

FOLDER = Path(__file__).parent / "lua"


def script(redis: Redis, name: str) -> Script:
    """A script that is ready to be called: `script(redis, "end_claim")(keys=[…], args=[…])`."""
    return redis.register_script(_text(name))


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.lua").read_text()
