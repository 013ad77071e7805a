"""An S3 from moto's server, in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import boto3
from botocore.config import Config

from embedded import processes

REGION = "us-east-1"


class S3:
    """An S3 that listens on 127.0.0.1 and ends with this process.

    moto keeps the objects in memory: they are gone when it ends, and a file of 1 GB takes 1 GB.

    Args:
        folder: where its log lives; made if missing. Without one there is no log.
        port: a fixed port; a free one by default, the same one over restarts.
    """

    def __init__(self, folder: Path | None = None, port: int | None = None) -> None:
        self.port = port or processes.free_port()
        self.log = Path(folder).resolve() / "s3.log" if folder else Path(os.devnull)
        self._program = processes.Program("S3", self._command(), self.log)

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._program.running

    @property
    def pid(self) -> int:
        return self._program.pid

    def environment(self) -> dict[str, str]:
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

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            EmbeddedError: it does not start; with the end of its log.
        """
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it without waiting."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._program.start()

    def wait(self) -> None:
        """Wait until it accepts connections."""
        self._program.wait_until(lambda: processes.accepts_connections(self.port))

    def stop(self) -> None:
        self._program.stop()

    def kill(self) -> None:
        """SIGKILL it: all objects are lost, as they are by `stop`."""
        self._program.kill()

    def restart(self) -> None:
        """Kill it and start it again on the same port, without any bucket."""
        self.kill()
        self.start()

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

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
