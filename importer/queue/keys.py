"""The name of every key in Redis: our own, which begin with `importer:`, and those that RQ gives its jobs.

Before both stands the setting REDIS_PREFIX; RQ knows it by its own variable, which `importer` sets.
"""

from __future__ import annotations

import os

from rq.defaults import RQ_KEY_PREFIX
from rq.executions import ExecutionRegistry
from rq.job import Job
from rq.results import Result

from importer.config import redis_prefix
from importer.errors import SettingsError

PREFIX = f"{redis_prefix(os.environ)}importer"

if not RQ_KEY_PREFIX.startswith(redis_prefix(os.environ)):
    raise SettingsError(
        f"RQ was imported before the product, and gives keys without REDIS_PREFIX. Set RQ_KEY_PREFIX="
        f"{redis_prefix(os.environ)}rq for this process."
    )

CLAIMS = f"{PREFIX}:claims"
"""Sorted set of claims by the moment their lease ends (milliseconds of Redis's own clock)."""

SETBACKS = f"{PREFIX}:setbacks"
"""Exists while some row job must be run by itself."""

POPPED = f"{PREFIX}:intermediate"
"""Hash of the jobs seen between RQ's pop and a claim, by job id: when each was first seen (seconds)."""

RECOVERY_TURN = f"{PREFIX}:recovery"
"""Exists while the last pass of recovery is too recent to be repeated; it expires."""

HEALTH = f"{PREFIX}:health"
"""Written to find out whether Redis accepts writes."""

JOB_PREFIXES = (Job.key_for(""), Result.get_key(""))
"""What RQ keeps of every job, by job id."""

EXECUTION_PREFIXES = (f"{RQ_KEY_PREFIX}:execution:", ExecutionRegistry.key_template.format(""))
"""What RQ keeps of a job at work, by registry member and by job id."""


def checkpoint(import_id: str) -> str:
    """Hash: how far the dispatcher has got with the file."""
    return f"{PREFIX}:checkpoint:{import_id}"


def lease(import_id: str) -> str:
    """Exists while a dispatcher is at work on the import; it expires."""
    return f"{PREFIX}:lease:{import_id}"


def conversion_lease(import_id: str) -> str:
    """Exists while a converter is at work on the import's file; it holds that one's name, and expires."""
    return f"{PREFIX}:conversion:{import_id}"


def share(import_id: str) -> str:
    """What the slices of an import hand on to each other about its share of `low`; it expires."""
    return f"{PREFIX}:share:{import_id}"


def stalled(import_id: str) -> str:
    """How many rows of an import without a queued row had ended at recovery's last look; it expires."""
    return f"{PREFIX}:stalled:{import_id}"


def claim(claim_id: str) -> str:
    """List of the job ids in a claim."""
    return f"{PREFIX}:claim:{claim_id}"


def login(whose: str) -> str:
    """How often somebody has tried to log in; it expires."""
    return f"{PREFIX}:login:{whose}"
