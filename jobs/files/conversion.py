"""The conversion of one import's file: fetched from S3 to a temporary file, and streamed back to S3 as lines.

Nothing of it counts before the lines are complete; then one transaction notes them and starts the import. So a
conversion that dies leaves nothing, and begins anew.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from importer.files.conversion.lines import CONVERTER_VERSION, ConversionLimits, Findings
from importer.files.conversion.preparation import Prepared, prepare
from importer.files.conversion.tables import convert
from importer.files.kinds import kind_of
from importer.files.samples import HEAD_BYTES
from importer.lifecycle.converted import answers_before, start_converted, wait_for_choice
from importer.models import Import
from importer.record_types import RecordType
from importer.services import Services
from importer.statuses import Status
from importer.storage.object_writer import ObjectWriter, StoredObject

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often a conversion looks whether it is still wanted, and notes how far it has got."""

BUFFER_BYTES = 256 * 1024
COPY_BYTES = 1024 * 1024

IS_WANTED = (Import.status == Status.CONVERTING, Import.converted_etag.is_(None))
"""Of such an import the lines are still to be made."""


class GoneError(Exception):
    """The conversion is not wanted any more: the import was cancelled, or its converter died."""


class Task(NamedTuple):
    """What is to be converted, as it stands when the conversion begins."""

    object_key: str
    lines_key: str
    etag: str
    answers: dict[str, Any]
    record_type: RecordType


class Conversion:
    """One attempt."""

    def __init__(self, services: Services, import_id: str) -> None:
        self._services = services
        self._id = import_id
        self._parent = os.getppid()
        self._rows = 0
        self._next_look = time.monotonic() + LOOK_SECONDS
        settings = services.settings
        self._limits = ConversionLimits(settings.max_cell_chars, settings.max_record_bytes)

    def run(self) -> None:
        """Convert the file, unless that is not wanted any more.

        Raises:
            RefusedFileError: the file cannot be converted.
            ObjectChangedError, ObjectMissingError, StorageError: it cannot be fetched, or its lines not be stored.
        """
        try:
            task = self._task()
            if task is None:
                start_converted(self._services, self._id)
                return
            with tempfile.TemporaryFile() as file:
                self._fetch(task, file)
                self._convert(task, file)
        except GoneError:
            log.warning("import %s: its conversion is not wanted any more", self._id)

    def _task(self) -> Task | None:
        """What is to be converted; None where that is done, and only its end was not reached."""
        with Session(self._services.engine) as session:
            import_ = session.get(Import, self._id)
            if import_ is None or import_.status != Status.CONVERTING:
                raise GoneError
            if import_.converted_etag is not None:
                return None
            record_type = self._services.record_types[import_.record_type]
            etag = import_.etag or ""
            return Task(import_.object_key, import_.lines_key, etag, answers_before(import_), record_type)

    def _fetch(self, task: Task, file: BinaryIO) -> None:
        with self._services.storage.open_at(task.object_key, offset=0, etag=task.etag) as stored:
            buffer = memoryview(bytearray(COPY_BYTES))
            while count := stored.readinto(buffer):
                file.write(buffer[:count])
                self._look()
        file.seek(0)

    def _convert(self, task: Task, file: BinaryIO) -> None:
        kind = kind_of(file.read(HEAD_BYTES))
        prepared = prepare(file, kind, task.record_type.fields, task.answers, self._limits)
        if prepared.questions:
            wait_for_choice(self._services, self._id, kind, prepared.questions, prepared.unused)
            return
        findings = Findings()
        with self._services.storage.open_writer(task.lines_key) as writer:
            self._write(file, kind, prepared, findings, writer)
            self._complete(task, kind, prepared, findings, writer)

    def _write(
        self, file: BinaryIO, kind: str, prepared: Prepared, findings: Findings, writer: ObjectWriter
    ) -> None:
        lines = convert(
            file, kind, table=prepared.table, limits=self._limits, findings=findings, profile=prepared.profile
        )
        buffer = bytearray()
        for line in lines:
            buffer += line.encode()
            self._rows += 1
            if len(buffer) >= BUFFER_BYTES:
                writer.write(bytes(buffer))
                buffer.clear()
                self._look()
        writer.write(bytes(buffer))

    def _complete(
        self, task: Task, kind: str, prepared: Prepared, findings: Findings, writer: ObjectWriter
    ) -> None:
        """Make the lines an object, while the import's row is locked: of two conversions one is told to leave.

        One that was frozen for long may belong to other answers than the import has by now: it leaves, too.
        """
        with Session(self._services.engine, expire_on_commit=False) as session:
            import_ = session.scalar(select(Import).where(Import.id == self._id, *IS_WANTED).with_for_update())
            if import_ is None or answers_before(import_) != task.answers:
                raise GoneError
            stored = writer.complete()
            self._note(session, import_, stored, kind, prepared, findings)
            session.commit()
            log.info("import %s: converted into %s lines, %s bytes", self._id, self._rows, stored.size)
        start_converted(self._services, self._id)

    def _note(
        self,
        session: Session,
        import_: Import,
        stored: StoredObject,
        kind: str,
        prepared: Prepared,
        findings: Findings,
    ) -> None:
        import_.converted_etag = stored.etag
        import_.converted_bytes = stored.size
        import_.converted_rows = self._rows
        import_.conversion = {
            **(import_.conversion or {}),
            "version": CONVERTER_VERSION,
            "kind": kind,
            "holds": findings.kind,
            "table": prepared.table,
            "about": prepared.about,
            "unused": prepared.unused,
            "told": findings.in_words(),
        }

    def _look(self) -> None:
        """Now and then: note how far it has got, and leave where nobody waits for it.

        Raises:
            GoneError: the import is not converting any more, or the converter that watches over this has died.
        """
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        with Session(self._services.engine) as session:
            wanted = update(Import).where(Import.id == self._id, *IS_WANTED)
            found = session.scalar(wanted.values(converted_rows=self._rows).returning(Import.id))
            session.commit()
        if found is None or os.getppid() != self._parent:
            raise GoneError
