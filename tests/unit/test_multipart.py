"""Uploads as browsers send them, cut into every kind of chunk, and bodies that no browser would send."""

import contextlib
import io
import itertools
import tracemalloc

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import LimitedStream

from importer.errors import UploadError
from importer.web.multipart import MAX_FIELD_BYTES, MAX_FIELDS, read_upload

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
DELIMITER = f"--{BOUNDARY}".encode()


class Chunked(io.RawIOBase):
    """A body that arrives in pieces of the given sizes; what is left comes in one."""

    def __init__(self, body, sizes):
        self.body = io.BytesIO(body)
        self.sizes = iter(sizes)

    def read(self, size=-1):
        return self.body.read(min(next(self.sizes, size), size))


def field(name, value):
    disposition = f'Content-Disposition: form-data; name="{name}"'.encode()
    return DELIMITER + b"\r\n" + disposition + b"\r\n\r\n" + value + b"\r\n"


def file(data, filename="rows.csv", name="file"):
    disposition = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'.encode()
    kind = b"Content-Type: text/csv"
    return DELIMITER + b"\r\n" + disposition + b"\r\n" + kind + b"\r\n\r\n" + data + b"\r\n"


CLOSING = DELIMITER + b"--\r\n"


def form(data, **fields):
    return b"".join(field(name, value.encode()) for name, value in fields.items()) + file(data) + CLOSING


def upload(body, sizes=(), content_type=CONTENT_TYPE):
    """The fields, the filename and the file's bytes, read to the end."""
    received = read_upload(Chunked(body, sizes), content_type)
    return received.fields, received.filename, b"".join(received.chunks)


# Bytes that a decoder may take for a delimiter. The boundary's own line is left out: whoever sends a form
# chooses a boundary that the file does not hold (RFC 2046, section 5.1.1).
lookalikes = st.sampled_from(
    [
        b"\r",
        b"\n",
        b"\r\n",
        b"-",
        b"--",
        b"\r\n--",
        b"\r\n\r\n",
        b"\r\n" + DELIMITER[:-1],
        b"\r" + DELIMITER[:-1],
        b"\r\n" + DELIMITER[:-1] + b"--\r\n",
        b"\r\n" + DELIMITER + b"x",
        b"x" + DELIMITER + b"--",
        b"\x00\xff",
        b"name,price",
    ]
)
files = st.lists(lookalikes | st.binary(max_size=8), max_size=8).map(b"".join)
chunk_sizes = st.lists(st.integers(1, 90), max_size=60)


def holds_a_delimiter(data):
    ends = (b"\r", b"\n", b"--", b" ", b"\t", b"\f", b"\v")
    around = (b"\r\n" + data + b"\r\n").split(DELIMITER)
    return any(
        before.endswith((b"\r", b"\n")) and after.startswith(ends) for before, after in itertools.pairwise(around)
    )


@settings(max_examples=1000, deadline=None)
@given(files, chunk_sizes)
def test_however_the_body_is_cut_the_file_is_the_same(data, sizes):
    assume(not holds_a_delimiter(data))
    assert upload(form(data, token="t"), sizes) == ({"token": "t"}, "rows.csv", data)


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"a\r", b"a\r\n", b"\r\n\r\n", b"-", b"a\r\n--"])
def test_the_body_may_be_cut_at_any_two_places(data):
    body = form(data).replace(BOUNDARY.encode(), b"-b-").replace(b"Content-Type: text/csv\r\n", b"")
    for first, second in itertools.combinations(range(1, len(body)), 2):
        sizes = (first, second - first)
        assert upload(body, sizes, "multipart/form-data; boundary=-b-")[2] == data, sizes


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"a,b\r\n", b"-", b"\r\n--"])
@pytest.mark.parametrize("sizes", [(), (1,) * 1000, (7,) * 1000])
def test_a_body_cut_off_anywhere_is_no_shorter_file(data, sizes):
    body = form(data, token="t")
    whole = len(body) - len(b"\r\n")
    for length in range(whole):
        with pytest.raises(UploadError, match="broke off"):
            upload(body[:length], sizes)


