"""The storage against moto's S3 server."""

import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from importer.errors import ObjectChangedError, ObjectMissingError, StorageError
from importer.storage.object_writer import PART_BYTES, SentPart, StoredObject
from importer.storage.s3 import ObjectEntry, Storage

ETAG = '"etag"'


@pytest.fixture(scope="module")
def s3_url():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(s3_url, s3_client):
    client = s3_client(s3_url)
    client.create_bucket(Bucket="files")
    yield client
    for upload in client.list_multipart_uploads(Bucket="files").get("Uploads", []):
        client.abort_multipart_upload(Bucket="files", Key=upload["Key"], UploadId=upload["UploadId"])
    for stored in client.list_objects_v2(Bucket="files").get("Contents", []):
        client.delete_object(Bucket="files", Key=stored["Key"])
    client.delete_bucket(Bucket="files")


@pytest.fixture
def storage(client):
    return Storage("files", client)


def save(client, data, key="key"):
    return client.put_object(Bucket="files", Key=key, Body=data)["ETag"]


def left_in(client):
    objects = client.list_objects_v2(Bucket="files").get("Contents", [])
    uploads = client.list_multipart_uploads(Bucket="files").get("Uploads", [])
    return [found["Key"] for found in (*objects, *uploads)]


# Writing


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES + 5])
def test_what_is_written_is_read_back_byte_for_byte(storage, client, size):
    data = os.urandom(size)
    with storage.open_writer("key") as writer:
        for start in range(0, size, 1_000_003):
            writer.write(data[start : start + 1_000_003])
        stored = writer.complete()
    assert stored == StoredObject(size, client.head_object(Bucket="files", Key="key")["ETag"])
    assert storage.open_at("key", offset=0, etag=stored.etag).read() == data
    assert left_in(client) == ["key"]


@pytest.mark.parametrize("size", [0, 10, PART_BYTES, 3 * PART_BYTES + 5])
def test_an_abandoned_writer_leaves_no_object_and_no_upload(storage, client, size):
    with storage.open_writer("key") as writer:
        writer.write(b"x" * size)
    assert left_in(client) == []


def test_a_part_that_s3_refuses_surfaces_and_leaves_nothing(storage, client, monkeypatch):
    def begin_and_lose_the_bucket(key):
        upload_id = Storage.begin_upload(storage, key)
        client.abort_multipart_upload(Bucket="files", Key=key, UploadId=upload_id)
        client.delete_bucket(Bucket="files")
        return upload_id

    monkeypatch.setattr(storage, "begin_upload", begin_and_lose_the_bucket)
    with storage.open_writer("key") as writer:
        writer.write(b"x" * PART_BYTES)
        with pytest.raises(StorageError, match="does not exist"):
            writer.complete()
    client.create_bucket(Bucket="files")
    assert left_in(client) == []


def test_parts_carry_a_checksum_that_the_upload_announced(storage, client):
    with Stubber(client) as stub:
        of_key = {"Bucket": "files", "Key": "key"}
        parts = {"Parts": [{"PartNumber": 1, "ETag": '"1"', "ChecksumCRC32": "AAAAAA=="}]}
        announced = {**of_key, "ChecksumAlgorithm": "CRC32"}
        stub.add_response("create_multipart_upload", {"UploadId": "id"}, announced)
        completing = {**of_key, "UploadId": "id", "MultipartUpload": parts}
        stub.add_response("complete_multipart_upload", {"ETag": ETAG}, completing)
        assert storage.begin_upload("key") == "id"
        assert storage.finish_upload("key", "id", [SentPart(1, '"1"', "AAAAAA==")], 5) == ETAG


@pytest.mark.parametrize(("there", "size"), [(True, 5), (True, 6), (False, 5)])
def test_a_completion_whose_first_answer_got_lost_counts_if_the_object_is_there(storage, client, there, size):
    with Stubber(client) as stub:
        stub.add_client_error("complete_multipart_upload", "NoSuchUpload", http_status_code=404)
        if there:
            stub.add_response("head_object", {"ETag": ETAG, "ContentLength": 5})
        else:
            stub.add_client_error("head_object", "404", http_status_code=404)
        if there and size == 5:
            assert storage.finish_upload("key", "id", [], size) == ETAG
        else:
            with pytest.raises(StorageError, match="aborted meanwhile"):
                storage.finish_upload("key", "id", [], size)


# Reading


def test_reading_begins_at_the_offset(storage, client):
    etag = save(client, b"0123456789")
    reader = storage.open_at("key", offset=4, etag=etag)
    assert (reader.offset, reader.total) == (4, 10)
    assert reader.read(3) == b"456"
    assert reader.offset == 7
    assert reader.read() == b"789"
    assert reader.read(1) == b""


def test_a_buffer_in_front_gives_lines(storage, client):
    lines = [b"%d,row\n" % number for number in range(100_000)]
    etag = save(client, b"".join(lines))
    with io.BufferedReader(storage.open_at("key", offset=len(lines[0]), etag=etag), 1 << 20) as reader:
        assert list(reader) == lines[1:]


