"""What the product promises of a completed import, checked everywhere at once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from samples import Sample
from sqlalchemy import select, text
from world import World

from importer.lifecycle.kept_files import kept_key
from importer.models import FailedRow, Import, WriterNote
from importer.models.imports import lines_key, object_key
from importer.queue import keys
from importer.queue.queues import import_of
from importer.statuses import Status

NOTHING: Counter[str] = Counter()

NOTED = text("""
SELECT count(*) FILTER (WHERE writer > own) AS late, count(*) FILTER (WHERE writer < own) AS over,
    count(DISTINCT own) AS of_rows
FROM writer_notes, unnest(row_numbers, writers) AS met (row_number, writer),
    LATERAL (SELECT import_sequence << 32 | row_number AS own) AS position
WHERE import_sequence = :sequence
""")


def assert_every_row_accounted_for(
    world: World, import_id: str, expected_records: dict[Any, dict[str, Any]] | None, *, rows: int | None = None
) -> None:
    """Every row ended once: counters, ledger, failed rows and records agree, and nothing is left over.

    Args:
        expected_records: the contacts there must be; None where the import is of another type.
        rows: of the file.
    """
    import_ = world.find(import_id)
    assert import_.status == Status.COMPLETED
    assert rows is None or import_.total_rows == rows
    assert import_.ended_rows == import_.total_rows == import_.dispatched_rows
    ledger, failed = world.ledger(import_id), world.failed_rows(import_id)
    assert ledger == set(range(1, import_.total_rows + 1))
    assert set(failed) <= ledger
    assert import_.failed_rows == len(failed)
    assert_writers_noted(world, import_)
    if expected_records is not None:
        assert world.records() == expected_records
    assert_nothing_left(world, import_id)


def assert_writers_noted(world: World, import_: Import) -> None:
    """Each row that wrote over a record, or came too late to, has noted once whom it met."""
    if not world.services.record_types[import_.record_type].tells_writers:
        return
    with world.services.engine.connect() as connection:
        noted = connection.execute(NOTED, {"sequence": import_.sequence}).one()
    assert noted.late == import_.superseded_rows
    assert noted.over == noted.of_rows - noted.late == import_.updated_rows + import_.unchanged_rows


def assert_nothing_left(world: World, import_id: str) -> None:
    """Of an ended import Redis holds its failed jobs and marks that expire, and S3 what is kept."""
    failed = {f"{import_id}_{row}" for row in (world.failed_rows(import_id) if world.exists(import_id) else ())}
    assert {
        job_id for job_id in world.failed.get_job_ids(cleanup=False) if import_of(job_id) == import_id
    } <= failed
    failed |= set(world.failed_slices.get_job_ids(cleanup=False))
    allowed = {f"rq:{kind}:{job_id}" for kind in ("job", "results") for job_id in failed}
    expiring = {keys.lease(import_id), keys.share(import_id), keys.stalled(import_id)}
    left = world.keys_of(import_id) - allowed - expiring
    assert not left, left
    assert all(world.redis.ttl(key) != -1 for key in expiring)
    assert not [job_id for job_id in world.queued() if job_id.startswith(import_id)]
    started = [member.decode() for member in world.redis.zrange(world.started.key, 0, -1)]
    assert not [member for member in started if member.startswith(import_id)]
    assert_only_kept_file(world, import_id)


def assert_only_kept_file(world: World, import_id: str) -> None:
    """S3 holds the file of an import that ended early and of which it is noted, and else no file."""
    kept = kept_key(world.find(import_id)) if world.exists(import_id) else None
    held = {object_key(import_id), lines_key(import_id)}.intersection(world.objects())
    if world.services.settings.keep_files:
        held.discard(object_key(import_id))
    assert held == ({kept} if kept else set())


def assert_no_orphans(world: World) -> None:
    """Ledger, failed rows and notes of writers are of imports that there are."""
    with world.session() as session:
        known = set(session.scalars(select(Import.sequence)))
        for rows in (FailedRow, WriterNote):
            assert set(session.scalars(select(rows.import_sequence).distinct())) <= known
        assert set(session.scalars(text("SELECT lower(part) >> 32 FROM ledger, unnest(rows) AS part"))) <= known


def assert_as_undisturbed(world: World, imports: dict[str, Sample], of_ended: Counter[str] = NOTHING) -> None:
    """What every fault has to leave: the records, failed rows, counters and ledger of an undisturbed run.

    Args:
        imports: the file of each import, in the order in which they were uploaded.
        of_ended: what imports that were cancelled or deleted had added to accounts by then.
    """
    balances, records, writers = Counter(of_ended), {}, {}
    for import_id, sample in imports.items():
        assert world.codes(import_id) == sample.failed
        assert_every_row_accounted_for(world, import_id, None, rows=sample.rows)
        balances.update(sample.balances)
        records.update(sample.records)
        sequence = world.find(import_id).sequence
        writers.update({email: (sequence, row) for email, row in sample.writers.items()})
    assert world.balances() == balances
    assert world.records() == records
    assert world.writers() == writers


def assert_ended(world: World, import_id: str) -> None:
    """Of an import that ended early counters and ledger agree, of a deleted one nothing is left at all."""
    assert_nothing_left(world, import_id)
    if not world.exists(import_id):
        return
    import_, ledger = world.find_whole(import_id), world.ledger(import_id)
    assert import_.status in (Status.CANCELLED, Status.STOPPED)
    if import_.status == Status.CANCELLED and import_.questions == [] and world.services.settings.keep_undone_days:
        assert import_.kept_until is not None
    assert import_.ended_rows == len(ledger) <= import_.dispatched_rows
    assert_writers_noted(world, import_)
    assert import_.failed_rows == len(world.failed_rows(import_id))
