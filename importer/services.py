"""Everything outside this process, as one object that is handed to whatever needs it."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from sqlalchemy import Engine

from importer.config import Settings
from importer.connections import JOBS_TRIES, connect_database, connect_redis
from importer.record_types import RecordTypes
from importer.storage.s3 import Storage
from importer.time_limits import REDIS_ANSWER_SECONDS


@dataclass
class Services:
    """Settings, database, Redis, files and record types of this process."""

    settings: Settings
    engine: Engine
    redis: Redis
    storage: Storage
    record_types: RecordTypes

    @classmethod
    def for_jobs(cls, settings: Settings, name: str) -> Services:
        """What a dispatcher or worker process needs."""
        return cls(
            settings=settings,
            engine=connect_database(settings, pool_size=settings.jobs_pool_size, name=name),
            redis=connect_redis(settings, tries=JOBS_TRIES, socket_timeout=REDIS_ANSWER_SECONDS),
            storage=Storage(settings.s3_bucket),
            record_types=RecordTypes(settings.record_types),
        )
