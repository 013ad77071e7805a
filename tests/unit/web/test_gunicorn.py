"""What gunicorn's configuration does to its limits, its log and its worker processes."""

import resource
import runpy
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from gunicorn.config import Config

CONFIGURATION = Path(__file__).parents[3] / "gunicorn.conf.py"


def test_a_process_may_open_as_many_files_as_it_takes_connections():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    configuration = runpy.run_path(str(CONFIGURATION))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))  # what macOS gives
        configuration["allow_open_files"]()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > configuration["worker_connections"] + 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


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


def test_a_web_process_looks_at_the_servers_as_it_starts():
    watch = Mock()
    application = SimpleNamespace(extensions={"importer_watch": watch})
    runpy.run_path(str(CONFIGURATION))["post_worker_init"](
        SimpleNamespace(app=SimpleNamespace(callable=application))
    )
    watch.findings.assert_called_once_with(wait=0)
