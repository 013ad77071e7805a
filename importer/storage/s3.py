"""Uploaded files in S3. With `importer.storage.s3_errors` the only module that knows boto3.

What S3 answers becomes one of the product's errors here: `StorageError` where the same call may succeed later
or an operator has to act, `ObjectMissingError` and `ObjectChangedError` where the file is no longer what the
import began with. Anything else is a fault in this program and passes through.
"""

from __future__ import annotations

import io
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import boto3
from botocore import exceptions as boto
from botocore.config import Config

from importer.errors import ObjectChangedError, ObjectMissingError, StorageError
from importer.storage import s3_answers
from importer.storage.object_reader import ObjectReader
from importer.storage.object_writer import ObjectWriter, SentPart, UnfinishedUpload
from importer.storage.s3_errors import accepting, code_of, in_our_words, status_of
from importer.time_limits import S3_CONNECT_SECONDS, S3_READ_SECONDS

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, GetObjectOutputTypeDef

# One connection for each part in flight of the uploads that a web process takes at once.
POOLED_CONNECTIONS = 50

log = logging.getLogger(__name__)


class ObjectEntry(NamedTuple):
    """An object in a list: its key, and its size in bytes."""

    key: str
    size: int


class Storage:
    """A bucket. Usable from several threads; connects when first used.

    Args:
        bucket: the bucket's name.
        client: an S3 client to use; the default is made from boto3's own environment variables.
            https://docs.aws.amazon.com/boto3/latest/guide/configuration.html
    """

    def __init__(self, bucket: str, client: S3Client | None = None) -> None:
        self.bucket = bucket
        self._made_client = client
        self._making_client = threading.Lock()

    def open_writer(self, key: str) -> ObjectWriter:
        """A writer of the object `key`."""
        return ObjectWriter(self, key)

    def open_at(self, key: str, *, offset: int, etag: str, end: int | None = None) -> ObjectReader:
        """The object's bytes from `offset` to its end, or to `end`; at `offset` == its size, a reader at its end.

        Raises:
            ObjectChangedError: the object's ETag is no longer `etag`, or it has fewer than `offset` bytes.
            ObjectMissingError: there is no such object.
            StorageError: S3 does not answer, or an operator has to act.
        """
        with in_our_words(self.bucket):
            try:
                reply = self._client.get_object(
                    Bucket=self.bucket, Key=key, Range=f"bytes={offset}-", IfMatch=etag
                )
            except boto.ClientError as error:
                if status_of(error) != 416:
                    raise
                return self._open_at_end(key, offset, etag)
        size = _total(reply, offset)
        total = size if end is None else max(offset, min(end, size))
        return ObjectReader(_TranslatedBody(reply["Body"], self.bucket), offset=offset, total=total)

    def delete(self, key: str) -> None:
        """Delete the object; one that is not there is fine.

        Raises:
            StorageError: S3 does not answer, or an operator has to act.
        """
        with in_our_words(self.bucket), accepting("NoSuchKey"):
            self._client.delete_object(Bucket=self.bucket, Key=key)

    def delete_all(self, keys: Sequence[str]) -> set[str]:
        """Delete up to 1,000 objects by one request; one that is not there counts as deleted.

        Returns:
            The keys of those that S3 says are deleted. None are where the server does not know this request, as
            some do not that speak S3's language.

        Raises:
            StorageError: S3 does not answer, or an operator has to act.
        """
        try:
            with in_our_words(self.bucket):
                answer = self._client.delete_objects(
                    Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in keys]}
                )
        except (boto.ClientError, ObjectMissingError) as error:
            log.warning("S3 deletes no %s objects at once: %s", len(keys), error)
            return set()
        return {deleted["Key"] for deleted in answer.get("Deleted", [])}

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Drop an unfinished multipart upload with its parts; one that is not there is fine.

        Raises:
            StorageError: S3 does not answer, or an operator has to act.
        """
        with in_our_words(self.bucket), accepting("NoSuchUpload"):
            self._client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)

    def abort_uploads_of(self, key: str) -> None:
        """Drop every unfinished multipart upload of exactly this key.

        Raises:
            StorageError: S3 does not answer, or an operator has to act; call it again.
        """
        for upload in self.unfinished_uploads(key):
            if upload.key == key:
                self.abort_upload(key, upload.upload_id)

    def unfinished_uploads(self, prefix: str) -> list[UnfinishedUpload]:
        """Every unfinished multipart upload of a key that begins with `prefix`.

        Raises:
            StorageError: S3 does not answer, or an operator has to act.
        """
        with in_our_words(self.bucket):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            # Listed to the end first: an abort between two pages could take away the marker of the next.
            return [
                UnfinishedUpload(upload["Key"], upload["UploadId"], upload["Initiated"])
                for page in pages
                for upload in page.get("Uploads", [])
            ]

    def list_objects(self, prefix: str) -> Iterator[list[ObjectEntry]]:
        """The objects whose keys begin with `prefix`, at most 1,000 at a time.

        Raises:
            StorageError: S3 does not answer, or an operator has to act.
        """
        with in_our_words(self.bucket):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            for page in pages:
                yield [ObjectEntry(entry["Key"], entry["Size"]) for entry in page.get("Contents", [])]

    def check(self) -> None:
        """Ask whether the bucket answers; one small request, and its retries.

        Raises:
            StorageError: saying what is wrong: no such bucket, access denied, no answer.
        """
        try:
            with in_our_words(self.bucket):
                self._client.head_bucket(Bucket=self.bucket)
        except ObjectMissingError as error:
            raise s3_answers.storage_error(s3_answers.NO_BUCKET, bucket=self.bucket, answer=error) from error

    def put(self, key: str, data: bytes) -> str:
        """Store a whole object in one request. Returns its ETag. Raises `StorageError`."""
        with in_our_words(self.bucket):
            return self._client.put_object(Bucket=self.bucket, Key=key, Body=data)["ETag"]

    def begin_upload(self, key: str) -> str:
        """Begin a multipart upload. Returns its id. Raises `StorageError`."""
        with in_our_words(self.bucket):
            # boto3 adds a CRC32 to each part, unless told not to, and S3 refuses one that was not announced.
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
            if _adds_checksums(self._client):
                return self._client.create_multipart_upload(
                    Bucket=self.bucket, Key=key, ChecksumAlgorithm="CRC32"
                )["UploadId"]
            return self._client.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]

    def send_part(self, key: str, upload_id: str, number: int, data: bytes) -> SentPart:
        """Store part `number`, counted from 1, of a multipart upload. Raises `StorageError`."""
        with in_our_words(self.bucket):
            reply = self._client.upload_part(
                Bucket=self.bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=data
            )
        return SentPart(number, reply["ETag"], reply.get("ChecksumCRC32"))

    def finish_upload(self, key: str, upload_id: str, parts: list[SentPart], size: int) -> str:
        """Make an object of `size` bytes of the parts. Returns its ETag. Raises `StorageError`."""
        with in_our_words(self.bucket):
            try:
                return self._client.complete_multipart_upload(
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload_id,
                    MultipartUpload={"Parts": [_completed(part) for part in parts]},
                )["ETag"]
            except boto.ClientError as error:
                # boto3 retries a call whose answer got lost, and meets an upload that it has finished itself.
                etag = self._etag_of(key, size) if code_of(error) == "NoSuchUpload" else None
                if etag is None:
                    raise
                return etag

    def _etag_of(self, key: str, size: int) -> str | None:
        """The ETag of the object if it is there with just this size in bytes."""
        try:
            reply = self._client.head_object(Bucket=self.bucket, Key=key)
        except boto.ClientError as error:
            if status_of(error) != 404:
                raise
            return None
        return reply["ETag"] if reply["ContentLength"] == size else None

    def _open_at_end(self, key: str, offset: int, etag: str) -> ObjectReader:
        total = self._client.head_object(Bucket=self.bucket, Key=key, IfMatch=etag)["ContentLength"]
        if offset > total:
            raise ObjectChangedError(
                f"The stored file has {total} bytes, fewer than the {offset} that were read before. "
                "Upload it again."
            )
        if offset < total:
            raise StorageError(f"S3 refuses to read on from byte {offset} of {total}. The import tries again.")
        return ObjectReader(io.BytesIO(), offset=offset, total=total)

    @property
    def _client(self) -> S3Client:
        with self._making_client:
            if self._made_client is None:
                self._made_client = _default_client()
            return self._made_client


class _TranslatedBody:
    """A response's body whose errors are the product's."""

    def __init__(self, body: StreamingBody, bucket: str) -> None:
        self._body = body
        self._bucket = bucket

    def readinto(self, buffer: memoryview, /) -> int:
        with in_our_words(self._bucket):
            # The stubs ask for a file, where botocore fills any buffer.
            return self._body.readinto(buffer)  # type: ignore[arg-type]

    def close(self) -> None:
        self._body.close()


def _default_client() -> S3Client:
    # boto3's default session is not safe to share between threads, a client is.
    # https://docs.aws.amazon.com/boto3/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
    return boto3.session.Session().client(
        "s3",
        config=Config(
            connect_timeout=S3_CONNECT_SECONDS,
            read_timeout=S3_READ_SECONDS,
            max_pool_connections=POOLED_CONNECTIONS,
            retries={"mode": "standard"},
        ),
    )


def _adds_checksums(client: S3Client) -> bool:
    mode: str = client.meta.config.request_checksum_calculation  # type: ignore[attr-defined]
    return mode == "when_supported"


def _total(reply: GetObjectOutputTypeDef, offset: int) -> int:
    """The object's size in bytes, from a reply that holds its bytes from `offset` on."""
    # A server may answer with the whole object to any range: https://www.rfc-editor.org/rfc/rfc9110#section-14.2
    answered = reply.get("ContentRange") or f"bytes 0-/{reply['ContentLength']}"
    match = re.fullmatch(r"bytes (\d+)-\d*/(\d+)", answered)
    if match is None or int(match[1]) != offset:
        reply["Body"].close()
        raise StorageError(f"S3 was asked for the bytes from {offset} on and answered with {answered!r}.")
    return int(match[2])


def _completed(part: SentPart) -> CompletedPartTypeDef:
    completed: CompletedPartTypeDef = {"PartNumber": part.number, "ETag": part.etag}
    if part.checksum is not None:
        completed["ChecksumCRC32"] = part.checksum
    return completed
