"""A process that is asked to stop wakes from any wait, wherever in it the signal comes."""

import os
import signal
import threading
import time

from jobs.process import StopRequest


def test_a_signal_in_the_middle_of_a_wait_ends_it():
    request = StopRequest()
    before = signal.signal(signal.SIGUSR1, lambda *_: request.set())
    try:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        began = time.monotonic()
        assert request.wait(20)
        assert time.monotonic() - began < 5
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_nobody_who_is_not_asked_to_stop_waits_longer_than_wanted():
    request = StopRequest()
    began = time.monotonic()
    assert not request.wait(0.1)
    assert 0.1 <= time.monotonic() - began < 2
    request.set()
    assert request.is_set()
    assert request.wait(20)
