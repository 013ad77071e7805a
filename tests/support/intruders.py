"""What somebody may write to Redis who wants to run code in whoever reads it."""

from __future__ import annotations

import os
import pickle
import zlib
from pathlib import Path
from typing import Any

MARKER = "INTRUDED_INTO"
"""The environment variable that names the file which shows that code was run."""


def intrude(*_: Any, **__: Any) -> None:
    """Leave the marker; the function that foreign jobs and callbacks name."""
    Path(os.environ[MARKER]).touch()


class _Intruder:
    def __reduce__(self) -> tuple[Any, tuple[()]]:
        return intrude, ()


PICKLE = pickle.dumps(_Intruder())
PICKLED_CALL = pickle.dumps(("intruders.intrude", None, (_Intruder(),), {}))
BOMB = zlib.compress(bytes(80 * 1024**2))
"""Small in Redis, and too large for a small machine once it is unpacked."""

SOUND = {
    "created_at": "2026-11-24T02:00:00.000000Z",
    "timeout": "180",
    "status": "queued",
    "description": "import row",
}

JOBS: dict[str, dict[str, Any]] = {
    "a call of a function of the standard library": {"data": '["os.mkdir",null,["intruded"],{}]'},
    "a call of a function": {"data": '["intruders.intrude",null,[],{}]'},
    "a call of a method": {"data": '["intrude","intruders",[],{}]'},
    "a function that is no text": {"data": '[["intruders.intrude"],null,[],{}]'},
    "a pickle": {"data": PICKLE},
    "a pickled call": {"data": PICKLED_CALL},
    "a packed pickled call": {"data": zlib.compress(PICKLED_CALL)},
    "no JSON": {"data": "nonsense"},
    "no call": {"data": "5"},
    "deep JSON": {"data": "[" * 100_000},
    "nothing": {"data": ""},
    "a bomb": {"data": BOMB},
    "a bomb in a bomb": {"data": zlib.compress(BOMB)},
    "callbacks": {
        "data": '["intruders.intrude",null,[],{}]',
        "failure_callback_name": "intruders.intrude",
        "success_callback_name": "intruders.intrude",
        "stopped_callback_name": "intruders.intrude",
    },
    "a pickled meta": {"data": '["intruders.intrude",null,[],{}]', "meta": PICKLE},
    "a pickled result": {"data": '["intruders.intrude",null,[],{}]', "result": PICKLE},
    "a pickled exception": {"data": '["intruders.intrude",null,[],{}]', "exc_info": PICKLE},
    "times that are none": {"data": '["os.getpid",null,[],{}]', "created_at": b"\xff", "enqueued_at": "yesterday"},
    "a timeout that is none": {"data": '["os.getpid",null,[],{}]', "timeout": PICKLE},
    "a status that is none": {"data": '["os.getpid",null,[],{}]', "status": PICKLE},
    "dependencies that are none": {"data": '["os.getpid",null,[],{}]', "dependency_ids": "5"},
    "fields that are none": {"data": '["os.getpid",null,[],{}]', b"\xff": PICKLE},
    "no data": {"description": "nothing to call"},
}
"""Hashes of jobs, by what is wrong with them."""


def write_job(redis: Any, queue: str, job_id: str, fields: dict[str, Any]) -> str:
    """Write the hash of a job, which stands on no queue yet; return its id."""
    redis.hset(f"rq:job:{job_id}", mapping={**SOUND, "origin": queue, **fields})
    return job_id


def greet() -> str:
    """A job that a worker may run."""
    return "hello"


def fail() -> float:
    """A job that a worker may run, and that fails."""
    return 1 / 0


def leave_no_mark(tmp_path, monkeypatch):
    """A fixture: where code of an intruder would leave its mark; it must not."""
    path = tmp_path / "intruded"
    monkeypatch.setenv(MARKER, str(path))
    monkeypatch.chdir(tmp_path)
    yield path
    assert not path.exists()
