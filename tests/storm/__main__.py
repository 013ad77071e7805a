"""Storms: files are imported while faults are done to the product, until the time is over."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import stage
from faults import FAULTS, SUDDEN
from proxies import LossyProxy, S3Proxy
from samples import FORMS, deposits, people
from scene import BAR, Scene
from storm import Missed, Storm
from supervisor import Processes
from world import World

from embedded.servers import EmbeddedServers
from importer.config import Settings
from importer.control import imports
from importer.errors import RefusedTransitionError
from importer.services import Services

FAULTS_A_ROUND = 10
READING = ("dispatcher", "S3")
"""Beginnings of the faults after which the question is when reading goes on."""

MINUTES_TO_THE_END = 5.0
"""A row that ends its worker four times waits each time for its claim's lease."""

WIDTH = max(map(len, FAULTS))


@dataclass
class Tally:
    """What came of one kind of fault.

    Attributes:
        longest: seconds from its end until work went on.
        violations: rounds that had it and did not end as they must.
    """

    times: int = 0
    longest: float = 0.0
    violations: int = 0


@dataclass
class Report:
    """What the storm did, and what it broke."""

    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in FAULTS})
    rounds: int = 0
    rows: int = 0
    pairs: int = 0
    violations: list[str] = field(default_factory=list)

    def print(self) -> None:
        print(f"\n{'fault':{WIDTH}}  times  longest recovery  violations")
        for name, tally in self.tallies.items():
            print(f"{name:{WIDTH}}  {tally.times:5}  {tally.longest:14.1f} s  {tally.violations:10}")
        print(f"\n{self.rounds} rounds, {self.rows:,} rows, {len(self.violations)} violations")
        print(f"{self.pairs} times two faults at once")
        for words in self.violations:
            print(f"\n{words}")


@contextmanager
def set_up(servers: EmbeddedServers, folder: Path, chance: random.Random) -> Iterator[Storm]:
    """A database of its own, an empty Redis, and proxies in front of all three servers."""
    with ExitStack() as stack:
        url = stack.enter_context(servers.postgres.passing_database(stage.TEMPLATE))
        direct = stage.settings_of(servers, url)
        os.environ.update(direct)  # boto3's own variables
        redis, postgres = (
            stack.enter_context(LossyProxy(port)) for port in (servers.valkey.port, servers.postgres.port)
        )
        s3 = stack.enter_context(S3Proxy(servers.s3.port))
        through = {
            **direct,
            "REDIS_URL": direct["REDIS_URL"].replace(str(servers.valkey.port), str(redis.port)),
            "DATABASE_URL": direct["DATABASE_URL"].replace(str(servers.postgres.port), str(postgres.port)),
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{s3.port}",
        }
        services = Services.for_jobs(Settings.from_environment(direct), name="storm")
        services.redis.flushall()
        processes = stack.enter_context(Processes(through, folder))
        yield Storm(Scene(World(services), processes), servers, redis, postgres, s3, chance)
        services.redis.close()
        services.engine.dispose()


def play(storm: Storm, report: Report, until: float, minutes_to_the_end: float) -> None:
    """One round: a few files, a crew, a fault or more, and in the end everything as if nothing had been."""
    chance, scene = storm.chance, storm.scene
    files = [
        deposits(chance.randrange(6000, 18_000)),
        people(chance.randrange(20_000, 200_000), keys=chance.randrange(50, 3000), name="first"),
        people(chance.randrange(50, 3000), keys=40, name="second"),
    ]
    files = [replace(sample, form=chance.choice(["csv", *FORMS])) for sample in files]
    settings = {
        "SLICE_SECONDS": str(chance.choice([0.2, 1, 5])),
        "MAX_QUEUED_ROWS": str(chance.choice([300, 2000])),
    }
    scene.begin(
        *files, dispatchers=chance.choice([1, 1, 2]), workers=chance.choice([1, 2, 3]), converters=1, **settings
    )
    done = []
    try:
        for _ in range(FAULTS_A_ROUND):
            storm.wait(0, 2)
            if scene.is_over() or (done and time.monotonic() > until):
                break
            names = [chance.choice(sorted(FAULTS)), *chance.choice([[], [], [chance.choice(sorted(SUDDEN))]])]
            done.extend(names)
            strike(storm, names, report)
        resume_paused(scene)
        scene.assert_ends_as_undisturbed(seconds=minutes_to_the_end * 60)
    except Exception:
        for name in set(done):
            report.tallies[name].violations += 1
        words = f"round {report.rounds + 1} after {', '.join(done)}; logs in {scene.processes.folder}"
        report.violations.append(f"{words}\n{traceback.format_exc()}")
        print(f"VIOLATION in {words}", flush=True)
        traceback.print_exc(file=sys.stdout)
    report.rounds += 1
    report.rows += sum(sample.rows for sample in scene.imports.values())


def strike(storm: Storm, names: Sequence[str], report: Report) -> None:
    """Do one fault, and another in its middle if there are two; work must go on afterwards."""
    struck: list[str] = []

    def do(name: str) -> None:
        with suppress(Missed):
            FAULTS[name](storm)
            struck.append(name)

    storm.meanwhile = [partial(do, name) for name in names[1:]]
    do(names[0])
    storm.do_meanwhile()  # of a fault that ends at once
    resume_paused(storm.scene)
    seconds = storm.scene.assert_goes_on(" and ".join(names), progress_after(storm.scene, names))
    for name in struck:
        report.tallies[name].times += 1
        report.tallies[name].longest = max(report.tallies[name].longest, seconds)
    report.pairs += len(struck) == 2
    print(f"  {' with '.join(struck) or f'({names[0]} met nothing)'}", flush=True)


def progress_after(scene: Scene, names: Sequence[str]) -> Callable[[], int]:
    """What must grow again: rows that are read, or end, or converted; one that ends its worker is at work, too."""
    to_the_end = all(scene.world.find(import_id).total_rows for import_id in scene.imports)
    read = all(name.startswith(READING) for name in names) and not to_the_end
    if read:
        return lambda: scene.dispatched_rows() + scene.conversions()
    scene.crew.tend()
    kills = any("worker_died" in sample.failed.values() for sample in scene.imports.values())
    return lambda: scene.ended_rows() + scene.conversions() + (scene.crew.restarts if kills else 0)


def resume_paused(scene: Scene) -> None:
    """What was paused when a fault broke in on it."""
    for import_id in scene.imports:
        if scene.world.status(import_id) in ("pausing", "paused"):
            with suppress(RefusedTransitionError):
                scene.world.verb(imports.resume, import_id)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/storm", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="for so long (5)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of everything random")
    to_the_end = f"that imports may take after the last fault ({MINUTES_TO_THE_END:g})"
    parser.add_argument("--minutes-to-the-end", type=float, default=MINUTES_TO_THE_END, help=to_the_end)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.minutes:g} minutes; work must go on within {BAR:g} s of each fault")
    chance, report = random.Random(arguments.seed), Report()
    folder = Path(tempfile.mkdtemp(prefix="bulk-importer-storm-"))
    folder.chmod(0o755)
    with EmbeddedServers(folder / "servers") as servers:
        stage.make_template(servers)
        until = time.monotonic() + arguments.minutes * 60
        while time.monotonic() < until:
            logs = folder / f"round-{report.rounds + 1}"
            logs.mkdir()
            print(f"round {report.rounds + 1}", flush=True)
            with set_up(servers, logs, chance) as storm:
                play(storm, report, until, arguments.minutes_to_the_end)
        servers.postgres.remove()
    report.print()
    if report.violations:
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
