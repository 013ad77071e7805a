"""Faults that come with a file of their own, uploaded while others are imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from meddling import at_once
from releases import push_slice, write_row_job
from samples import Sample, deposits, spoilt
from storm import Missed, Storm

from importer.control import imports
from importer.errors import RefusedTransitionError
from importer.models import Import
from importer.statuses import ENDED, Status

ROWS = 5000
"""More than wait on the queue at once, so that a part of the file is still to be read."""

BLANK_LINES = "\n" * 5_000_000

ADD_FAILED_ROWS = """
INSERT INTO failed_rows (import_sequence, row_number, line_number, code, message, cells)
SELECT sequence, number, number, 'storm', 'added by the storm', '[]'
FROM imports, generate_series(10000001, 10100000) AS number WHERE id = :id
"""

DEADLY = {"exit": "worker_died", "die": "worker_died", "outgrow 4000": "save_raised"}
"""What the row does, and the reason by which it fails."""


def _upload_and_begin(storm: Storm) -> str:
    """An import of which some rows have been dispatched."""
    import_id = storm.scene.upload(deposits(ROWS, name=storm.new_name()))
    begun = lambda: storm.scene.world.dispatched(import_id) > 0  # noqa: E731
    storm.scene.crew.wait_until(begun, "its first rows are dispatched")
    return import_id


def end(storm: Storm, verb: Callable[..., None]) -> None:
    """Cancel or delete an import during its run: nothing is written afterwards."""
    import_id = _upload_and_begin(storm)
    try:
        storm.scene.end(import_id, verb)
    except RefusedTransitionError:  # it has just completed
        raise Missed from None


def delete_a_large_one(storm: Storm) -> None:
    """Its failed rows go in portions, while others are imported."""
    import_id = _upload_and_begin(storm)
    storm.scene.world.execute(ADD_FAILED_ROWS, id=import_id)
    storm.scene.end(import_id, imports.delete)


def upload_blank_lines(storm: Storm) -> None:
    """Megabytes that hold no row, between the first row and the second."""
    sample = deposits(60, name=storm.new_name())
    header, first, rest = sample.csv.split("\n", 2)
    storm.scene.upload(replace(sample, csv=f"{header}\n{first}\n{BLANK_LINES}{rest}"))


def replace_in_s3(storm: Storm) -> None:
    other = deposits(ROWS, name=storm.new_name()).csv.encode()
    _lose_the_file(storm, lambda key: storm.scene.world.replace_object(key, other))


def delete_from_s3(storm: Storm) -> None:
    _lose_the_file(storm, storm.scene.world.services.storage.delete)


def _lose_the_file(storm: Storm, lose: Callable[[str], None]) -> None:
    """The import stops, unless its file has just been read to its end."""
    scene, import_id = storm.scene, _upload_and_begin(storm)
    lose(Import(id=import_id).object_key)
    scene.crew.wait_until(lambda: scene.world.status(import_id) in ENDED, "it is stopped, or completed")
    if scene.world.status(import_id) == Status.COMPLETED:
        raise Missed
    scene.leave(import_id)


def upload_a_deadly_row(storm: Storm) -> None:
    """It fails alone, and its neighbours are imported, which the end of the round shows."""
    act = storm.chance.choice(sorted(DEADLY))
    storm.scene.upload(spoilt(deposits(60, name=storm.new_name()), 30, act, DEADLY[act]))


def send_20_times(storm: Storm) -> None:
    """The same form, all with one idempotency key."""
    sample, name = deposits(60, name=storm.new_name()), storm.new_name()
    sent: list[str] = []
    at_once(*[lambda: sent.append(_send(storm, sample, name))] * 20)
    assert len(set(sent)) == 1, f"imports made of one form: {set(sent)}"
    storm.scene.imports[sent[0]] = sample


def _send(storm: Storm, sample: Sample, key: str) -> str:
    return storm.scene.world.upload(sample.csv, sample.record_type, key=key)


def enqueue_jobs_of_a_release_to_come(storm: Storm) -> None:
    """A row job and a slice that this release cannot read go round, and hold up no other.

    The slice does until its import has ended, the row job until it is withdrawn.
    """
    world, row = storm.scene.world, 10**6
    import_id = storm.scene.upload(deposits(60, name=storm.new_name()))
    job_id = write_row_job(world, import_id, row, version=99, cells=[])
    world.low.push_job_id(job_id)
    push_slice(world, import_id, version=99)

    def withdraw() -> bool:
        """Where no worker holds it, which would put it back."""
        return bool(world.redis.lrem(world.low.key, 1, job_id) or not world.redis.exists(f"rq:job:{job_id}"))

    storm.wait(2, 4)
    storm.wait(30, 30, until=withdraw)
    world.redis.delete(f"rq:job:{job_id}")
