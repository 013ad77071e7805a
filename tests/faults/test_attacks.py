"""The attacks of `tests/attacks`, shortened, on the product as the Procfile starts it."""

import pytest
import redis

from tests.attacks import sockets
from tests.attacks.site import started
from tests.support.drips import KINDS, UPLOAD_BODY

SECONDS = 12


@pytest.fixture
def site(servers, open_folder):
    redis.Redis.from_url(servers.valkey.url).flushdb()
    folder = open_folder / "attacks"
    folder.mkdir()
    with started(servers, folder) as site:
        yield site


def test_connections_that_say_nothing_or_little_stop_neither_pages_nor_slow_uploads(site):
    kinds = [*KINDS, UPLOAD_BODY.with_token(site.token)]
    assert sockets.attack(site, SECONDS, kinds), site.log.read_text()[-2000:]
    assert "header too late" in site.log.read_text()