def test_the_line_break_after_the_last_boundary_may_be_missing():
    assert upload(form(b"data").removesuffix(b"\r\n"))[2] == b"data"


@pytest.mark.parametrize("end", [b"", b"\r\n", b"an epilogue\r\n"])
def test_the_body_is_read_to_its_end(end):
    stream = io.BytesIO(file(b"data") + CLOSING + end)
    assert b"".join(read_upload(stream, CONTENT_TYPE).chunks) == b"data"
    assert stream.read() == b""


def test_the_fields_are_known_before_the_file_is_read():
    stream = Chunked(form(b"x" * 1_000_000, token="t", type="people"), ())
    received = read_upload(stream, CONTENT_TYPE)
    assert received.fields == {"token": "t", "type": "people"}
    assert stream.body.tell() < 300_000


@pytest.mark.parametrize("sizes", [(), (1,) * 1000, (7,) * 1000])
def test_fields_behind_the_file_are_read_as_those_before_it(sizes):
    body = field("a", b"1") + file(b"data") + field("a", b"2") + field("late", b"x\r\n--") + CLOSING
    assert upload(body, sizes) == ({"a": "2", "late": "x\r\n--"}, "rows.csv", b"data")


def test_fields_behind_the_file_are_bounded_as_those_before_it():
    with pytest.raises(UploadError, match="longer than 65536 bytes"):
        upload(file(b"data") + field("late", b"x" * (MAX_FIELD_BYTES + 1)) + CLOSING)
    fields = [field(f"f{number}", b"v") for number in range(MAX_FIELDS + 1)]
    with pytest.raises(UploadError, match="more than 20 fields"):
        upload(fields[0] + file(b"data") + b"".join(fields[1:]) + CLOSING)


def test_a_body_cut_off_in_a_field_behind_the_file_is_no_whole_form():
    body = file(b"data") + field("late", b"value") + CLOSING
    for length in range(len(file(b"data")), len(body) - len(b"\r\n")):
        with pytest.raises(UploadError, match="broke off"):
            upload(body[:length])


def test_of_a_repeated_field_the_last_counts():
    assert upload(field("a", b"1") + field("a", b"2") + file(b"") + CLOSING)[0] == {"a": "2"}


@pytest.mark.parametrize("filename", ["C:\\fakepath\\a b.csv", "..\\..\\evil.csv", "a\\b.csv"])
def test_a_browser_writes_a_backslash_as_it_is(filename):
    assert upload(file(b"", filename) + CLOSING)[1] == filename


@pytest.mark.parametrize("filename", ["Größe 数.csv", "a;b=c.csv", "C:\\rows.csv", "..", " .csv"])
def test_the_filename_is_as_the_browser_sent_it(filename):
    escaped = filename.replace("\\", "\\\\")
    assert upload(file(b"", escaped) + CLOSING)[1] == filename


def test_field_values_may_hold_any_text():
    assert upload(form(b"", note="Größe 数\r\n--"))[0] == {"note": "Größe 数\r\n--"}


def test_field_values_that_are_no_utf8_are_marked():
    assert upload(field("a", b"\xff") + file(b"") + CLOSING)[0] == {"a": "\ufffd"}


def test_as_many_fields_as_allowed_are_read_and_no_more():
    fields = [field(f"f{number}", b"v") for number in range(MAX_FIELDS + 1)]
    assert len(upload(b"".join(fields[:-1]) + file(b"") + CLOSING)[0]) == MAX_FIELDS
    with pytest.raises(UploadError, match="more than 20 fields"):
        upload(b"".join(fields) + file(b"") + CLOSING)


