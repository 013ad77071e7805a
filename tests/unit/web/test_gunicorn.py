"""What gunicorn's configuration does to its sockets."""

import runpy
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

CONFIGURATION = Path(__file__).parents[3] / "gunicorn.conf.py"


def test_a_client_that_says_nothing_holds_no_thread_for_ever():
    configuration = runpy.run_path(str(CONFIGURATION))
    configuration["when_ready"].__globals__["SILENT_SECONDS"] = 0.1
    with socket.create_server(("127.0.0.1", 0)) as listener:
        configuration["when_ready"](SimpleNamespace(LISTENERS=[SimpleNamespace(sock=listener)]))
        with socket.create_connection(listener.getsockname()):
            served, _ = listener.accept()
            with served:
                served.setblocking(True)
                with pytest.raises(BlockingIOError):
                    served.recv(1)
