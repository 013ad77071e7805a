import re
from pathlib import Path

from importer.config import SETTINGS
from importer.queue.queues import DEFAULT, HIGH, LOW
from jobs.__main__ import WORKERS

PROCFILE = Path(__file__).parents[2] / "Procfile"


def processes() -> dict[str, str]:
    return dict(line.split(": ", 1) for line in PROCFILE.read_text().splitlines() if line)


def test_the_procfile_has_the_five_process_types_and_no_more():
    assert set(processes()) == {"release", "web", "dispatcher", "worker", "converter"}


def test_each_queue_of_the_code_is_drained_by_one_process_type():
    queues = {name: re.findall(r"python -m jobs (\w+)", line) for name, line in processes().items()}
    assert queues["dispatcher"] == [HIGH]
    assert queues["worker"] == [LOW]
    assert queues["converter"] == [DEFAULT]
    assert set(WORKERS) == {HIGH, DEFAULT, LOW}


def test_the_web_process_serves_as_many_requests_as_the_setting_says_by_default():
    default = next(setting.default for setting in SETTINGS if setting.name == "WEB_THREADS")
    assert f"--threads ${{WEB_THREADS:-{default}}}" in processes()["web"]


def test_the_web_process_leaves_within_ten_seconds():
    timeout = re.search(r"--graceful-timeout (\d+)", processes()["web"])
    assert timeout is not None
    assert int(timeout[1]) < 10
