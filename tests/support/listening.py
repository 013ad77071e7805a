"""What a Redis is asked, as MONITOR tells it."""

from __future__ import annotations

import re
import threading
from types import TracebackType
from typing import Any

import redis

ARGUMENT = re.compile(r'"((?:[^"\\]|\\.)*)"')
PARENTS = {"acl", "client", "command", "config", "script"}


class Listening:
    """Writes down every command that reaches a Redis, those of scripts too.

    Attributes:
        asked: each command with its arguments, without those that came from here.
    """

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)
        self._connection = self._client.connection_pool.get_connection()
        self.asked: list[list[str]] = []

    def __enter__(self) -> Listening:
        self._connection.send_command("MONITOR")
        self._connection.read_response()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.echo("end of listening")
        self._thread.join(10)
        self._connection.disconnect()
        self._client.close()

    def _listen(self) -> None:
        while True:
            line = str(self._connection.read_response(timeout=60), "utf-8", "replace")
            arguments = ARGUMENT.findall(line.partition("] ")[2])
            if arguments[1:] == ["end of listening"]:
                return
            self.asked.append(arguments)

    def commands(self) -> set[str]:
        """Each command, as ACL rules name them: `get`, `client|setname`."""
        return {name_of(arguments) for arguments in self.asked}

    def keys(self) -> set[str]:
        """Each key that was used, whether it was there or not."""
        distinct = {tuple(arguments) for arguments in self.asked}
        with self._client.pipeline(transaction=False) as pipeline:
            for arguments in distinct:
                pipeline.execute_command("COMMAND GETKEYS", *arguments)
            answers: list[Any] = pipeline.execute(raise_on_error=False)
        return {str(key) for keys in answers if isinstance(keys, list) for key in keys}


def name_of(arguments: list[str]) -> str:
    command = arguments[0].lower()
    return f"{command}|{arguments[1].lower()}" if command in PARENTS and len(arguments) > 1 else command
