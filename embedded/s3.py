"""An S3 from moto's server, in a process of its own."""

from __future__ import annotations

import os
import socket
import sys

import boto3
from botocore.config import Config

from embedded.server import Server

REGION = "us-east-1"


class S3(Server):
    """An S3 without any bucket. moto keeps the objects in memory: a file of 1 GB takes 1 GB, until it ends."""

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def variables(self) -> dict[str, str]:
        """The variables that point boto3 here, and nowhere else: not to a profile, not through a proxy."""
        return {
            "AWS_ACCESS_KEY_ID": "embedded",
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_S3": self.endpoint_url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def create_bucket(self, name: str) -> None:
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id="embedded",
            aws_secret_access_key="embedded",
            region_name=REGION,
            config=Config(proxies={}),
        )
        client.create_bucket(Bucket=name)

    def _prepare(self) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True
