"""What those who look at the same page share."""

import threading

import pytest

from importer.web import live_views
from importer.web.live_views import MOST_PARTS, LiveParts, Viewers


class Renderer:
    """Renders a form, and counts how often."""

    def __init__(self, words="words"):
        self.count = 0
        self.words = words

    def __call__(self, token):
        self.count += 1
        return f"{self.words} {token()} {self.count}"


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [1000.0]
    monkeypatch.setattr(live_views.time, "monotonic", lambda: now[0])
    return now


def test_within_a_second_all_get_one_rendering_each_with_their_own_token(clock):
    parts, renderer = LiveParts(), Renderer()
    assert parts.get("a", renderer, lambda: "of ann") == "words of ann 1"
    assert parts.get("a", renderer, lambda: "of bob") == "words of bob 1"
    clock[0] += 1.1
    assert parts.get("a", renderer, lambda: "of bob") == "words of bob 2"


def test_another_page_is_another_rendering():
    parts, renderer = LiveParts(), Renderer()
    parts.get(("a", 1), renderer, str)
    parts.get(("a", 2), renderer, str)
    assert renderer.count == 2


def test_of_many_who_ask_at_once_one_renders():
    parts, renderer = LiveParts(), Renderer()
    threads = [threading.Thread(target=parts.get, args=("a", renderer, str)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert renderer.count == 1


def test_a_rendering_that_fails_is_tried_again():
    parts, renderer = LiveParts(), Renderer()
    with pytest.raises(ZeroDivisionError):
        parts.get("a", lambda _: 1 / 0, str)
    assert parts.get("a", renderer, str).endswith("1")


def test_a_token_cannot_become_markup():
    assert LiveParts().get("a", Renderer(), lambda: '"><b>') == "words &#34;&gt;&lt;b&gt; 1"


def test_few_renderings_are_kept():
    parts, renderer = LiveParts(), Renderer()
    for number in range(MOST_PARTS + 50):
        parts.get(number, renderer, str)
    assert len(parts._parts) == MOST_PARTS


def test_one_viewer_asks_each_second_and_fifty_ask_ten_seconds_apart(clock):
    viewers = Viewers()
    viewers.note("a", "ann")
    viewers.note("a", "ann")
    assert viewers.seconds_between("a") == 1
    for number in range(49):
        viewers.note("a", str(number))
    assert viewers.seconds_between("a") == 10
    assert viewers.seconds_between("b") == 1
    clock[0] += 30
    assert viewers.seconds_between("a") == 1


def test_viewers_are_counted_in_bounded_memory():
    viewers = Viewers()
    for number in range(5000):
        viewers.note("a", str(number))
    assert len(viewers._seen) <= 1000
    assert viewers._counts["a"] == len(viewers._seen)