@pytest.mark.parametrize("data", [b"", b"0123456789"])
def test_an_offset_at_the_end_gives_an_empty_rest(storage, client, data):
    reader = storage.open_at("key", offset=len(data), etag=save(client, data))
    assert (reader.total, reader.read()) == (len(data), b"")


def test_an_offset_beyond_the_end_tells_that_the_file_is_another(storage, client):
    etag = save(client, b"0123456789")
    with pytest.raises(ObjectChangedError, match="10 bytes, fewer than the 11"):
        storage.open_at("key", offset=11, etag=etag)


@pytest.mark.parametrize("offset", [0, 4, 10, 11])
def test_a_changed_object_is_not_read(storage, client, offset):
    etag = save(client, b"0123456789")
    save(client, b"9876543210")
    with pytest.raises(ObjectChangedError):
        storage.open_at("key", offset=offset, etag=etag)


def test_a_missing_object_is_told_from_storage_that_fails(storage):
    with pytest.raises(ObjectMissingError):
        storage.open_at("key", offset=0, etag=ETAG)


def test_a_closed_reader_is_not_read(storage, client):
    reader = storage.open_at("key", offset=0, etag=save(client, b"0123456789"))
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader.read(1)


# Clearing away


def test_deleting_what_is_not_there_is_fine(storage, client):
    save(client, b"data")
    storage.delete("key")
    storage.delete("key")
    assert left_in(client) == []


def test_aborting_an_upload_that_is_not_there_is_fine(storage, client):
    upload_id = storage.begin_upload("key")
    storage.abort_upload("key", upload_id)
    storage.abort_upload("key", upload_id)
    assert left_in(client) == []


def test_only_the_uploads_of_exactly_this_key_are_aborted(storage, client):
    for key in ("imports/1", "imports/1", "imports/10", "imports/2"):
        storage.begin_upload(key)
    storage.abort_uploads_of("imports/1")
    assert sorted(left_in(client)) == ["imports/10", "imports/2"]


def test_uploads_on_later_pages_are_aborted_too(storage, client):
    markers = {"IsTruncated": True, "NextKeyMarker": "key", "NextUploadIdMarker": "1"}
    listing = {"Bucket": "files", "Prefix": "key"}
    second = {**listing, "KeyMarker": "key", "UploadIdMarker": "1"}
    with Stubber(client) as stub:
        begun = datetime(2026, 1, 1, tzinfo=UTC)
        first_page = {"Uploads": [{"Key": "key", "UploadId": "1", "Initiated": begun}], **markers}
        stub.add_response("list_multipart_uploads", first_page, listing)
        last_page = {"Uploads": [{"Key": "key", "UploadId": "2", "Initiated": begun}], "IsTruncated": False}
        stub.add_response("list_multipart_uploads", last_page, second)
        for upload_id in ("1", "2"):
            aborting = {"Bucket": "files", "Key": "key", "UploadId": upload_id}
            stub.add_response("abort_multipart_upload", {}, aborting)
        storage.abort_uploads_of("key")
        stub.assert_no_pending_responses()


# What is wrong


def test_a_bucket_that_answers_passes_the_check(storage):
    storage.check()


def test_a_missing_bucket_is_named(s3_url, s3_client):
    storage = Storage("nowhere", s3_client(s3_url))
    calls = [
        storage.check,
        lambda: storage.open_at("key", offset=0, etag=ETAG),
        lambda: storage.delete("key"),
        lambda: storage.abort_uploads_of("key"),
    ]
    for call in calls:
        with pytest.raises(StorageError, match="bucket nowhere does not exist"):
            call()


# Connecting


@pytest.fixture
def aws_environment(monkeypatch, s3_url):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return monkeypatch


def test_the_environment_says_where_s3_is_and_threads_may_share_it(aws_environment, client):
    etag = save(client, b"data")
    storage = Storage("files")

    def read(_):
        return storage.open_at("key", offset=0, etag=etag).read()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(32))) == {b"data"}


def test_threads_that_come_first_together_make_one_client(aws_environment, client):
    made = []

    class SlowSession(boto3.session.Session):
        def __init__(self):
            made.append(self)
            time.sleep(0.1)
            super().__init__()

    aws_environment.setattr(boto3.session, "Session", SlowSession)
    storage = Storage("files")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: storage.check(), range(4)))
    assert len(made) == 1


def test_missing_credentials_are_an_error_for_the_operator(aws_environment, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        aws_environment.delenv(name)
    aws_environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
    aws_environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    aws_environment.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(StorageError, match="credentials"):
        Storage("files").check()


def test_objects_are_listed_by_their_beginning_a_thousand_at_a_time(storage, client):
    for number in range(3):
        save(client, b"x" * number, key=f"imports/{number}")
    save(client, b"other", key="other")
    (listed,) = storage.list_objects("imports/")
    assert listed == [ObjectEntry(f"imports/{number}", number) for number in range(3)]
    assert list(storage.list_objects("none/")) == [[]]


def test_many_objects_are_deleted_by_one_request_also_those_that_are_not_there(storage, client):
    for number in range(3):
        save(client, b"x", key=f"imports/{number}")
    assert storage.delete_all(["imports/0", "imports/2", "imports/7"]) == {"imports/0", "imports/2", "imports/7"}
    assert left_in(client) == ["imports/1"]
