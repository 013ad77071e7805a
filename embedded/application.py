"""The product itself, run from the Procfile as it would be in production."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from embedded import leftovers, processes
from embedded.visitor import Visitor

PROCESSES = {"web": 1, "dispatcher": 1, "converter": 1, "worker": 2}
"""How many processes of each kind; `web` is first, since honcho gives its port to the first one."""
UNWANTED_PREFIXES = ("AWS_", "DATABASE_", "FLASK_", "GUNICORN_", "RQ_")
"""Variables that begin so are not handed on: they would change what the demo runs."""


class Application:
    """Web, dispatcher and workers of one checkout, on given servers.

    Args:
        checkout: the folder with the Procfile and `wsgi.py`.
        log: the file for the processes' output.
        settings: the variables that name the servers, and `SECRET_KEY`.
        concurrency: how many of each kind of process.
        preferred_port: taken if nobody listens there. It stays free until the web process starts, so two products
            that are made at once must not prefer the same one.
    """

    def __init__(
        self,
        checkout: Path,
        log: Path,
        settings: Mapping[str, str],
        concurrency: Mapping[str, int] = PROCESSES,
        *,
        preferred_port: int | None = None,
    ) -> None:
        self.checkout = checkout
        self._concurrency = concurrency
        self.port = processes.free_port(preferred_port)
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.mark = secrets.token_hex(8)
        self.environment = self._environment(settings)
        log.write_bytes(b"")
        self._honcho = processes.Program(
            "The application", self._command(), log, environment=self.environment, folder=checkout
        )
        self._honcho.orphan_signal = self._honcho.stop_signal  # it has children to end

    def migrate(self) -> None:
        self.flask("db", "upgrade")

    def make_admin(self, email: str) -> None:
        """Make an admin with a password nobody knows, unless the account exists."""
        try:
            self.flask(
                "users", "create", email, "--role", "admin", "--password-stdin", typed=secrets.token_urlsafe(24)
            )
        except processes.EmbeddedError as error:
            if "exists" not in error.message:
                raise

    def login_link(self, email: str) -> str:
        """A link that logs in once."""
        written = self.flask("users", "login-link", email)
        for line in reversed(written.splitlines()):
            if line.startswith("http"):
                return line.strip()
        raise processes.EmbeddedError(f"`flask users login-link {email}` printed no address but: {written!r}")

    def start(self) -> None:
        """Start the processes and wait until the web process is ready.

        Raises:
            EmbeddedError: they ended, or were not ready in time; with the end of their log.
        """
        self._honcho.start()
        self._honcho.wait_until(Visitor(self.base_url).finds_it_ready, seconds=60)

    def check(self) -> None:
        """See that the processes still run: honcho ends all when one ends.

        Raises:
            EmbeddedError: they do not; with the end of their log.
        """
        if not self._honcho.running:
            raise processes.EmbeddedError(f"The application's processes have ended.{self._honcho.log_tail()}")

    def stop(self) -> None:
        self._honcho.stop(seconds=leftovers.GRACE_SECONDS)

    def flask(self, *arguments: str, typed: str = "") -> str:
        """Run a command of the application, with `typed` as its standard input, and return what it prints.

        Raises:
            EmbeddedError: it failed; with what it printed.
        """
        return processes.run(
            f"flask {' '.join(arguments)}",
            [sys.executable, "-m", "flask", *arguments],
            environment=self.environment,
            folder=self.checkout,
            typed=typed,
        )

    def _command(self) -> list[str]:
        concurrency = ",".join(f"{name}={number}" for name, number in self._concurrency.items())
        # An .env file of the checkout is for other things, hence --env.
        options = ["--env", os.devnull, "-f", "Procfile", "-p", str(self.port), "-c", concurrency, "--no-colour"]
        return [sys.executable, "-m", "honcho", "start", *options, *self._concurrency]

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED_PREFIXES)}
        programs = os.path.dirname(sys.executable)  # the Procfile says just `gunicorn` and `python`
        return {
            **inherited,
            **settings,
            "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PORT": str(self.port),
            "BIND": "127.0.0.1",
            "BASE_URL": self.base_url,
            "SESSION_COOKIE_SECURE": "false",
            "TRUSTED_PROXIES": "0",
            "PYTHONUNBUFFERED": "1",
            leftovers.VARIABLE: self.mark,
        }
