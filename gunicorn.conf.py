"""What gunicorn does besides the Procfile's options.

It ends when a setting is wrong, keeps login links out of its log, and drops clients that fall silent.
"""

import re
import socket
import struct
import subprocess
import sys
from typing import Any

from gunicorn.glogging import Logger

control_socket_disable = True

SILENT_SECONDS = 20
"""A client that has neither sent nor taken a byte for this long counts as gone. Threads are few: without this
limit a handful of silent connections, from strangers too, would hold them all for ever."""

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


def when_ready(server: Any) -> None:
    """Limit waits by the sockets' own options, which connections inherit; gunicorn's threads wait without end."""
    limit = struct.pack("ll", int(SILENT_SECONDS), int(SILENT_SECONDS % 1 * 1_000_000))
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
