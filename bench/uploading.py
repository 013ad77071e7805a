"""Megabytes a second through the upload page's route, and straight to the same S3 server with boto3."""

from __future__ import annotations

import time
from pathlib import Path

import boto3
from botocore.config import Config

from bench.product import Product
from embedded.servers import EmbeddedServers


def through_the_page(product: Product, file: Path) -> tuple[float, float]:
    """MB/s of an upload, and by how many MB the largest web process grew meanwhile."""
    with product.watching() as peaks:
        before = product.memory_of("web")
        began = time.perf_counter()
        state = product.visitor.upload(file, "contacts")
        seconds = time.perf_counter() - began
    product.visitor.cancel(state["id"])
    return _megabytes(file) / seconds, max(peaks["web"] - before, 0.0)


def straight(servers: EmbeddedServers, file: Path) -> float:
    """MB/s of boto3's own upload, with the parts and threads that it takes by itself."""
    environment = servers.environment()
    client = boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
        config=Config(proxies={}),
    )
    began = time.perf_counter()
    client.upload_file(str(file), environment["S3_BUCKET"], "bench")
    seconds = time.perf_counter() - began
    client.delete_object(Bucket=environment["S3_BUCKET"], Key="bench")
    return _megabytes(file) / seconds


def _megabytes(file: Path) -> float:
    return file.stat().st_size / 1e6
