"""Imports on real servers, as tests start, run and look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from rq import Worker
from rq.job import Job
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer
from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session, undefer_group
from waiting import wait_until

from importer.control import imports, uploads
from importer.files.cells.readings import Reading
from importer.files.mapping import Fill, Mapping
from importer.ledger.alterations import alterations_of
from importer.ledger.lines import known_rows
from importer.lifecycle.cleaning import clean_all_completed
from importer.lifecycle.dispatching import convert
from importer.models import FailedRow, Import, User
from importer.queue import checkpoint, keys, queues
from importer.queue.queues import HIGH, LOW, queue_named
from importer.services import Services
from importer.statuses import Status
from importer.storage import trial
from jobs.dispatcher.run import run_slice
from jobs.dispatcher.worker import DispatcherWorker
from jobs.files.worker import ConverterWorker
from jobs.recovery import Recovery
from jobs.rows.claims import Claim, Claims
from jobs.rows.worker import RowWorker


class World:
    """The services of one test, and short words for what is done with them."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.redis = services.redis
        self.low = queue_named(LOW, services.redis)
        self.high = queue_named(HIGH, services.redis)
        self.failed = FailedJobRegistry(queue=self.low)
        self.failed_slices = FailedJobRegistry(queue=self.high)
        self.started = StartedJobRegistry(queue=self.low)

    # Imports

    def upload(self, csv: str | bytes, record_type: str = "contacts", *, key: str | None = None) -> str:
        """Upload a file as a person does, with an idempotency key or without; return the import's id."""
        body = csv.encode() if isinstance(csv, str) else csv
        with self.session() as session:
            import_, made = uploads.begin_upload(
                session,
                self.services,
                session.scalars(select(User)).one(),
                record_type=record_type,
                filename="file.csv",
                idempotency_key=key,
            )
            if made:
                uploads.receive(session, self.services, import_, [body])
            return import_.id

    def read_by(self, import_id: str, *fills: Fill, clears: bool = False, **readings: Reading) -> None:
        """Read an import's cells by a mapping: by these fills, or each column of the file by the given reading.

        Args:
            readings: by field; other fields take their cells as they stand.
        """
        with self.session() as session:
            import_ = session.scalars(select(Import).where(Import.id == import_id)).one()
            kinds = {field.name: field.kind for field in self.services.record_types[import_.record_type].fields}
            plain = Mapping.of_columns(import_.columns, kinds).fills
            by_column = (replace(fill, reading=readings.get(fill.field, fill.reading)) for fill in plain)
            import_.mapping = Mapping(fills or tuple(by_column), clears).as_json()
            session.commit()

    def begin_conversion(self, file: bytes, record_type: str = "contacts", **answers: str) -> str:
        """Store a file that has to be converted, as its upload does; return the import's id."""
        with self.session() as session:
            import_ = Import(
                record_type=record_type,
                filename="file.xlsx",
                status=Status.CONVERTING,
                allowed_failed_rows=self.services.settings.max_failed_rows,
            )
            session.add(import_)
            session.flush()
            import_.etag = self.services.storage.put(import_.object_key, file)
            import_.size_bytes, import_.answers = len(file), answers
            import_.uploaded_at = func.now()
            session.commit()
            convert(session, self.services, import_)
            return import_.id

    def session(self) -> Session:
        return Session(self.services.engine, expire_on_commit=False)

    def find(self, import_id: str) -> Import:
        with self.session() as session:
            return session.scalars(select(Import).where(Import.id == import_id)).one()

    def find_whole(self, import_id: str) -> Import:
        """The import with the columns that are large, too."""
        with self.session() as session:
            wanted = select(Import).where(Import.id == import_id).options(undefer_group("header"))
            return session.scalars(wanted).one()

    def is_cleaned(self, import_id: str) -> bool:
        """Whether it is said to have left nothing in Redis and S3; of a deleted one, whether it is gone."""
        with self.session() as session:
            wanted = select(Import.cleaned_at, Import.deleted_at).where(Import.id == import_id)
            found = session.execute(wanted).one_or_none()
        return found is None or (found.cleaned_at is not None and found.deleted_at is None)

    def status(self, import_id: str) -> str:
        return self.find(import_id).status

    def verb(self, verb: Callable[..., Any], import_id: str, *arguments: Any, **options: Any) -> Any:
        """Pause, resume, cancel, delete or retry as ann@example.com does."""
        with self.session() as session:
            import_ = session.scalars(select(Import).where(Import.id == import_id)).one()
            person = session.scalars(select(User)).one()
            if verb in (imports.pause, imports.delete):
                return verb(session, import_, person)
            if verb in (imports.cancel, imports.resume):
                return verb(session, self.services, import_, person)
            return verb(session, self.services, import_, person, *arguments, **options)

    def dispatched(self, import_id: str) -> int:
        """How many rows of it have been pushed."""
        reached = checkpoint.read(self.redis, import_id)
        return reached.row_number if reached else self.find(import_id).dispatched_rows

    def claims_of(self, import_id: str, row_number: int) -> list[bytes]:
        """The claims that hold this row."""
        job_id = queues.row_job_id(import_id, row_number).encode()
        claims = self.redis.zrange(keys.CLAIMS, 0, -1)
        return [c for c in claims if job_id in self.redis.lrange(keys.claim(c.decode()), 0, -1)]

    def workers_of(self, queue: str) -> list[Worker]:
        """RQ's workers that are registered for a queue."""
        return Worker.all(queue=queue_named(queue, self.redis), serializer=JSONSerializer)

    # Work inside this process

    def dispatch(self) -> None:
        """Run slices until none is queued."""
        DispatcherWorker(self.services).work(burst=True, logging_level="WARNING")

    def convert(self) -> None:
        """Convert files, each in a child of this process, until none is queued."""
        ConverterWorker(self.services).work(burst=True, logging_level="WARNING")

    def run_slice(self, import_id: str) -> None:
        """Run one slice of this import, whatever is queued."""
        queues.drop_slices(self.redis, import_id, failed=False)
        run_slice(queues.ARGUMENTS_VERSION, import_id)

    def work(self) -> None:
        """Run one worker until no row job is queued."""
        RowWorker(self.services).work(burst=True, logging_level="WARNING")

    def run(self) -> None:
        """Dispatch and work until nothing is queued, and clean what completed while others waited."""
        self.dispatch()
        self.work()
        clean_all_completed(self.services, 1000)

    def import_file(self, csv: str | bytes, record_type: str = "contacts") -> str:
        """Upload a file and import it to its end."""
        import_id = self.upload(csv, record_type)
        self.run()
        return import_id

    # Recovery

    def hold_recovery(self) -> None:
        self.redis.set(keys.RECOVERY_TURN, 1)

    def release_recovery(self) -> None:
        self.redis.delete(keys.RECOVERY_TURN)

    def recover(self) -> None:
        """One pass of recovery, now."""
        self.release_recovery()
        assert Recovery(self.services).run()
        self.hold_recovery()

    def let_leases_lapse(self, claims: Iterable[str | bytes] | None = None) -> None:
        """What 20 seconds without a sign of life do.

        Args:
            claims: the ids of those that lapse; all by default, also of the living.
        """
        for claim in self.redis.zrange(keys.CLAIMS, 0, -1) if claims is None else claims:
            self.redis.zadd(keys.CLAIMS, {claim: 1}, xx=True)
        for key in self.redis.keys(keys.lease("*")):
            self.redis.delete(key)

    def claim(self, rows: int) -> Claim:
        """What a worker has taken that dies at once."""
        taken = Claims(self.redis).take(limit=rows)
        assert taken is not None
        return taken

    # What there is

    def records(self, table: str = "contacts", key: str = "email") -> dict[Any, dict[str, Any]]:
        """Every record by its key, without where it came from."""
        with self.services.engine.connect() as connection:
            found = connection.execute(text(f"SELECT * FROM {table}")).mappings().all()  # noqa: S608
        provenance = ("imported_by", "imported_row", "changed_by", "changed_row", "created_at")
        return {
            record[key]: {name: value for name, value in record.items() if name not in provenance}
            for record in found
        }

    def writers(self) -> dict[str, tuple[int, int]]:
        """By which import (its sequence) and row each contact was written last."""
        with self.services.engine.connect() as connection:
            found = connection.execute(text("SELECT email, imported_by, imported_row FROM contacts"))
            return {row.email: (row.imported_by, row.imported_row) for row in found}

    def balances(self) -> dict[str, int]:
        with self.services.engine.connect() as connection:
            return {
                row.owner: row.amount for row in connection.execute(text("SELECT owner, amount FROM accounts"))
            }

    def failed_rows(self, import_id: str) -> dict[int, FailedRow]:
        sequence = self.find(import_id).sequence
        with self.session() as session:
            rows = session.scalars(select(FailedRow).where(FailedRow.import_sequence == sequence)).all()
        return {row.row_number: row for row in rows}

    def codes(self, import_id: str) -> dict[int, str]:
        return {number: row.code for number, row in self.failed_rows(import_id).items()}

    def retrying(self, import_id: str) -> list[int]:
        """Failed rows whose retry was asked for, or is still to be asked for."""
        is_asked = or_(FailedRow.retry_requested_at.is_not(None), FailedRow.row_number > Import.retry_after)
        wanted = select(FailedRow.row_number).join(Import, Import.sequence == FailedRow.import_sequence)
        with self.session() as session:
            return list(session.scalars(wanted.where(Import.id == import_id, is_asked)))

    def exists(self, import_id: str) -> bool:
        with self.session() as session:
            return session.scalar(select(Import.id).where(Import.id == import_id)) is not None

    def ledger(self, import_id: str) -> set[int]:
        """Numbers of the rows that have ended."""
        sequence = self.find(import_id).sequence
        with self.services.engine.connect() as connection:
            return known_rows(connection, sequence, 0, 2**31 - 1)

    def counts(self, import_id: str) -> dict[str, int]:
        """The counters that are not zero."""
        import_ = self.find(import_id)
        names = ("created", "updated", "unchanged", "superseded", "failed")
        counts = {name: getattr(import_, f"{name}_rows") for name in names}
        return {name: count for name, count in counts.items() if count}

    def empty_cells(self, import_id: str) -> tuple[int, int]:
        """How many left an existing record's value alone, and how many cleared it."""
        import_ = self.find(import_id)
        return import_.empty_cells_kept, import_.empty_cells_cleared

    def alterations(self, import_id: str) -> dict[tuple[str, str], tuple[int, list[Any]]]:
        """Count and examples of what was read otherwise, by field and kind."""
        with self.session() as session:
            found = alterations_of(session, self.find(import_id), most=1000)
        return {(entry.field, entry.kind): (entry.count, entry.examples) for entry in found}

    def queued(self) -> list[str]:
        """Ids of the row jobs that wait on `low`, the first to be taken first."""
        return [id_.decode() for id_ in self.redis.lrange(self.low.key, 0, -1)]

    def queued_rows(self) -> list[int]:
        return [int(job_id.partition("_")[2]) for job_id in self.queued()]

    def job(self, import_id: str, row_number: int) -> Job:
        return Job.fetch(
            queues.row_job_id(import_id, row_number), connection=self.redis, serializer=JSONSerializer
        )

    def execute(self, statement: str, **parameters: Any) -> None:
        with self.services.engine.begin() as connection:
            connection.execute(text(statement), parameters)

    def lock_waits(self) -> int:
        """How many sessions of Postgres wait for a lock."""
        with self.services.engine.connect() as connection:
            waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return connection.execute(waiting).scalar_one()

    def keys_of(self, import_id: str) -> set[str]:
        return {key.decode() for key in self.redis.keys(f"*{import_id}*")}

    def objects(self) -> list[str]:
        listed = self._s3.list_objects_v2(Bucket=self.services.storage.bucket)
        return [entry["Key"] for entry in listed.get("Contents", []) if entry["Key"] != trial.KEY]

    def replace_object(self, key: str, content: bytes) -> None:
        self._s3.put_object(Bucket=self.services.storage.bucket, Key=key, Body=content)

    def unfinished_uploads(self) -> list[str]:
        listed = self._s3.list_multipart_uploads(Bucket=self.services.storage.bucket)
        return [entry["Key"] for entry in listed.get("Uploads", [])]

    def empty_bucket(self) -> None:
        for key in self.objects():
            self.services.storage.delete(key)
        for key in self.unfinished_uploads():
            self.services.storage.abort_uploads_of(key)

    @property
    def _s3(self) -> Any:
        return self.services.storage._client

    # Waiting for other processes

    def wait_for(self, import_id: str, *statuses: Status, seconds: float = 60) -> None:
        def reached() -> bool:
            return self.status(import_id) in statuses

        wait_until(
            reached, f"import is {' or '.join(statuses)}, but {self.find(import_id).status}", seconds=seconds
        )


def contacts_csv(rows: Sequence[tuple[str, str]]) -> str:
    """A file of contacts from e-mail addresses and names."""
    return "email,name\n" + "".join(f"{email},{name}\n" for email, name in rows)


def many_contacts(rows: int, keys: int | None = None) -> tuple[str, dict[str, dict[str, Any]]]:
    """A file of so many rows, of so many different addresses, and the records that it comes to."""
    table = [(f"person{number % (keys or rows)}@example.com", f"name {number}") for number in range(rows)]
    return contacts_csv(table), contacts(dict(table))


def contacts(names: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Contacts of which only the name is known, as records."""
    unknown = dict.fromkeys(("company", "phone", "signup_date", "balance"))
    return {email: {"email": email, "name": name, **unknown} for email, name in names.items()}
