"""Every key in Redis begins with REDIS_PREFIX, those of RQ too; without it keys are as they always were."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_layers import EVERYTHING, users_of

ROOT = Path(__file__).parents[2]
KEYS = """
import importlib, pkgutil, sys
from importer.queue import keys
import rq
for module in pkgutil.walk_packages(rq.__path__, "rq."):
    if not module.name.startswith(("rq.contrib", "rq.cli")):
        importlib.import_module(module.name)
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq import Queue, Worker
low = Queue("low", connection=object())
print(keys.CLAIMS, keys.checkpoint("x"), *keys.JOB_PREFIXES, *keys.EXECUTION_PREFIXES, low.key,
      low.intermediate_queue_key, low.redis_queues_keys, Worker.redis_worker_namespace_prefix,
      FailedJobRegistry(queue=low).key, StartedJobRegistry(queue=low).key, rq.suspension.WORKERS_SUSPENDED)
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("prefix", ["one:", ""])
def test_all_keys_begin_with_the_prefix(prefix):
    names = run(KEYS, REDIS_PREFIX=prefix).stdout.split()
    assert len(names) == 13
    assert [name for name in names if not name.startswith((f"{prefix}rq:", f"{prefix}importer:"))] == []


def test_where_rq_was_imported_before_the_product_it_is_told_how_to_set_its_prefix():
    assert "Set RQ_KEY_PREFIX=one:rq" in run("import rq, importer.queue.keys", REDIS_PREFIX="one:").stderr
    mended = run("import rq, importer.queue.keys", REDIS_PREFIX="one:", RQ_KEY_PREFIX="one:rq")
    assert mended.returncode == 0


def test_whichever_module_imports_rq_its_package_has_told_rq_the_prefix():
    assert {name.partition(".")[0] for name in users_of("rq", "rq_dashboard")} == {"importer", "jobs"}
    first = ast.parse(EVERYTHING["jobs"].read_text()).body[1]
    assert ast.unparse(first) == "import importer.config"
