"""How things are written on pages."""

from datetime import UTC, datetime, timedelta

import pytest

from importer.web.auth import local_path
from importer.web.formats import ago, duration, marked, size, visible


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (1023, "1,023 bytes"), (1536, "1.5 KB"), (5 * 1024**3, "5.0 GB")]
)
def test_sizes_are_in_the_largest_unit_that_fits(count, words):
    assert size(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (59.6, "1 min 0 s"), (3661, "1 h 1 min"), (200_000, "2 d 7 h")]
)
def test_durations_have_two_units(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (59, "just now"),
        (61, "1 minute ago"),
        (3 * 3600, "3 hours ago"),
        (86_401, "1 day ago"),
        (70 * 86_400, "2 months ago"),
        (800 * 86_400, "2 years ago"),
    ],
)
def test_moments_are_as_long_ago_as_they_are(seconds, words):
    assert f">{words}</time>" in ago(datetime.now(UTC) - timedelta(seconds=seconds))


def test_without_a_script_the_exact_time_names_its_zone():
    moment = ago("2026-03-04T05:06:07+02:00")
    assert 'datetime="2026-03-04T03:06:07+00:00" title="2026-03-04 03:06:07 UTC"' in moment


def test_every_character_can_be_seen_and_written():
    every = "".join(map(chr, range(0x3000))) + "\ud800\U0001f600\U000e0001"
    shown = visible(every, limit=len(every))
    assert shown.isprintable()
    shown.encode()


def test_every_space_is_a_space():
    assert visible("a\u00a0b\u2003c") == "a b c"
    assert visible("a b\u00a0c", tells_blanks=True) == "a b\\xa0c"


def test_a_long_text_is_cut_and_the_rest_counted():
    assert visible("x" * 1300, limit=300).endswith("… (and 1,000 more characters)")


def test_only_backticks_become_markup():
    assert marked("<b> `x`") == "&lt;b&gt; <code>x</code>"


@pytest.mark.parametrize("url", ["//x", "/\\x", "\\\\x", "http://x", "x", "", "javascript:x"])
def test_a_way_out_of_the_application_is_no_local_path(url):
    assert local_path(url) is None
