"""`python -m embedded.demo`: the whole product on embedded servers, with one import to look at."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from embedded import leftovers, progress
from embedded.application import Application
from embedded.interruption import Interrupted, Interruption
from embedded.processes import EmbeddedError
from embedded.servers import EmbeddedServers
from embedded.visitor import Visitor
from embedded.wheels import package_folder
from importer.statuses import ENDED, Status

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = CHECKOUT / ".demo"
EMAIL = "demo@example.com"
AT_REST = ENDED | {Status.PAUSED}
"""Statuses that an import does not leave by itself."""
PORT = 8000
"""Where the pages are unless another program listens there: the default of `BASE_URL`."""

STALLED_SECONDS = 120.0
"""Well above the 30 seconds within which the product puts a stuck import back to work."""


class Demo:
    """One run of the demo."""

    def __init__(self, servers: EmbeddedServers, application: Application, interruption: Interruption) -> None:
        self.servers = servers
        self.application = application
        self.interruption = interruption
        self.visitor = Visitor(application.base_url)
        self.page = ""

    def start(self) -> None:
        print_now("Preparing the database ...")
        self.application.migrate()
        self.application.make_admin(EMAIL)
        print_now("Starting web, dispatcher and workers ...")
        self.application.start()

    def import_airports(self) -> bool:
        """Upload the file of airports and watch it.

        Returns:
            Whether every row of the file is imported or failed.
        """
        file = package_folder("airportsdata") / "airports.csv"
        self.visitor.open(self.application.login_link(EMAIL))
        print_now(f"Uploading {file.name} ({file.stat().st_size / 1e6:.1f} MB) ...")
        created = self.visitor.upload(file, "airports")
        begin = time.monotonic()
        state = self._watch(created["id"])
        print_now(progress.summary(state, time.monotonic() - begin))
        self.page = self.visitor.address(created["url"])
        return progress.adds_up(state)

    def _watch(self, import_id: str) -> dict[str, Any]:
        shown = progress.Progress(sys.stdout)
        state = self.visitor.import_state(import_id)
        moved = time.monotonic()
        while state["status"] not in AT_REST:
            shown.show(state)
            self._wait(0.3)
            before, state = state, self.visitor.import_state(import_id)
            if state != before:
                moved = time.monotonic()
            elif time.monotonic() - moved > STALLED_SECONDS:
                raise EmbeddedError(
                    f"The import has not moved for {STALLED_SECONDS:g} s. {progress.describe(state)}."
                )
        shown.end()
        return state

    def serve(self) -> None:
        print_now(f"\nThe importer runs at {self.application.base_url}")
        print_now(f"Log in once with      {self.application.login_link(EMAIL)}")
        if self.page:
            print_now(f"The import's page is  {self.page}")
        print_now("Ctrl-C ends it.")
        while True:
            self._wait(0.5)

    def _wait(self, seconds: float) -> None:
        time.sleep(seconds)
        self.interruption.check()
        self.servers.check()
        self.application.check()


def print_now(text: str) -> None:
    print(text, flush=True)


@contextlib.contextmanager
def only_demo(lock: Path) -> Iterator[None]:
    """Refuse a second demo of this checkout: both would use the same database folder."""
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise EmbeddedError(
                f"A demo of this checkout is running already, as process {file.read().strip() or 'unknown'}. "
                "End it with Ctrl-C where it runs, then start this one again."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def secret_key(file: Path) -> str:
    """The key that signs sessions: made once, so that a login outlives the demo."""
    if not file.exists():
        fresh = file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        fresh.rename(file)
    return file.read_text()


def run(arguments: argparse.Namespace, interruption: Interruption) -> int:
    FOLDER.mkdir(exist_ok=True)
    with only_demo(FOLDER / "lock"):
        print_now("Starting Postgres, Valkey and S3 ...")
        with EmbeddedServers(FOLDER) as servers:
            settings = {**servers.environment(), "SECRET_KEY": secret_key(FOLDER / "secret_key")}
            settings["SMTP_URL"] = (FOLDER / "mails.txt").as_uri()
            application = Application(CHECKOUT, FOLDER / "processes.log", settings, preferred_port=PORT)
            with leftovers.guard(application.mark), contextlib.ExitStack() as stack:
                stack.callback(application.stop)
                demo = Demo(servers, application, interruption)
                demo.start()
                complete = arguments.no_import or demo.import_airports()
                if arguments.exit:
                    return 0 if complete else 1
                demo.serve()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="end after the import; status 0 if every row ended")
    parser.add_argument("--no-import", action="store_true", help="import nothing, just serve")
    arguments = parser.parse_args()
    try:
        return run(arguments, Interruption())
    except Interrupted as interrupted:
        return interrupted.status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads; Python flushes at exit
        return 1
    except (EmbeddedError, OSError) as error:
        print(f"bin/demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
