"""What gunicorn does besides the Procfile's options: it ends when a setting is wrong."""

import socket
import struct
import subprocess
import sys
from typing import Any

control_socket_disable = True

SILENT_SECONDS = 20
"""A client that neither sends what it began nor takes its answer for so long has gone. Threads are few: without
this a handful of silent connections, from strangers too, would hold them all for ever."""


def on_starting(server: Any) -> None:
    """Load the application once, here: a worker that ends over a setting would be started again for ever.

    In a process of its own, so that the workers of a reload (SIGHUP) find the code as it is then.
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
