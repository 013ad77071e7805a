"""What boto3 raises, as one of the product's errors or as nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import urllib3
from botocore import exceptions as boto

from importer.storage import s3_answers

# Those of a body that breaks off are here too: boto3 retries requests, never the reading of a body.
NO_ANSWER = (
    boto.ConnectionError,
    boto.HTTPClientError,
    boto.IncompleteReadError,
    boto.FlexibleChecksumError,
    urllib3.exceptions.HTTPError,
)
NO_CREDENTIALS_FOUND = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
)


def code_of(error: boto.ClientError) -> str:
    """S3's code of an error; empty where it gives none."""
    return error.response.get("Error", {}).get("Code", "")


def status_of(error: boto.ClientError) -> int:
    """The HTTP status of an error; 0 where it has none."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


@contextmanager
def accepting(code: str) -> Iterator[None]:
    """Take an error with this code for an answer."""
    try:
        yield
    except boto.ClientError as error:
        if code_of(error) != code:
            raise


@contextmanager
def in_our_words(bucket: str) -> Iterator[None]:
    """Raise what boto3 raises as the product's error; what is a fault in this program passes through.

    Raises:
        StorageError, ObjectMissingError, ObjectChangedError: as `importer.storage.s3` says.
    """
    try:
        yield
    except boto.ClientError as error:
        ours = s3_answers.error_for(code_of(error), status_of(error), bucket, str(error))
        if ours is None:
            raise
        raise ours from error
    except NO_CREDENTIALS_FOUND as error:
        raise s3_answers.storage_error(s3_answers.NO_CREDENTIALS, bucket=bucket, answer=error) from error
    except NO_ANSWER as error:
        raise s3_answers.storage_error(s3_answers.BUSY, bucket=bucket, answer=error) from error
