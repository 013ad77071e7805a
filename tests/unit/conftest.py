import boto3
import pytest
from botocore.config import Config

pytest.register_assert_rewrite("csv_bytes")

# One session for all: each reads S3's description anew, which takes a third of a second.
SESSION = boto3.session.Session(region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture(scope="session")
def s3_client():
    """Makes a client of the S3 server at a URL; times in seconds."""

    def make(url, *, attempts=1, read_timeout=5.0):
        config = Config(
            connect_timeout=1,
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": attempts},
            s3={"addressing_style": "path"},
        )
        return SESSION.client("s3", endpoint_url=url, config=config)

    return make
