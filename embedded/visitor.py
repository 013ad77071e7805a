"""Somebody at a browser, as far as the web application can tell."""

from __future__ import annotations

import html
import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from embedded.processes import EmbeddedError

CHUNK_BYTES = 256 * 1024
CSRF_TOKEN = re.compile(r'<meta\s+name="csrf-token"\s+content="([^"]+)"')


class Visitor:
    """Keeps cookies, and uses no proxy."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )

    def finds_it_ready(self) -> bool:
        try:
            self.open("/readyz", seconds=5)
        except EmbeddedError:
            return False
        return True

    def open(
        self,
        address: str,
        *,
        body: bytes | Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
        seconds: float = 60,
    ) -> str:
        """GET an address, or POST `body` to it.

        Raises:
            EmbeddedError: the answer says that something is wrong, or there is none.
        """
        request = urllib.request.Request(self.address(address), data=body, headers=headers or {})
        try:
            with self._opener.open(request, timeout=seconds) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")[:2000]
            raise EmbeddedError(f"{request.get_method()} {address} answered {error.code}:\n{text}") from None
        except OSError as error:
            raise EmbeddedError(f"{request.get_method()} {address} was not answered: {error}") from None

    def address(self, path: str) -> str:
        return urllib.parse.urljoin(self.base_url, path)

    def upload(self, file: Path, record_type: str, key: str | None = None) -> dict[str, Any]:
        """Upload a file from the upload page.

        Args:
            key: the idempotency key, else a new one.

        Returns:
            What the application says about the new import: its `id` and `url`.
        """
        headers = {
            "Accept": "application/json",
            "Idempotency-Key": key or str(uuid.uuid4()),
            "X-CSRFToken": self._csrf_token("/imports/new"),
        }
        return self._post_file("/imports", file, record_type, headers)

    def send(self, file: Path, record_type: str, token: str, key: str | None = None) -> dict[str, Any]:
        """Upload a file to the API, by this token.

        Args:
            key: the idempotency key, if any.

        Returns:
            What the application says about the new import.
        """
        headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
        return self._post_file("/api/imports", file, record_type, headers)

    def _post_file(self, path: str, file: Path, record_type: str, headers: dict[str, str]) -> dict[str, Any]:
        boundary = uuid.uuid4().hex
        address = f"{path}?{urllib.parse.urlencode({'record_type': record_type})}"
        head, tail = _around(file, boundary)
        headers = {
            **headers,
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(head) + file.stat().st_size + len(tail)),
        }
        answer = self.open(address, body=_form(head, file, tail), headers=headers, seconds=300)
        return dict(json.loads(answer))

    def cancel(self, import_id: str) -> None:
        """Cancel an import from its page."""
        headers = {"X-CSRFToken": self._csrf_token("/imports/new")}
        self.open(f"/imports/{import_id}/cancel", body=b"", headers=headers)

    def import_state(self, import_id: str) -> dict[str, Any]:
        """What the application says about an import now."""
        return dict(json.loads(self.open(f"/api/imports/{import_id}")))

    def _csrf_token(self, page: str) -> str:
        found = CSRF_TOKEN.search(self.open(page))
        if found is None:
            raise EmbeddedError(f"The page {page} has no CSRF token. Is the visitor logged in?")
        return html.unescape(found[1])


def _around(file: Path, boundary: str) -> tuple[bytes, bytes]:
    """What a form has before and after its file."""
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    )
    return head.encode(), f"\r\n--{boundary}--\r\n".encode()


def _form(head: bytes, file: Path, tail: bytes) -> Iterator[bytes]:
    yield head
    with file.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            yield chunk
    yield tail
