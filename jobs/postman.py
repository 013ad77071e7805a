"""Sends the mails about imports, a few at a time, in a thread of its own: no mail server holds up anything else.

A part of recovery. A try takes `MAIL_SECONDS` at most, and no transaction is open meanwhile. What is not sent is
tried again, after one minute, then two, four, … up to an hour, for a day.
"""

from __future__ import annotations

import logging
import smtplib
import threading
from functools import partial

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from importer.lifecycle import mails
from importer.lifecycle.mails import ClaimedMail
from importer.mail.letters import Letter, as_message
from importer.mail.servers import MailServer, RefusedMailError, mail_server
from importer.models import Import, Occasion, User
from importer.services import Services
from importer.statuses import Status

log = logging.getLogger(__name__)

MOST_AT_ONCE = 5
"""Mails that a pass sends; the next one sends more."""


STATUS_NEEDED = {Occasion.PAUSED: Status.PAUSED, Occasion.WAITING: Status.WAITING}
"""The status that an import must still have: else somebody has resumed it by now, or answered."""


class Postman:
    """Notes which mails are to be sent, and sends them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._server = mail_server(services.settings.smtp_url)
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Note what is due, and begin to send it, unless the round before still goes on.

        Raises:
            SQLAlchemyError: the database is away.
        """
        if self._server is None:
            return
        with self._services.engine.begin() as connection:
            mails.note_mails(connection)
            for lost in mails.give_up_old(connection):
                outcome = "may have been sent" if lost.may_be_sent else "could not be sent within a day"
                log.error("import %s: the mail about it %s; %s tries", lost.import_id, outcome, lost.tries)
            is_due = mails.is_mail_due(connection)
        if is_due and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._send_some, args=[self._server], daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Wait until the round that goes on is over."""
        if self._thread is not None:
            self._thread.join()

    def _send_some(self, server: MailServer) -> None:
        try:
            for _ in range(MOST_AT_ONCE):
                mail = mails.claim_mail(self._services.engine)
                if mail is None or not self._deliver(server, mail):
                    return
        except SQLAlchemyError as error:
            log.warning("mails are left to a later pass: %s", str(error).partition("\n")[0])
        except Exception:  # a thread has no caller: who expects none would read of it on stderr alone
            log.exception("mails could not be sent")

    def _deliver(self, server: MailServer, mail: ClaimedMail) -> bool:
        """Send one; False where the server does not answer, so that others have to wait as well."""
        engine = self._services.engine
        letter = self._letter(mail)
        if letter is None:
            mails.forget_mail(engine, mail)
            return True
        try:
            server.send(as_message(letter), partial(mails.hand_over, engine, mail))
        except (RefusedMailError, ValueError) as error:
            mails.take_back(engine, mail)
            log.warning("import %s: its mail is tried again: %s", mail.import_id, error)
            return True
        except (OSError, smtplib.SMTPException) as error:
            log.warning("import %s: its mail could not be sent (%s)", mail.import_id, error)
            return False
        mails.forget_mail(engine, mail)
        return True

    def _letter(self, mail: ClaimedMail) -> Letter | None:
        """What the mail says; None where nobody is to get it any more."""
        settings = self._services.settings
        with Session(self._services.engine) as session:
            import_, user = session.get(Import, mail.import_id), session.get(User, mail.user_id)
            if import_ is None or user is None or import_.deleted_at or user.disabled_at:
                return None
            needed = STATUS_NEEDED.get(mail.occasion)
            if needed is not None and import_.status != needed:
                return None
            groups = mails.groups_of_failed(session.connection(), import_.sequence) if import_.failed_rows else []
            return Letter(
                mail_id=mail.id,
                to=user.email,
                sender=settings.sender,
                filename=import_.filename,
                status=import_.status,
                reason=import_.reason,
                total_rows=import_.total_rows,
                imported_rows=import_.imported_rows,
                failed_rows=import_.failed_rows,
                groups=groups,
                address=f"{settings.base_url}/imports/{import_.id}",
                account=f"{settings.base_url}/account",
            )
