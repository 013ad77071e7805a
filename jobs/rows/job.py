"""The RQ job of one row: how it is written, how it is read, and what RQ itself would run."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from importer.files.csv_reader import Record, new_tuple
from importer.files.problems import Problem
from importer.models import FailedRow
from importer.queue.queues import ARGUMENTS_VERSION, LOW, row_job_id

FUNCTION = "jobs.rows.job.import_row"
DESCRIPTION = "import row"
"""Constant: RQ would describe a job by its arguments, that is by the cells of the file."""


class RowJob(NamedTuple):
    """A row as a worker gets it.

    Attributes:
        data: the job's data, not compressed: RQ compresses it where it writes it back.
        deaths: how many workers have died over this row while it was run alone.
        timeouts: how often it took too long while it was run alone.
    """

    job_id: str
    import_id: str
    row_number: int
    line_number: int
    cells: list[str]
    problem: Problem | None
    data: bytes
    deaths: int = 0
    timeouts: int = 0


ZLIB = b"\x78"
"""How what zlib has compressed begins."""


class UnknownVersionError(Exception):
    """The job was made by code of another version, whose arguments this one does not know."""


class UnreadableJobError(Exception):
    """Somebody has put a job on `low` that is no row job, or has spoilt one."""


def constant_fields(redis: Any) -> dict[str, str]:
    """What every row job's hash holds besides its data, in RQ's own format; empty fields are left out."""
    job = Job.create(
        FUNCTION,
        connection=redis,
        serializer=JSONSerializer,
        origin=LOW,
        description=DESCRIPTION,
        status=JobStatus.QUEUED,
    )
    fields = {name: value for name, value in job.to_dict().items() if value not in ("", None) and name != "data"}
    return {name: str(getattr(value, "value", value)) for name, value in fields.items()}


def encode(import_id: str, row_number: int, line_number: int, cells: list[str], problem: Any) -> bytes:
    """The job's data: function, instance, arguments, keyword arguments, as RQ's JSONSerializer has it.

    Written piece by piece because the dispatcher does it for every row.
    """
    told = _write_json(problem) if problem else b"null"
    return CALL % (import_id.encode(), row_number, line_number, _write_json(cells), told)


CALL = b'["%b",null,[%d,"%%b",%%d,%%d,%%b,%%b],{}]' % (FUNCTION.encode(), ARGUMENTS_VERSION)


def _write_json(value: Any) -> bytes:
    """In an eighth of the time of `json`, which alone writes the lone surrogates of cells that are not UTF-8."""
    try:
        return to_json(value)
    except ValueError:
        return json.dumps(value).encode()


def encode_record(import_id: str, record: Record) -> bytes:
    """The data for a record just read."""
    return encode(import_id, record.row_number, record.line_number, record.cells, record.problem)


def encode_failed_row(import_id: str, row: FailedRow) -> bytes:
    """The data for a failed row that is tried again."""
    return encode(import_id, row.row_number, row.line_number, row.cells, row.problem)


def read_all(
    job_ids: Sequence[str], datas: Sequence[bytes], setbacks: Mapping[str, tuple[int, int]]
) -> Iterator[RowJob]:
    """Read the data of any number of jobs, some at a time; raises what `decode_all` does."""
    for first in range(0, len(job_ids), READ_AT_ONCE):
        some = slice(first, first + READ_AT_ONCE)
        yield from decode_all(job_ids[some], datas[some], setbacks)


READ_AT_ONCE = 200
"""So many stay in the processor's cache until their rows are checked; a whole batch does not."""


def decode_all(
    job_ids: Sequence[str], datas: Sequence[bytes], setbacks: Mapping[str, tuple[int, int]]
) -> list[RowJob]:
    """Read the data of jobs, all as one JSON array; RQ compresses a job that it saves again, a requeued one say.

    Args:
        setbacks: deaths and timeouts by job id, of those that have any.

    Raises:
        UnknownVersionError: a job belongs to another release.
        UnreadableJobError: one is no row job.
    """
    try:
        plain = [zlib.decompress(data) if data[:1] == ZLIB else data for data in datas]
        calls = list(zip(job_ids, plain, _read_json(b"[" + b",".join(plain) + b"]"), strict=True))
    except (ValueError, zlib.error) as error:
        raise UnreadableJobError(f"job {job_ids[0]} is no row job") from error
    rows = _row_jobs(calls)
    return [_after(row, *setbacks.get(row.job_id, (0, 0))) for row in rows] if setbacks else rows


def _after(row: RowJob, deaths: int, timeouts: int) -> RowJob:
    return row._replace(deaths=deaths, timeouts=timeouts)


def _row_jobs(calls: Iterable[tuple[str, bytes, Any]]) -> list[RowJob]:
    """From job ids, data and what that says; called for every row there is, so it calls nothing for each."""
    rows = []
    for job_id, data, call in calls:
        try:
            _function, _instance, (version, import_id, row_number, line_number, cells, problem), _keywords = call
            found = Problem(*problem) if problem else None
        except (ValueError, TypeError) as error:
            raise _fault_of(job_id, call) from error
        if version != ARGUMENTS_VERSION:
            raise _fault_of(job_id, call)
        rows.append(new_tuple(RowJob, (job_id, import_id, row_number, line_number, cells, found, data, 0, 0)))
    return rows


def _fault_of(job_id: str, call: Any) -> Exception:
    match call:
        case [_, _, [version, *_], _] if version != ARGUMENTS_VERSION:
            return UnknownVersionError(f"row job {job_id} has arguments of version {version}")
    return UnreadableJobError(f"job {job_id} is no row job")


def _read_json(text: bytes) -> Any:
    """In half the time of `json`, which alone reads the lone surrogates of cells that are not UTF-8."""
    try:
        return from_json(text, cache_strings=False)
    except ValueError:
        return json.loads(text)


def import_row(
    version: int, import_id: str, row_number: int, line_number: int, cells: list[str], problem: Any
) -> None:
    """Import one row, as RQ's own worker would run the job; `RowWorker` runs many of them at once.

    Raises:
        UnknownVersionError: the job belongs to another release.
        RowFailedError: the row failed and is in `failed_rows`.
    """
    from jobs.rows.alone import import_alone  # RQ finds this function by name: the import cannot stand above

    if version != ARGUMENTS_VERSION:
        raise UnknownVersionError(f"row {row_number} of import {import_id} has arguments of version {version}")
    found = Problem(*problem) if problem else None
    import_alone(RowJob(row_job_id(import_id, row_number), import_id, row_number, line_number, cells, found, b""))
