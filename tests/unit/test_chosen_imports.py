"""Which imports the list shows is said by its address, which anybody may write."""

from datetime import date

import pytest

from importer.control.chosen_imports import ChosenImports
from importer.errors import FilterError
from importer.models import User


def test_an_address_is_taken_back_as_it_was_given():
    chosen = ChosenImports(
        "failures", "kunden", "contacts", "7", date(2026, 3, 1), date(2026, 3, 31), "Europe/Berlin"
    )
    assert ChosenImports.told(chosen.as_address()) == chosen


def test_all_imports_need_no_address():
    assert ChosenImports().as_address() == {}
    assert ChosenImports.told({"zone": "Europe/Berlin", "text": " ", "since": ""}).as_address() == {}


@pytest.mark.parametrize(
    "told",
    [
        {"show": "everything"},
        {"since": "2026-02-30", "until": "tomorrow"},
        {"since": "0001-01-01", "until": "9999-12-31"},
        {"zone": "../../etc/passwd", "since": "2026-13-01"},
        {"person": "-1"},
        {"person": "99999999999"},
        {"person": "²"},
        {"text": "\0", "record_type": "\0"},
        {"id": "7"},
    ],
)
def test_what_an_address_cannot_mean_is_passed_over(told):
    assert ChosenImports.told(told) == ChosenImports()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("show", "everything"),
        ("text", "x" * 201),
        ("text", "a\0b"),
        ("record_type", "\0"),
        ("person", "-1"),
        ("person", "somebody"),
        ("since", "2026-02-30"),
        ("until", "20260301"),
        ("zone", "Mars/Olympus"),
    ],
)
def test_what_a_script_cannot_mean_is_refused_and_named(name, text):
    with pytest.raises(FilterError, match=f"^{name} must be "):
        ChosenImports.asked(None, User(), {name: text})


def test_a_script_may_say_everything_that_an_address_says():
    chosen = ChosenImports(
        "failures", "kunden", "contacts", "7", date(2026, 3, 1), date(2026, 3, 31), "Europe/Berlin"
    )
    assert ChosenImports.asked(None, User(), chosen.as_address()) == chosen
    assert ChosenImports.asked(None, User(), {"zone": "UTC", "text": None, "since": ""}) == ChosenImports()


@pytest.mark.parametrize("zone", ["Europe", "../../etc/passwd", "Mars/Olympus", "/etc/passwd", "x" * 5000])
def test_days_of_a_zone_that_there_is_not_are_those_of_utc(zone):
    assert ChosenImports.told({"zone": zone, "since": "2026-03-01"}).zone == "UTC"
