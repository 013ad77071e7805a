"""The RQ job of one row: how its data are written and read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json, to_json
from redis import Redis
from rq.job import Job, JobStatus

from importer.files.csv_reader import Record
from importer.files.problems import Problem
from importer.ledger.failures import Attempt
from importer.queue.queues import LOW
from importer.queue.stored_jobs import UnreadableJobError

FUNCTION = "jobs.rows.alone.import_row"

FUNCTIONS = frozenset({FUNCTION, "jobs.row_job.import_row"})
"""What a row's job calls; the second is what the first release has queued."""

DESCRIPTION = "import row"
"""Constant: RQ would describe a job by its arguments, that is by the cells of the file."""

VERSION = 2
"""Of the arguments. In those of version 1, which the release before may have queued, an empty cell is an empty
text instead of null, and attempts have no numbers."""

KNOWN_VERSIONS = (1, 2)

MAX_NUMBER = 2**31 - 1
"""Of a row, a line or an attempt: what the database's columns hold."""


class UnknownVersionError(Exception):
    """The job was made by code of another version, whose arguments this one does not know."""


def constant_fields(redis: Redis) -> dict[str, str]:
    """What every row job's hash holds besides its data, in RQ's own format.

    Empty fields are left out, and the time: a row job waits for seconds, and RQ takes a missing one for now.
    """
    job = Job.create(
        FUNCTION,
        connection=redis,
        origin=LOW,
        description=DESCRIPTION,
        status=JobStatus.QUEUED,
    )
    fields = {name: value for name, value in job.to_dict().items() if name not in ("data", "created_at")}
    return {name: str(getattr(value, "value", value)) for name, value in fields.items() if value not in ("", None)}


CALL = b'["%b",null,[%d,"%%b",%%d,%%d,%%b,%%b],{}]' % (FUNCTION.encode(), VERSION)
RETRY = b'["%b",null,[%d,"%%b",%%d,%%d,[],null],{"attempt":%%d}]' % (FUNCTION.encode(), VERSION)


def encode_record(import_id: str, record: Record) -> bytes:
    """The data of a record just read: what to call and with which arguments, as RQ writes it in JSON.
    Written piece by piece because the dispatcher does it for every row. An empty cell is null, no value.
    """
    row_number, line_number, cells, problem = record
    if "" in cells:
        cells = [cell or None for cell in cells]  # type: ignore[misc]
    found = _write_json(problem) if problem else b"null"
    return CALL % (import_id.encode(), row_number, line_number, _write_json(cells), found)


def encode_retry(import_id: str, row_number: int, line_number: int, attempt: int) -> bytes:
    """The data of a failed row's next attempt; its cells are in `failed_rows`."""
    return RETRY % (import_id.encode(), row_number, line_number, attempt)


def _write_json(value: Any) -> bytes:
    """By pydantic, or by `json`, which alone writes the lone surrogates of cells that are not UTF-8."""
    try:
        return to_json(value)
    except ValueError:
        return json.dumps(value).encode()


def read_calls(datas: Sequence[bytes]) -> list[Any]:
    """What the plain data of jobs say.

    Raises:
        UnreadableJobError: one of them is no JSON.
    """
    text = b"[" + b",".join(datas) + b"]"
    try:
        calls = from_json(text, cache_strings=False)
    except ValueError:
        calls = _read_escaped(text)
    return one_each(calls, datas)


def _read_escaped(text: bytes) -> Any:
    """By `json`, which alone reads the lone surrogates of cells that are not UTF-8."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableJobError("A job's data are no JSON.") from error


def one_each(calls: list[Any], datas: Sequence[bytes]) -> list[Any]:
    """The same calls; raises `UnreadableJobError` where a job's data hold none, or more than one."""
    if len(calls) != len(datas):
        raise UnreadableJobError("A job's data are no call, or more than one.")
    return calls


def import_of_call(call: Any) -> str:
    """The id of the import that a job belongs to; raises what `attempt_of` does."""
    match call:
        case [str(function), None, [version, *rest], dict()] if function in FUNCTIONS:
            if version not in KNOWN_VERSIONS:
                raise UnknownVersionError(f"A row job has arguments of version {version}.")
            match rest:
                case [str(import_id), _, _, list(), _]:
                    return import_id
    raise UnreadableJobError("A job is no row job.")


def attempt_of(call: Any) -> Attempt:
    """The attempt that a job is for; a retry's without cells.

    Raises:
        UnknownVersionError: the job belongs to another release.
        UnreadableJobError: it is no row job.
    """
    import_of_call(call)
    _, _, (_, _, row_number, line_number, cells, problem), keywords = call
    number = keywords.get("attempt", 1)
    are_sound = all(_counts(count) for count in (row_number, line_number, number))
    if not are_sound or not all(cell is None or isinstance(cell, str) for cell in cells):
        raise UnreadableJobError("A job is no row job.")
    return Attempt(row_number, line_number, [cell or "" for cell in cells], _problem_of(problem), number)


def _counts(value: Any) -> bool:
    """Whether this can be the number of a row, a line or an attempt."""
    return type(value) is int and 0 < value <= MAX_NUMBER


def _problem_of(value: Any) -> Problem | None:
    match value:
        case None:
            return None
        case [str(code), str(message), column] if column is None or (type(column) is int and column >= 0):
            return Problem(code, message, column)
    raise UnreadableJobError("A job is no row job.")