def test_a_field_may_be_as_long_as_allowed_and_no_longer():
    assert len(upload(form(b"", a="x" * MAX_FIELD_BYTES))[0]["a"]) == MAX_FIELD_BYTES
    with pytest.raises(UploadError, match="longer than 65536 bytes"):
        upload(form(b"", a="x" * (MAX_FIELD_BYTES + 1)))


@pytest.mark.parametrize(
    "body",
    [
        CLOSING,
        field("token", b"t") + CLOSING,
        field("file", b"text, not a file") + CLOSING,
        file(b"", filename="") + CLOSING,
        file(b"data", name="other") + CLOSING,
    ],
)
def test_a_form_without_a_file_asks_for_one(body):
    with pytest.raises(UploadError, match="Choose a file"):
        upload(body)


@pytest.mark.parametrize("name", ["file", "other"])
def test_a_second_file_is_refused(name):
    with pytest.raises(UploadError, match="one file at a time"):
        upload(file(b"data") + file(b"more", name=name) + CLOSING)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/csv",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=ö",
        "multipart/mixed; boundary=b",
    ],
)
def test_what_is_no_form_with_a_boundary_is_refused(content_type):
    with pytest.raises(UploadError, match="not a file upload"):
        upload(form(b"data"), content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [
        DELIMITER + b"\r\nContent-Type: text/csv\r\n\r\ndata\r\n" + CLOSING,
        DELIMITER + b'\r\nContent-Disposition: form-data; name="\xff"\r\n\r\ndata\r\n' + CLOSING,
        DELIMITER + b"\r\nX: " + b"x" * 2_000_000,
        b"x" * 2_000_000 + b"\r\n" + file(b"data") + CLOSING,
        file(b"data") + CLOSING + b"x" * 2_000_000,
    ],
)
def test_a_malformed_form_is_refused_without_filling_memory(body):
    tracemalloc.start()
    try:
        with pytest.raises(UploadError, match="malformed"):
            upload(body)
        assert tracemalloc.get_traced_memory()[1] < len(body) + 2_500_000
    finally:
        tracemalloc.stop()


@settings(max_examples=500, deadline=None)
@given(st.lists(lookalikes | st.sampled_from([DELIMITER, CLOSING, file(b""), field("a", b"b")])), chunk_sizes)
def test_no_body_raises_anything_but_an_upload_error(pieces, sizes):
    with contextlib.suppress(UploadError):
        upload(b"".join(pieces), sizes)


@pytest.mark.parametrize("kept", [0, 50, 200])
def test_a_client_that_goes_away_breaks_the_upload_off(kept):
    body = form(b"x" * 1000)
    stream = LimitedStream(io.BytesIO(body[:kept]), len(body))
    with pytest.raises(UploadError, match="broke off") as caught:
        b"".join(read_upload(stream, CONTENT_TYPE).chunks)
    assert isinstance(caught.value.__cause__, ClientDisconnected)


def test_a_connection_that_fails_breaks_the_upload_off():
    class Failing(io.RawIOBase):
        def read(self, size=-1):
            raise ConnectionResetError

    with pytest.raises(UploadError, match="broke off"):
        read_upload(Failing(), CONTENT_TYPE)


def test_the_streams_own_limit_passes_through():
    body = form(b"x" * 1000)
    received = read_upload(LimitedStream(io.BytesIO(body), 500, is_max=True), CONTENT_TYPE)
    with pytest.raises(RequestEntityTooLarge):
        b"".join(received.chunks)


def test_memory_stays_flat_whatever_the_size():
    block = b"1,a row of the file\r\n--" * 1000
    count = 100_000_000 // len(block)
    pieces = iter([file(b"").removesuffix(b"\r\n"), *[block] * count, b"\r\n" + CLOSING])

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            return next(pieces, b"")

    tracemalloc.start()
    try:
        received = read_upload(Endless(), CONTENT_TYPE)
        assert sum(map(len, received.chunks)) == count * len(block)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
