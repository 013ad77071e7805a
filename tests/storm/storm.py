"""What faults have in their hands."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from proxies import LossyProxy, S3Proxy
from scene import Scene

from embedded.servers import EmbeddedServers


class Missed(Exception):  # noqa: N818
    """The fault met nothing: no reply of that kind was on its way, nobody passed that point."""


@dataclass
class Storm:
    """The product at work, and the servers and networks below it.

    Attributes:
        meanwhile: what else is to happen in the middle of the fault at hand.
    """

    scene: Scene
    servers: EmbeddedServers
    redis_proxy: LossyProxy
    postgres_proxy: LossyProxy
    s3_proxy: S3Proxy
    chance: Random
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def wait(self, least: float, most: float, until: Callable[[], bool | None] = bool) -> None:
        """Some seconds, in which the dead are started again; in their middle comes what is to happen meanwhile."""
        began, seconds = time.monotonic(), self.chance.uniform(least, most)
        while (waited := time.monotonic() - began) < seconds and not until():
            if waited > seconds / 2:
                self.do_meanwhile()
            self.scene.crew.tend()
            time.sleep(0.02)

    def do_meanwhile(self) -> None:
        while self.meanwhile:
            self.meanwhile.pop()()

    def import_id(self) -> str:
        return self.chance.choice(list(self.scene.imports))

    def new_name(self) -> str:
        """Of accounts that no other file has."""
        return f"{self.chance.randrange(10**9)}-"
