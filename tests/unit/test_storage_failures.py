"""The storage against a server that breaks off, stalls and refuses."""

import io
import socket
import threading

import pytest
import urllib3
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from importer.errors import ObjectChangedError, StorageError
from importer.storage.s3 import Storage

ETAG = '"etag"'
STALL = b"<and stalls>"


@pytest.fixture
def answering(s3_client):
    """Makes a storage whose server gives each connection the next of the answers, the last one for ever."""
    listeners = []

    def start(*answers, attempts=1, read_timeout=5.0):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        requests = []
        threading.Thread(target=answer_all, args=(listener, answers, requests), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        storage = Storage("files", s3_client(url, attempts=attempts, read_timeout=read_timeout))
        return storage, requests

    yield start
    for listener in listeners:
        # Closing alone would leave the thread in accept().
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def answer_all(listener, answers, requests):
    stalled = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            for waiting in stalled:
                waiting.close()
            return
        request = connection.recv(65536)
        answer = answers[min(len(requests), len(answers) - 1)]
        requests.append(request)
        connection.sendall(answer.removesuffix(STALL))
        if answer.endswith(STALL):
            stalled.append(connection)
        else:
            connection.close()


def http(status, body=b"", **headers):
    headers.setdefault("Content_Length", str(len(body)))
    lines = [
        f"HTTP/1.1 {status} -",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def refusal(status, code):
    return http(status, f"<Error><Code>{code}</Code><Message>said S3</Message></Error>".encode())


@pytest.mark.parametrize("sent", [b"", b"0123", b"012345678"])
def test_a_body_that_ends_early_is_an_error_and_stays_one(answering, sent):
    whole = http(206, b"0123456789", Content_Range="bytes 0-9/10")
    storage, _ = answering(whole.removesuffix(b"0123456789") + sent)
    reader = io.BufferedReader(storage.open_at("key", offset=0, etag=ETAG), 1 << 20)
    for _ in range(2):
        with pytest.raises(StorageError):
            reader.read()


def test_a_range_shorter_than_the_rest_is_an_error_and_no_end(answering):
    storage, _ = answering(http(206, b"456", Content_Range="bytes 4-6/10"))
    reader = storage.open_at("key", offset=4, etag=ETAG)
    assert reader.read(100) == b"456"
    with pytest.raises(StorageError, match="byte 7 of 10"):
        reader.read(100)


def test_a_short_body_that_boto3_finds_wrong_by_its_checksum_is_an_error(answering):
    headers = {"Content_Range": "bytes 0-9/10", "x_amz_checksum_crc32": "AAAAAA=="}
    storage, _ = answering(http(206, b"0123", **headers))
    with pytest.raises(StorageError, match="checksum"):
        storage.open_at("key", offset=0, etag=ETAG).read()


def test_a_body_that_stalls_is_an_error(answering):
    whole = http(206, b"0123456789", Content_Range="bytes 0-9/10")
    storage, _ = answering(whole.removesuffix(b"456789") + STALL, read_timeout=0.2)
    with pytest.raises(StorageError, match="does not answer"):
        storage.open_at("key", offset=0, etag=ETAG).read()


def test_a_server_that_ignores_the_range_is_believed_only_from_the_start(answering):
    storage, _ = answering(http(200, b"0123456789"))
    assert storage.open_at("key", offset=0, etag=ETAG).read() == b"0123456789"
    with pytest.raises(StorageError, match="answered with"):
        storage.open_at("key", offset=4, etag=ETAG)


def test_an_end_is_believed_only_of_the_same_object(answering):
    storage, requests = answering(refusal(416, "InvalidRange"), http(412))
    with pytest.raises(ObjectChangedError):
        storage.open_at("key", offset=10, etag=ETAG)
    assert b'If-Match: "etag"' in requests[1]


def test_an_encrypted_connection_that_breaks_is_an_error(s3_client):
    class Broken(io.RawIOBase):
        def readinto(self, buffer):
            raise urllib3.exceptions.SSLError("bad record")

    client = s3_client("http://127.0.0.1:9")
    with Stubber(client) as stub:
        body = StreamingBody(Broken(), 10)
        stub.add_response("get_object", {"Body": body, "ContentRange": "bytes 0-9/10"})
        reader = Storage("files", client).open_at("key", offset=0, etag=ETAG)
    with pytest.raises(StorageError, match="bad record"):
        reader.read()


def test_a_refused_range_inside_the_object_is_no_end(answering):
    storage, _ = answering(refusal(416, "InvalidRange"), http(200, Content_Length="10", ETag=ETAG))
    with pytest.raises(StorageError, match="byte 4 of 10"):
        storage.open_at("key", offset=4, etag=ETAG)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(403), "denies access"),
        (http(404), "does not exist"),
        (http(400), "credentials"),
        (http(503), "does not answer"),
    ],
)
def test_the_check_says_what_is_wrong(answering, answer, words):
    storage, _ = answering(answer)
    with pytest.raises(StorageError, match=words):
        storage.check()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(403, "AccessDenied"), "denies access"),
        (refusal(403, "InvalidAccessKeyId"), "credentials"),
        (refusal(400, "ExpiredToken"), "credentials"),
        (refusal(400, "RequestTimeout"), "does not answer"),
        (refusal(429, "TooManyRequests"), "does not answer"),
        (refusal(503, "SlowDown"), "does not answer"),
        (refusal(500, "InternalError"), "does not answer"),
        (refusal(502, "Unheard"), "does not answer"),
        (b"", "does not answer"),
        (STALL, "does not answer"),
    ],
)
def test_a_refusal_is_told_in_words_for_the_operator(answering, answer, words):
    storage, _ = answering(answer, read_timeout=0.2)
    with pytest.raises(StorageError, match=words):
        storage.open_at("key", offset=0, etag=ETAG)


def test_a_busy_storage_is_asked_again_before_it_counts_as_failed(answering):
    found = http(206, b"x", Content_Range="bytes 0-0/1")
    storage, requests = answering(refusal(503, "SlowDown"), found, attempts=2)
    assert storage.open_at("key", offset=0, etag=ETAG).read() == b"x"
    assert len(requests) == 2


def test_a_storage_that_nobody_listens_at_is_an_error(s3_client):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(StorageError, match="does not answer"):
        Storage("files", s3_client(url)).check()


def test_a_fault_of_this_program_passes_through(answering):
    storage, _ = answering(refusal(400, "InvalidArgument"))
    with pytest.raises(ClientError):
        storage.open_at("key", offset=0, etag=ETAG)


@pytest.mark.parametrize(
    "answer",
    [
        http("400 Bad Request", b"<Error><Code>MissingContentMD5</Code></Error>"),
        http("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>"),
        http("405 Method Not Allowed", b"<Error><Code>MethodNotAllowed</Code></Error>"),
        http("501 Not Implemented", b"<Error><Code>NotImplemented</Code></Error>"),
        http("200 OK", b""),
        http("200 OK", b"<html></html>"),
        http("204 No Content"),
    ],
    ids=[
        "wants MD5",
        "no such place",
        "not allowed",
        "not implemented",
        "says nothing",
        "says something else",
        "204",
    ],
)
def test_a_server_that_does_not_delete_many_objects_at_once_has_deleted_none(answering, answer):
    storage, _ = answering(answer)
    try:
        assert storage.delete_all(["imports/a", "imports/b"]) == set()
    except StorageError:
        assert b"501" in answer
