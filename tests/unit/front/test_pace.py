"""How quick a client must be."""

import time

import pytest

from importer.errors import SlowUploadError
from importer.front.pace import LEAST_BYTES, Pace
from importer.time_limits import BODY_SECONDS


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until the test sets it."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def set_to(seconds):
        now[0] = seconds

    return set_to


def test_every_so_many_bytes_put_the_deadline_off(clock):
    pace = Pace(10, least=100)
    clock(9)
    pace.moved(99)
    assert pace.left() == 1
    pace.moved(1)
    assert pace.left() == 10


def test_bytes_that_came_quickly_are_no_credit_for_later(clock):
    pace = Pace(10, least=100)
    pace.moved(1_000_000)
    clock(11)
    assert pace.left() == 0


def test_time_in_which_nobody_waited_for_the_client_does_not_count(clock):
    pace = Pace(10, least=100)
    clock(60)
    pace.forgive(55)
    assert pace.left() == 5


def test_an_upload_that_is_ended_is_told_the_rate():
    assert (LEAST_BYTES, BODY_SECONDS) == (60_000, 60)
    assert "less than 60 KB in a minute" in SlowUploadError().message
