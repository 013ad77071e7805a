"""What S3's refusals mean for the product, as data: which error, and which words for the operator."""

from __future__ import annotations

from importer.errors import ImporterError, ObjectChangedError, ObjectMissingError, StorageError

NO_BUCKET = "The bucket {bucket} does not exist. Create it, or mend S3_BUCKET."
PERMISSIONS = (
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
)
"""What the product's credentials must be allowed: the first two on the bucket, the others on `imports/*` in it."""

NO_ACCESS = (
    "S3 denies access to the bucket {bucket} ({answer}). Allow these credentials "
    f"{', '.join(PERMISSIONS[:-1])} and {PERMISSIONS[-1]}."
)
NO_CREDENTIALS = (
    "S3 does not accept the credentials ({answer}). Mend AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "or renew the token."
)
WRONG_REGION = "The bucket {bucket} is in another region ({answer}). Mend AWS_DEFAULT_REGION."
BUSY = "S3 does not answer ({answer}). The import goes on by itself once it does."
# S3's error codes; where they are numbers, they answer a HEAD request, which has no body to hold a code.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
OPERATOR_WORDS = {
    "NoSuchBucket": NO_BUCKET,
    "AccessDenied": NO_ACCESS,
    "AllAccessDisabled": NO_ACCESS,
    "403": NO_ACCESS,
    "InvalidAccessKeyId": NO_CREDENTIALS,
    "SignatureDoesNotMatch": NO_CREDENTIALS,
    "ExpiredToken": NO_CREDENTIALS,
    "InvalidToken": NO_CREDENTIALS,
    "TokenRefreshRequired": NO_CREDENTIALS,
    "400": NO_CREDENTIALS,
    "PermanentRedirect": WRONG_REGION,
    "AuthorizationHeaderMalformed": WRONG_REGION,
    "301": WRONG_REGION,
    "RequestTimeTooSkewed": "This machine's clock is wrong, S3 says ({answer}). Set it.",
    "NoSuchUpload": "The unfinished upload was aborted meanwhile. Upload the file again.",
    "RequestTimeout": BUSY,
    "SlowDown": BUSY,
    "RequestLimitExceeded": BUSY,
    "Throttling": BUSY,
    "ThrottlingException": BUSY,
    "TooManyRequests": BUSY,
}


def storage_error(words: str, *, bucket: str, answer: object) -> StorageError:
    """The error in these words; strangers read neither the bucket's name nor what S3 said."""
    public = words.format(bucket="that S3_BUCKET names", answer="the log says more")
    return StorageError(words.format(bucket=bucket, answer=answer), for_strangers=public)


def error_for(code: str, status: int, bucket: str, answer: str) -> ImporterError | None:
    """The product's error for a refusal; None if it tells of a fault in this program.

    Args:
        code: S3's error code.
        status: the HTTP status.
        answer: what S3 said, for the operator.
    """
    if code == "PreconditionFailed" or status == 412:
        return ObjectChangedError()
    if code in ("NoSuchKey", "404"):
        return ObjectMissingError()
    words = OPERATOR_WORDS.get(code) or (BUSY if status == 429 or status >= 500 else None)
    return storage_error(words, bucket=bucket, answer=answer) if words else None
