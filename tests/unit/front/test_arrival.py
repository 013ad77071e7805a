"""When a request has come far enough for a thread to take it."""

import pytest
from gunicorn.http.errors import LimitRequestHeaders

from importer.front.arrival import MAX_FORM_BYTES, MAX_HEADER_BYTES, UPLOAD_AHEAD_BYTES, Arrival

GET = b"GET /imports HTTP/1.1\r\nHost: x\r\n\r\n"
FORM = b"POST /login HTTP/1.1\r\nHost: x\r\ncontent-LENGTH:  5\r\n\r\nemail"
CORRECTED = b"/imports/abcdefghjkmn/corrected-rows?csrf_token=x"
CHUNKS = b"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\n0\r\n\r\n\r\n3\r\nxyz\r\n0\r\n"


@pytest.mark.parametrize("request_", [GET, FORM, CHUNKS + b"\r\n", CHUNKS + b"Trailer: x\r\n\r\n"])
def test_a_request_is_ready_with_its_last_byte_and_not_before(request_):
    arrival = Arrival()
    ready = [arrival.add(request_[place : place + 1]) for place in range(len(request_))]
    assert ready == [False] * (len(request_) - 1) + [True]
    assert arrival.is_whole
    assert not arrival.is_upload
    assert arrival.data == request_


@pytest.mark.parametrize("request_", [GET, FORM, CHUNKS + b"\r\n"])
def test_a_request_that_comes_with_the_next_one_is_ready(request_):
    assert Arrival().add(request_ + GET)


@pytest.mark.parametrize("chunk", [b"-5\r\n", b"x\r\n", b"\r\n", b";\r\n"])
def test_a_chunk_without_a_size_is_left_to_gunicorn_to_refuse(chunk):
    assert Arrival().add(b"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)


@pytest.mark.parametrize(
    "target", [b"/imports?record_type=x", b"/api/imports", b"http://x/api/imports", CORRECTED]
)
def test_of_an_upload_some_must_be_there(target):
    arrival = Arrival()
    assert not arrival.add(b"POST " + target + b" HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n")
    assert arrival.is_upload
    assert not arrival.add(b"x" * (UPLOAD_AHEAD_BYTES - 1))
    assert arrival.add(b"x")
    assert not arrival.is_whole


@pytest.mark.parametrize(
    "target", [b"GET /imports", b"POST /imports/abcdefghjkmn/retry", b"POST /login?x=/imports"]
)
def test_nothing_else_is_an_upload(target):
    arrival = Arrival()
    assert arrival.add(target + b" HTTP/1.1\r\n\r\n")
    assert not arrival.is_upload


@pytest.mark.parametrize("what", [b"failed-rows.csv?code=x", b"result.xlsx"])
@pytest.mark.parametrize("begin", [b"/imports/", b"/api/imports/"])
def test_a_file_of_failed_rows_or_results_is_a_download(begin, what):
    arrival = Arrival()
    assert arrival.add(b"GET " + begin + b"abcdefghjkmn/" + what + b" HTTP/1.1\r\n\r\n")
    assert arrival.is_download


@pytest.mark.parametrize("target", [b"GET /imports", b"GET /api/imports/abcdefghjkmn/failed-rows?limit=1"])
def test_a_page_is_no_download(target):
    arrival = Arrival()
    assert arrival.add(target + b" HTTP/1.1\r\n\r\n")
    assert not arrival.is_download


def test_of_a_body_no_more_is_kept_than_a_form_may_have():
    arrival = Arrival()
    assert not arrival.add(
        b"POST /login HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n" + b"x" * (MAX_FORM_BYTES - 1)
    )
    assert arrival.add(b"x")
    assert not arrival.is_whole


def test_a_header_without_an_end_is_refused():
    arrival = Arrival()
    arrival.add(b"GET / HTTP/1.1\r\nX: " + b"x" * (MAX_HEADER_BYTES - 100))
    with pytest.raises(LimitRequestHeaders):
        arrival.add(b"x" * 100)


def test_a_body_of_a_million_tiny_pieces_is_read_in_one_pass():
    arrival = Arrival()
    arrival.add(b"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    pieces = 0
    while not arrival.add(b"1\r\nx\r\n"):
        pieces += 1
    assert pieces == pytest.approx(MAX_FORM_BYTES / 6, rel=0.01)
