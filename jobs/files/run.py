"""What RQ runs on `default`: the conversion of one file, and what is done when something is away or wrong."""

from __future__ import annotations

import errno
import logging

from redis.exceptions import RedisError
from rq.timeouts import JobTimeoutException
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from importer.errors import ObjectChangedError, ObjectMissingError, RefusedFileError, StorageError
from importer.health.causes import in_words
from importer.models import Import
from importer.queue import queues
from importer.services import Services
from importer.statuses import Reason, Status
from importer.time_limits import CONVERSION_TIMEOUT_SECONDS, SLICE_SETBACK_SECONDS
from jobs import process
from jobs.database_errors import Fault, fault_of
from jobs.files import memory
from jobs.files.conversion import Conversion
from jobs.files.deaths import MAX_ATTEMPTS, MAX_DEATHS, count, last_setback, note_setback, stop

log = logging.getLogger(__name__)

TOO_LONG = "Converting the file took longer than {minutes:,} minutes. Save its table as “CSV UTF-8”."
TOO_LARGE = "The file needs more memory than a converter may take. Save its table as “CSV UTF-8”."
NO_ROOM = "The converter's disk is full. It needs room for the file as it was uploaded, and for its texts."
SYSTEM_ERROR = "The converter met an error of its system: {error}."
AGAIN_AND_AGAIN = (
    "The conversion was begun {attempts} times and never came to its end. {why} Upload the file again."
)
KILLED = "Nothing says why: its converter may have been killed each time, as by a system that is short of memory."
FULL = (errno.ENOSPC, errno.EDQUOT)
FAILED = "The conversion failed again and again: {error} Its traceback is in rq-dashboard."


def convert_file(version: int, import_id: str) -> None:
    """Convert the file of one import, from its beginning.

    Args:
        version: of these arguments; a job of another release is put back for a converter of that release.
    """
    services = process.services()
    try:
        if version != queues.ARGUMENTS_VERSION:
            _put_back(services, version, import_id)
        elif (attempts := count(services, import_id, "attempts")) > MAX_ATTEMPTS:
            _give_up(services, import_id)
        elif attempts:
            memory.bound()
            Conversion(services, import_id).run()
    except RefusedFileError as error:
        stop(services, import_id, error.message)
    except ObjectChangedError as error:
        stop(services, import_id, error.message, Reason.OBJECT_CHANGED)
    except ObjectMissingError as error:
        stop(services, import_id, error.message, Reason.OBJECT_MISSING)
    except MemoryError:
        stop(services, import_id, TOO_LARGE)
    except JobTimeoutException:
        stop(services, import_id, TOO_LONG.format(minutes=CONVERSION_TIMEOUT_SECONDS // 60))
    except (RedisError, StorageError) as error:
        count(services, import_id, "attempts", by=-1)  # however long the outage, the import must outlast it
        _set_back(services, import_id, in_words(error))
    except DBAPIError as error:
        if fault_of(error) not in (Fault.NOBODY, Fault.TIMEOUT):
            _note_failure(services, import_id, error)
            raise
        _set_back(services, import_id, in_words(error))
    except OSError as error:
        log.exception("import %s: the conversion met an error of the system", import_id)
        _set_back_by_system(services, import_id, error)
    except Exception as error:
        _note_failure(services, import_id, error)
        raise


def _set_back_by_system(services: Services, import_id: str, error: OSError) -> None:
    why = NO_ROOM if error.errno in FULL else SYSTEM_ERROR.format(error=error.strerror or error)
    note_setback(services, import_id, why)
    _set_back(services, import_id, why)


def _put_back(services: Services, version: int, import_id: str) -> None:
    """Enqueue a conversion of another release again, for a converter of that release, while it is wanted."""
    with Session(services.engine) as session:
        status = session.scalar(select(Import.status).where(Import.id == import_id))
    if status == Status.CONVERTING:
        log.warning("conversion of import %s has arguments of version %s; put back", import_id, version)
        process.stop_requested.wait(SLICE_SETBACK_SECONDS)
        queues.enqueue_conversion(services.redis, import_id, version=version)


def _set_back(services: Services, import_id: str, why: str) -> None:
    """Begin anew a little later; where even that fails, recovery does it."""
    log.warning("import %s: its conversion begins anew: %s", import_id, why)
    process.stop_requested.wait(SLICE_SETBACK_SECONDS)
    queues.enqueue_conversion(services.redis, import_id)


def _give_up(services: Services, import_id: str) -> None:
    """Stop an import whose conversion never came to its end, with what set it back last."""
    why = last_setback(services, import_id) or KILLED
    stop(services, import_id, AGAIN_AND_AGAIN.format(attempts=MAX_ATTEMPTS, why=why), Reason.CONVERSION_FAILED)


def _note_failure(services: Services, import_id: str, error: Exception) -> None:
    """Count an error that nobody expected as a death; recovery tries again, but not for ever."""
    if count(services, import_id, "deaths") >= MAX_DEATHS:
        words = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}."
        stop(services, import_id, FAILED.format(error=words), Reason.CONVERSION_FAILED)
