"""What gunicorn does besides the Procfile's options.

It takes the product's own worker, ends when a setting is wrong, and keeps login links out of its log.
"""

import re
import resource
import subprocess
import sys
from typing import Any

from gunicorn.glogging import Logger

control_socket_disable = True

worker_class = "importer.front.worker.FrontWorker"
"""The master process loads it once: a reload (SIGHUP) takes the application anew, not this."""

worker_connections = 800
sendfile = False
"""It would write past what the worker keeps of an answer until its client takes it."""

OPEN_FILES = 1024
"""Enough for the connections, and for those to Postgres, Redis and S3; macOS gives 256."""

LINK_SECRET = re.compile(r"(?<=/login-link/)[^/?#\s]+")


class SecretlessLogger(Logger):
    """Keeps one-time login links out of the access log: a link is still valid after a request that met no
    database, or that a mail program sent with HEAD."""

    def atoms(self, *request: Any) -> dict[str, Any]:
        return {
            name: LINK_SECRET.sub("…", value) if isinstance(value, str) else value
            for name, value in super().atoms(*request).items()
        }


logger_class = SecretlessLogger


def on_starting(server: Any) -> None:
    """Load the application once, here: a worker that ends because of a setting would be started again for ever.

    It is loaded in another process, so that the workers of a reload (SIGHUP) find the code as it is then.
    """
    ended = subprocess.run([sys.executable, "-c", "import wsgi"], check=False)
    if ended.returncode != 0:
        sys.exit(ended.returncode)
    allow_open_files()


def allow_open_files() -> None:
    """Raise this process's own limit, which its workers inherit, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def post_worker_init(worker: Any) -> None:
    """Look at the servers at once, so that the log says from the start what is wrong with them."""
    worker.app.callable.extensions["importer_watch"].findings(wait=0)
