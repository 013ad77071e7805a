"""What those who look at one import's page at the same time share: the rendered part, and the pace.

The part that changes is rendered once a second, however many look; and those who look ask the less often the more
they are. So a page costs a process about the same with one viewer or with fifty.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import cast

from flask import Flask, current_app
from markupsafe import Markup

FRESH_SECONDS = 1.0
MOST_PARTS = 200
"""Rendered parts that are kept; each is of some ten KB."""

VIEWERS_A_SECOND = 5
"""So many viewers of an import ask a process each second; of more, each asks less often."""

SLOWEST_SECONDS = 10.0
VIEWER_SECONDS = 25.0
"""Who has not asked for so long has gone."""

MOST_VIEWERS = 1000
"""Viewers that are counted, of all imports."""


class Part:
    """One rendered part, or one that is being rendered: others wait for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made_at = float("-inf")
        self.html = ""


class LiveParts:
    """Rendered parts by whatever they depend on, each for a second."""

    def __init__(self) -> None:
        self._parts: OrderedDict[Hashable, Part] = OrderedDict()
        self._lock = threading.Lock()
        self._token = secrets.token_hex(16)

    def get(
        self,
        key: Hashable,
        render: Callable[[Callable[[], str]], str],
        token: Callable[[], str],
        *,
        anew: bool = False,
    ) -> str:
        """The part of this key, at most a second old.

        Args:
            render: makes it, with a stand-in for the token of forms.
            token: of whoever asks; it takes the place of the stand-in.
            anew: whether it is rendered however old it is: whoever asks has just changed something.
        """
        part = self._part(key)
        with part.lock:
            if anew or time.monotonic() - part.made_at > FRESH_SECONDS:
                begun = time.monotonic()
                part.html = render(lambda: self._token)
                part.made_at = begun
            html = part.html
        return html.replace(self._token, Markup.escape(token())) if self._token in html else html

    def _part(self, key: Hashable) -> Part:
        with self._lock:
            part = self._parts.setdefault(key, Part())
            self._parts.move_to_end(key)
            while len(self._parts) > MOST_PARTS:
                self._parts.popitem(last=False)
        return part


class Viewers:
    """Who looks at which import now, as far as this process is asked."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def note(self, import_id: str, viewer: str) -> None:
        """Somebody looks at an import."""
        with self._lock:
            key = (import_id, viewer)
            if key not in self._seen:
                self._counts[import_id] = self._counts.get(import_id, 0) + 1
            self._seen[key] = time.monotonic()
            self._seen.move_to_end(key)
            self._forget()

    def seconds_between(self, import_id: str) -> float:
        """How long each who looks at this import is to wait before asking again."""
        with self._lock:
            self._forget()
            count = self._counts.get(import_id, 0)
        return min(max(count / VIEWERS_A_SECOND, FRESH_SECONDS), SLOWEST_SECONDS)

    def _forget(self) -> None:
        """Forget who has gone, and the first of too many."""
        gone = time.monotonic() - VIEWER_SECONDS
        while self._seen:
            (import_id, _), seen = next(iter(self._seen.items()))
            if seen > gone and len(self._seen) <= MOST_VIEWERS:
                return
            self._seen.popitem(last=False)
            self._counts[import_id] -= 1
            if not self._counts[import_id]:
                del self._counts[import_id]


class LiveViews:
    """Both, of one application."""

    def __init__(self) -> None:
        self.parts = LiveParts()
        self.viewers = Viewers()


def register(app: Flask) -> None:
    app.extensions["importer_live_views"] = LiveViews()


def live_views() -> LiveViews:
    """Those of the application of this request."""
    return cast(LiveViews, current_app.extensions["importer_live_views"])
