"""How soon the pages and the API answer where very many rows of an import have failed, and what repairs take."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench import faulty_file
from bench.faulty_file import GROUPS, Group
from bench.figures import Answers
from bench.product import Product
from bench.watching import asking
from embedded.processes import EmbeddedError
from importer.ledger.planning import TooSlowError
from importer.statuses import Status

ROUNDS = 5
"""So often each request is made."""

LOOK_SECONDS = 0.2
CHUNK_BYTES = 64 * 1024


class Download(NamedTuple):
    """A file that was fetched.

    Attributes:
        first: seconds until its first byte.
        seconds: until its last one.
        grown: MB by which the web process grew meanwhile.
    """

    first: float
    seconds: float
    size: int
    grown: float


class Applied(NamedTuple):
    """What came of a rule that was applied, or of a retry of all rows.

    Attributes:
        rows: that were changed and tried.
        seconds: until the last of them was.
        answers: what the page took to answer meanwhile.
    """

    rows: int
    seconds: float
    answers: Answers


class Timed(NamedTuple):
    """An answer: how long it took, and whether it says that there are too many rows to look through."""

    seconds: float
    is_given_up: bool


class FailedImport:
    """An import of which every row has failed, on the product as it is deployed.

    Attributes:
        seconds: from its upload until its last row had failed.
    """

    def __init__(self, product: Product, file: Path) -> None:
        self._product = product
        self._token = product.token()
        began = time.perf_counter()
        state = product.visitor.send(file, "contacts", self._token)
        self._id = state["id"]
        if state["status"] == Status.WAITING:
            self._post("answers", faulty_file.READINGS)
        state = self._state()
        assert not state["questions"], state["questions"]
        product.wait_for_end(self._id)
        self.seconds = time.perf_counter() - began
        self.rows = int(self._completed()["failed_rows"])

    def groups(self) -> dict[tuple[str, str], int]:
        """By field and code, how many rows have failed so."""
        return {
            (group["field"], group["code"]): group["rows"]
            for group in self._get_json("failed-row-groups")["groups"]
        }

    # Requests that are made again and again

    def ask(self) -> list[Answers]:
        """Look at the failed rows in each way that page and API offer."""
        return [self._answers(what, path) for what, path in self._requests()]

    def look(self, when: str) -> Answers:
        """Look at the import's page."""
        return self._answers(f"page with groups {when}", f"imports/{self._id}")

    def _requests(self) -> Iterator[tuple[str, str]]:
        page, api = f"imports/{self._id}", f"api/imports/{self._id}"
        largest, dates = GROUPS[0].chosen, GROUPS[1].chosen
        half, last = self.rows // 2, self.rows

        def address(base: str, **parameters: Any) -> str:
            return f"{base}?{urllib.parse.urlencode(parameters)}"

        yield "page with groups, first rows", page
        yield "its live part", address(f"{page}/live", anew=1)
        yield "page: a row in the middle", address(page, row=half)
        yield "page: the last rows", address(page, after=last - 40)
        yield "page: the largest group", address(page, **largest)
        yield "page: in the midst of a group", address(page, **dates, after=half)
        yield "page: a text that few rows hold", address(page, text=f"Number {last - 1}")
        yield "page: a text that no row holds", address(page, text="nowhere to be found")
        yield "page: a text that all rows hold, in the midst", address(page, text="example", start=half)
        yield "page: a text in a group", address(page, **largest, text=f"Number {half}")
        yield "page: sorted by a field", address(page, sort=2)
        yield "page: sorted backwards, in the midst", address(page, sort=-6, start=half)
        yield "page: a group, sorted", address(page, **largest, sort=3)
        yield "page: a text, sorted", address(page, text="9999", sort=1)
        yield "API: groups", f"{api}/failed-row-groups"
        yield "API: 1,000 rows in the middle", address(f"{api}/failed-rows", after=half, limit=1000)
        yield "API: 1,000 rows of a group", address(f"{api}/failed-rows", **largest, after=half, limit=1000)
        yield "page to repair the largest group", address(f"{page}/repair", **largest)
        yield "page to repair all rows", f"{page}/repair"

    def _answers(self, what: str, path: str) -> Answers:
        return _summed_up(what, [self._timed(path) for _ in range(ROUNDS)])

    # Rules

    def preview(self) -> list[Answers]:
        """Try each rule on its whole group, one part after the other."""
        return [
            self._preview(f"preview: {name}, {self._share(group):,} rows", {**group.chosen, "rule": rule})
            for group in GROUPS
            for name, rule in group.rules.items()
        ]

    def _share(self, group: Group) -> int:
        return self.rows * group.tenths // 10

    def _preview(self, what: str, body: dict[str, Any]) -> Answers:
        after: int | None = 0
        answers = Answers(what, [])
        while after is not None:
            began = time.perf_counter()
            after = self._post("repairs/preview", {**body, "after": after})["next"]
            answers.seconds.append(time.perf_counter() - began)
        return answers

    def repair(self, group: Group) -> Applied:
        """Apply the rule that mends a group, and look at the page meanwhile."""
        before = self._state()["failed_rows"]
        rule = next(iter(group.rules.values()))
        began = time.perf_counter()
        with self._watched() as answers:
            self._post("repairs", {**group.chosen, "rule": rule})
            self._wait_until(lambda: self._is_over(self._repairs()[0]))
        seconds = time.perf_counter() - began
        what = f"live part while {self._share(group):,} rows are repaired"
        return Applied(before - self._state()["failed_rows"], seconds, _summed_up(what, answers))

    def retry(self) -> Applied:
        """Have all failed rows tried again as they are, and look at the page meanwhile."""
        rows = self._state()["failed_rows"]
        began = time.perf_counter()
        with self._watched() as answers:
            self._post("retry", None)
            self._wait_until(lambda: not self._product.is_retrying())
        seconds = time.perf_counter() - began
        return Applied(rows, seconds, _summed_up(f"live part while {rows:,} rows are tried again", answers))

    def _repairs(self) -> list[dict[str, Any]]:
        return list(self._get_json("repairs")["repairs"])

    def _is_over(self, repair: dict[str, Any]) -> bool:
        return bool(repair["is_finished"] and not repair["retrying_rows"])

    def _watched(self) -> AbstractContextManager[list[Timed]]:
        """Somebody looks at the page, whose script asks for its live part each second."""
        return asking(partial(self._timed, f"imports/{self._id}/live"), seconds=1)

    # Files

    def download(self, ending: str) -> Download:
        """Fetch all failed rows as a file."""
        request = self._request(f"api/imports/{self._id}/failed-rows.{ending}")
        before, size = self._product.memory_of("web"), 0
        with self._product.watching() as peaks:
            began = time.perf_counter()
            with urllib.request.urlopen(request, timeout=600) as answer:
                size = len(answer.read(1))
                first = time.perf_counter() - began
                while chunk := answer.read(CHUNK_BYTES):
                    size += len(chunk)
            seconds = time.perf_counter() - began
        return Download(first, seconds, size, max(peaks["web"] - before, 0.0))

    # The way to the product

    def _completed(self) -> dict[str, Any]:
        state = self._state()
        if state["status"] != Status.COMPLETED:
            raise EmbeddedError(f"the import is {state['status']}: {state['reason']}")
        return state

    def _state(self) -> dict[str, Any]:
        return self._product.visitor.import_state(self._id)

    def _timed(self, path: str) -> Timed:
        began = time.perf_counter()
        answer = self._get(path)
        return Timed(time.perf_counter() - began, TooSlowError().message in answer)

    def _get(self, path: str) -> str:
        return self._product.visitor.open(f"/{path}")

    def _get_json(self, what: str) -> dict[str, Any]:
        return dict(json.loads(self._get(f"api/imports/{self._id}/{what}")))

    def _post(self, what: str, body: dict[str, Any] | None) -> dict[str, Any]:
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        path = f"/api/imports/{self._id}/{what}"
        return dict(json.loads(self._product.visitor.open(path, body=data, headers=headers)))

    def _request(self, path: str) -> urllib.request.Request:
        address = self._product.visitor.address(f"/{path}")
        return urllib.request.Request(address, headers={"Authorization": f"Bearer {self._token}"})

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            time.sleep(LOOK_SECONDS)


def _summed_up(what: str, answers: list[Timed]) -> Answers:
    return Answers(what, [answer.seconds for answer in answers], sum(answer.is_given_up for answer in answers))
