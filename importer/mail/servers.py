"""Where mails go: an SMTP server, or a file for whoever tries the product."""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from importer.errors import ImporterError
from importer.time_limits import MAIL_SECONDS

TAKEN = 250
PORTS = {"smtp": 25, "smtps": 465}


class RefusedMailError(ImporterError):
    """The mail server has not taken the mail, and said so."""


HandOver = Callable[[], bool]
"""Called just before the text is given away; says whether it still may be."""


class MailServer(Protocol):
    """What takes mails."""

    def send(self, message: EmailMessage, hand_over: HandOver) -> None:
        """Send a mail, unless `hand_over` says no.

        Raises:
            RefusedMailError: it was not taken.
            ValueError: an address is none that this server takes.
            OSError, smtplib.SMTPException: the server does not answer as it should. Where that was after
                `hand_over`, it may have taken the mail.
        """


class MailAddress(NamedTuple):
    """The parts of SMTP_URL."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    path: str

    @classmethod
    def parse(cls, url: str) -> MailAddress:
        """Read one.

        Raises:
            ValueError: it is none, in words that end “It should …”.
        """
        parts = urlsplit(url)
        if parts.scheme == "file":
            if parts.netloc or not parts.path.startswith("/"):
                raise ValueError("should name a file by its whole path: file:///path")
            return cls("file", "", 0, "", "", unquote(parts.path))
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("should begin with smtps:// or smtp:// and name a host, or with file://")
        port = parts.port or PORTS[parts.scheme]
        return cls(
            parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), ""
        )


def mail_server(url: str) -> MailServer | None:
    """What SMTP_URL names; None where it is empty."""
    if not url:
        return None
    address = MailAddress.parse(url)
    return MailFile(address.path) if address.scheme == "file" else SmtpServer(address)


class MailFile:
    """A file that mails are appended to, as a person reads them."""

    def __init__(self, path: str) -> None:
        self._path = path

    def send(self, message: EmailMessage, hand_over: HandOver) -> None:
        headers = "".join(f"{name}: {message[name]}\n" for name in ("Date", "From", "To", "Subject"))
        text = f"{headers}\n{message.get_content()}\n{'-' * 70}\n\n".encode()
        with open(self._path, "ab", buffering=0) as file:
            if hand_over():
                file.write(text)
                os.fsync(file.fileno())


class SmtpServer:
    """A server that is spoken to anew for each mail."""

    def __init__(self, address: MailAddress) -> None:
        self._address = address

    def send(self, message: EmailMessage, hand_over: HandOver) -> None:
        text = message.as_bytes(policy=SMTP)
        with _limited(self._client()) as client:
            client.connect(self._address.host, self._address.port)
            self._log_in(client)
            sender = message["From"].addresses[0].addr_spec
            _ask(client.mail(sender))
            _ask(client.rcpt(message["To"].addresses[0].addr_spec))
            if hand_over():
                _give(client, text)
            with suppress(OSError, smtplib.SMTPException):  # the mail is taken: how they part says nothing
                client.quit()

    def _client(self) -> smtplib.SMTP:
        if self._address.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(timeout=MAIL_SECONDS, context=ssl.create_default_context())
        else:
            client = smtplib.SMTP(timeout=MAIL_SECONDS)
        # The constructor would connect before the time limit begins. Certificates are held against the name.
        client._host = self._address.host  # type: ignore[attr-defined]
        return client

    def _log_in(self, client: smtplib.SMTP) -> None:
        """Encrypt where the server offers it; a password goes over no line that is not."""
        client.ehlo_or_helo_if_needed()
        if self._address.scheme == "smtp" and (client.has_extn("starttls") or self._address.password):
            client.starttls(context=ssl.create_default_context())
        if self._address.user:
            client.login(self._address.user, self._address.password)


@contextmanager
def _limited(client: smtplib.SMTP) -> Iterator[smtplib.SMTP]:
    """End the connection after the time limit: the one of `smtplib` is for each line, and a server may drip."""
    timer = threading.Timer(MAIL_SECONDS, _shut, [client])
    timer.daemon = True
    timer.start()
    try:
        yield client
    finally:
        timer.cancel()
        client.close()


def _shut(client: smtplib.SMTP) -> None:
    if client.sock is not None:
        with suppress(OSError):
            client.sock.shutdown(socket.SHUT_RDWR)


def _ask(answer: tuple[int, bytes]) -> None:
    code, words = answer
    if code not in (TAKEN, 251):
        raise RefusedMailError(f"The mail server answers {code} {words.decode('utf-8', 'replace')[:300]}")


def _give(client: smtplib.SMTP, text: bytes) -> None:
    try:
        _ask(client.data(text))
    except smtplib.SMTPDataError as error:
        _ask((error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""))
