"""A limit on code that this product did not write, and that may catch what interrupts it."""

import contextlib
import time

import pytest

from jobs.rows.time_limit import TimeLimitError, time_limit


def run_for_ever():
    while True:
        pass


def catch_and_run_on():
    for _ in range(3):
        with contextlib.suppress(Exception):
            run_for_ever()


def make_another_error_of_it():
    try:
        run_for_ever()
    except Exception as error:
        raise ValueError("unknown") from error


@pytest.mark.parametrize("code", [run_for_ever, catch_and_run_on, make_another_error_of_it])
def test_code_that_takes_too_long_is_interrupted_and_late_whatever_it_makes_of_that(code):
    began = time.monotonic()
    with pytest.raises(TimeLimitError), time_limit(0.05):
        code()
    assert time.monotonic() - began < 2


def test_an_error_in_time_is_what_it_is():
    with pytest.raises(ValueError, match="unknown"), time_limit(5):
        raise ValueError("unknown")
