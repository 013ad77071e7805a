"""Asks each part that the product needs whether it answers."""

from __future__ import annotations

from dataclasses import dataclass

from redis.exceptions import OutOfMemoryError, RedisError
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Session

from importer.connections import RedisCertificateError
from importer.control.tables import what_is_missing
from importer.errors import StorageError
from importer.queue import keys, queues
from importer.services import Services


@dataclass(frozen=True)
class Finding:
    """One part that was asked.

    Attributes:
        part: `database`, `redis`, `storage`, `dispatcher` or `worker`.
        ok: whether it answered well.
        message: what is wrong and what follows from it; empty where all is well.
    """

    part: str
    ok: bool
    message: str = ""


def check_database(session: Session, services: Services) -> Finding:
    """Whether Postgres answers and has the product's tables."""
    try:
        missing = what_is_missing(session, services.settings.database_schema)
    except ProgrammingError as error:  # the account may not look into the schema, say
        session.rollback()
        refusal = str(error.orig).partition("\n")[0]
        return Finding("database", False, f"The database refuses: {refusal}.")
    except SQLAlchemyError:
        session.rollback()
        return Finding("database", False, "The database does not answer. Nothing is lost; imports wait for it.")
    return Finding("database", not missing, missing)


def check_redis(services: Services) -> Finding:
    """Whether Redis answers and accepts writes."""
    try:
        services.redis.set(keys.HEALTH, 1, ex=60)
    except OutOfMemoryError:
        return Finding(
            "redis", False, "Redis is full. Imports wait until workers have made room, or it is enlarged."
        )
    except RedisCertificateError as error:
        return Finding("redis", False, str(error))
    except RedisError:
        return Finding("redis", False, "Redis does not answer. Nothing is lost; imports wait for it.")
    return Finding("redis", True)


def check_storage(services: Services) -> Finding:
    try:
        services.storage.check()
    except StorageError as error:
        return Finding("storage", False, error.message)
    return Finding("storage", True)


def check_dispatcher(services: Services) -> Finding:
    message = "No dispatcher is running: files are not read. Start one (`dispatcher` in the Procfile)."
    return _check_workers(services, "dispatcher", queues.HIGH, message)


def check_worker(services: Services) -> Finding:
    message = "No worker is running: rows are not imported. Start one (`worker` in the Procfile)."
    return _check_workers(services, "worker", queues.LOW, message)


def _check_workers(services: Services, part: str, queue: str, message: str) -> Finding:
    try:
        alive = queues.living_workers(services.redis, queue)
    except RedisError:
        return Finding(part, False, "Whether one is running cannot be told while Redis does not answer.")
    return Finding(part, alive > 0, "" if alive else message)


def check_everything(session: Session, services: Services) -> list[Finding]:
    """Postgres, Redis, S3 and the processes that do the work."""
    checks = (check_redis, check_storage, check_dispatcher, check_worker)
    return [check_database(session, services), *(check(services) for check in checks)]
