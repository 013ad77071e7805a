"""A file that is sent again with the same idempotency key, through gunicorn: larger than what sockets hold."""

import pytest

from embedded.processes import EmbeddedError
from embedded.visitor import Visitor

EMAIL = "ann@example.com"
ROW = b"EDDF,Frankfurt,50.0\n"
MEGABYTES = 20


@pytest.fixture
def visitor(application):
    someone = Visitor(application.base_url)
    someone.open(application.login_link(EMAIL))
    return someone


def test_a_large_file_sent_again_is_answered_each_time_and_another_one_is_refused(visitor, tmp_path):
    file = tmp_path / "airports.csv"
    file.write_bytes(b"icao,name,lat\n" + ROW * (MEGABYTES * 1_000_000 // len(ROW)))
    first = visitor.upload(file, "airports", key="one")
    assert {visitor.upload(file, "airports", key="one")["id"] for _ in range(5)} == {first["id"]}
    with file.open("ab") as end:
        end.write(b"EDDM,Munich,48.4\n")
    with pytest.raises(EmbeddedError, match="409"):
        visitor.upload(file, "airports", key="one")
    visitor.cancel(first["id"])
