"""What gunicorn's configuration does to its sockets."""

import runpy
import socket
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

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


@pytest.mark.parametrize("path", ["/login-link/aB-_9", "/login-link/aB-_9?x=y"])
def test_a_one_time_link_does_not_get_into_the_access_log(path):
    logger = runpy.run_path(str(CONFIGURATION))["logger_class"](Config())
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": path,
        "PATH_INFO": path.partition("?")[0],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"https://importer.example{path}",
    }
    answer = SimpleNamespace(status="302 FOUND", headers=[])
    told = logger.atoms(answer, SimpleNamespace(headers=[]), environ, timedelta())
    assert "aB-_9" not in str(told)
    assert told["r"].startswith("GET /login-link/…")
    assert told["f"].startswith("https://importer.example/login-link/…")
