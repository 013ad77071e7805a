"""Connections that say nothing or little, all kinds at once, beside people who upload over a slow line.

    python -m tests.attacks.sockets --seconds 60
    python -m tests.attacks.sockets --only "header dripped"

The product must answer /healthz and, to somebody who is logged in, the list of imports, within a second each time,
and every slow upload must arrive.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from tests.attacks.probes import Probes
from tests.attacks.site import Site, running
from tests.support.drips import KINDS, SILENT, UPLOAD_BODY, Drips, Kind

BAR_SECONDS = 1.0
ADDRESSES = ("/healthz", "/imports")
SILENT_CLIENTS, CLIENTS = 500, 8
WITH_ACCOUNT = "body of an upload dripped, with an account"
BOUNDARY = "slow"


class SlowUpload(threading.Thread):
    """Somebody who uploads so many bytes a second for so long.

    Attributes:
        told: what the product answered.
    """

    def __init__(self, site: Site, seconds: float, rate: int = 50_000) -> None:
        super().__init__(name="slow upload")
        self._site = site
        self._seconds = seconds
        self._rate = rate
        self.told = "nothing"

    @property
    def has_arrived(self) -> bool:
        return self.told.startswith("201")

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=60)
        headers = {
            "Authorization": f"Bearer {self._site.token}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        try:
            connection.request(
                "POST", "/api/imports?record_type=contacts", self._body(), headers, encode_chunked=True
            )
            answer = connection.getresponse()
            self.told = f"{answer.status} {json.loads(answer.read())}"
        except OSError as error:
            self.told = repr(error)
        finally:
            connection.close()

    def _body(self) -> Iterator[bytes]:
        disposition = 'Content-Disposition: form-data; name="file"; filename="slow.csv"'
        yield f"--{BOUNDARY}\r\n{disposition}\r\n\r\nemail,name\n".encode()
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            yield b"ann@example.com,Ann\n" * (self._rate // 200)
            time.sleep(0.1)
        yield f"\r\n--{BOUNDARY}--\r\n".encode()


def attack(site: Site, seconds: float, kinds: Sequence[Kind]) -> bool:
    """Attack for so long, print what was seen, and say whether the bar held."""
    uploads = [SlowUpload(site, seconds) for _ in range(CLIENTS)]
    with ExitStack() as stack:
        drips = {kind.name: stack.enter_context(_drips(site, kind)) for kind in kinds}
        probes = stack.enter_context(Probes(site.visitor, *ADDRESSES))
        for upload in uploads:
            upload.start()
        for upload in uploads:
            upload.join()
    for name, dripped in drips.items():
        print(f"{name}: {dripped.ended} connections were ended")
    arrived = sum(upload.has_arrived for upload in uploads)
    print(f"slow uploads: {arrived} of {len(uploads)} arrived")
    for told in {upload.told for upload in uploads if not upload.has_arrived}:
        print(f"  {told}")
    for probe in probes:
        print(probe)
    return arrived == len(uploads) and all(probe.holds(BAR_SECONDS) for probe in probes)


def _drips(site: Site, kind: Kind) -> Drips:
    return Drips(site.port, kind, SILENT_CLIENTS if kind is SILENT else CLIENTS)


def main(arguments: Sequence[str] | None = None) -> int:
    names = [kind.name for kind in KINDS] + [WITH_ACCOUNT]
    parser = argparse.ArgumentParser(
        prog="python -m tests.attacks.sockets", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for so long (60)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="some kinds of connections")
    chosen = parser.parse_args(arguments)
    with running() as site:
        kinds = [kind for kind in (*KINDS, UPLOAD_BODY.with_token(site.token)) if kind.name in chosen.only]
        holds = attack(site, chosen.seconds, kinds)
    print(f"the bar of {BAR_SECONDS:g} s {'held' if holds else 'is broken'}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
