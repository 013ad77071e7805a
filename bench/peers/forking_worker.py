"""RQ's own Worker, which forks for each job."""

from __future__ import annotations

from bench.peers.simple_worker import send

WORKERS = [["rq", "worker", "--quiet", "bench"]] * 2

__all__ = ["WORKERS", "send"]
