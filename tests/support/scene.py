"""A product in miniature that faults are done to: one world, a crew of processes, and files being imported."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from accounting import assert_as_undisturbed, assert_ended, assert_no_orphans
from failpoints import arm, dead_claims, disarm, is_armed
from samples import Sample
from supervisor import Crew, Processes
from world import World

from importer.queue import checkpoint, keys, queues
from importer.statuses import Status

TINY = {"SLICE_SECONDS": "0.5", "MAX_QUEUED_ROWS": "1000", "QUEUED_SECONDS": "2", "BATCH_SECONDS": "0.1"}
"""Settings that put many slices and batches into a small file."""

BAR, AIM = 30.0, 10.0
"""Seconds within which work must go on after a kill, and should."""


class Scene:
    """Imports at work, what is done to them, and what must have come of it."""

    def __init__(self, world: World, processes: Processes) -> None:
        self.world = world
        self.processes = processes
        self.imports: dict[str, Sample] = {}
        self.crew = Crew(processes, dispatchers=0, workers=0)
        self.recoveries: dict[str, float] = {}
        self._of_ended: Counter[str] = Counter()
        self._ended: list[str] = []

    def begin(
        self, *samples: Sample, dispatchers: int = 1, workers: int = 2, converters: int = 0, **settings: str
    ) -> list[str]:
        """Upload files and start a crew; return the imports' ids."""
        ids = [self.upload(sample) for sample in samples]
        numbers = {"dispatchers": dispatchers, "workers": workers, "converters": converters}
        self.crew = Crew(self.processes, **numbers, **{**TINY, **settings})
        return ids

    def upload(self, sample: Sample) -> str:
        import_id = self.world.upload(sample.content, sample.record_type)
        self.imports[import_id] = sample
        return import_id

    def end(self, import_id: str, verb: Callable[..., None]) -> None:
        """Cancel or delete an import of deposits."""
        self.world.verb(verb, import_id)
        self.leave(import_id)

    def leave(self, import_id: str) -> None:
        """What an import of deposits that was ended has added to the accounts so far must be all."""
        mine = self.imports.pop(import_id).balances
        self._of_ended.update({owner: sum_ for owner, sum_ in self.world.balances().items() if owner in mine})
        self._ended.append(import_id)

    def ended_rows(self) -> int:
        return sum(self.world.find(import_id).ended_rows for import_id in self.imports)

    def conversions(self) -> int:
        """A number that grows as files are converted: by each line, and more where one begins anew."""
        found = [self.world.find_whole(import_id) for import_id in self.imports]
        begun = sum((import_.conversion or {}).get("attempts", 0) for import_ in found)
        return begun * 10**7 + sum(import_.converted_rows or 0 for import_ in found)

    def dispatched_rows(self) -> int:
        return sum(self.world.dispatched(import_id) for import_id in self.imports)

    def is_over(self) -> bool:
        return all(self.world.status(import_id) == Status.COMPLETED for import_id in self.imports)

    def wait_for_rows(self, rows: int, *, seconds: float = 60) -> None:
        """Until so many more have ended, or all have."""
        wanted = self.ended_rows() + rows
        reached = lambda: self.ended_rows() >= wanted or self.is_over()  # noqa: E731
        self.crew.wait_until(reached, f"{rows} more rows have ended", seconds=seconds)

    def assert_goes_on(self, what: str, progress: Callable[[], int] | None = None) -> float:
        """Within the bar; return after how many seconds it did.

        Args:
            progress: what grows as work goes on; the rows that have ended by default.
        """
        progress = progress or self.ended_rows
        before, began = progress(), time.monotonic()
        going_on = lambda: progress() > before or self.is_over()  # noqa: E731
        self.crew.wait_until(going_on, f"work goes on after {what}", seconds=BAR)
        self.recoveries[what] = max(time.monotonic() - began, self.recoveries.get(what, 0))
        return time.monotonic() - began

    def arm(self, point: str) -> None:
        arm(self.processes.folder, point)

    def is_armed(self, point: str) -> bool:
        return is_armed(self.processes.folder, point)

    def disarm(self, point: str) -> bool:
        return disarm(self.processes.folder, point)

    def let_leases_of_the_dead_lapse(self) -> None:
        """Of those who died at a point; a row that a living worker holds alone would else count its death, too."""
        self.world.let_leases_lapse(dead_claims(self.processes.folder))

    def has_claims_of_the_dead(self) -> bool:
        """Whether rows of some that died at a point are still to be put back."""
        return any(self.world.redis.zscore(keys.CLAIMS, claim) for claim in dead_claims(self.processes.folder))

    def most_deaths(self) -> int:
        """How many workers have died over the row, of those that have not ended, over which most have."""
        redis = self.world.redis
        jobs = redis.scan_iter(f"{keys.JOB_PREFIXES[0]}*", count=1000)
        return max((int(redis.hget(job, "deaths") or 0) for job in jobs), default=0)

    def wait_for_death_at(self, point: str) -> None:
        self.crew.wait_until(lambda: not self.is_armed(point), f"a process died {point}")

    def assert_ends_as_undisturbed(self, *, seconds: float = 90) -> None:
        self.crew.wait_until(self.is_over, "every import is completed", seconds=seconds)
        for import_id in [*self.imports, *self._ended]:
            self.crew.wait_until(lambda i=import_id: self._is_clean(i), "it is clean")
        self.crew.stop()
        if self.world.high.count:  # set back as its import ended, and enqueued as its dispatcher was asked to stop
            self.world.dispatch()
        assert_as_undisturbed(self.world, self.imports, self._of_ended)
        assert_no_orphans(self.world)
        for import_id in self._ended:
            assert_ended(self.world, import_id)

    def _is_clean(self, import_id: str) -> bool:
        """Nothing of it waits any more, late duplicates neither."""
        redis = self.world.redis
        return (
            self.world.is_cleaned(import_id)
            and checkpoint.read(redis, import_id) is None
            and not queues.queued_rows(redis, import_id)
            and not queues.is_slice_queued(redis, import_id)
            and import_id not in queues.started_slices(redis)
            and not queues.is_slice_queued(redis, import_id)  # put back between the two looks
        )
