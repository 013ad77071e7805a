"""RQ reads and writes JSON in our processes, whatever it leaves to its default."""

import json
import pickle
import sys

import pytest
import rq.cron
import rq.scheduler
import rq.worker_pool
import rq_dashboard
from redis import Redis
from rq.job import Job
from rq.queue import Queue
from rq.registry import FailedJobRegistry
from rq.results import Result
from rq.serializers import resolve_serializer
from rq.worker import SimpleWorker

import importer.queue  # noqa: F401  it is what makes JSON the default

NOWHERE = Redis()
DEFAULTS = {
    "nothing said": resolve_serializer(),
    "pickle said": resolve_serializer("pickle"),
    "its path said": resolve_serializer("rq.serializers.DefaultSerializer"),
    "a job": Job("x", connection=NOWHERE).serializer,
    "a queue": Queue(connection=NOWHERE).serializer,
    "a registry": FailedJobRegistry("x", connection=NOWHERE).serializer,
    "a result": Result("x", Result.Type.SUCCESSFUL, connection=NOWHERE).serializer,
    "a worker": SimpleWorker([], connection=NOWHERE, prepare_for_work=False).serializer,
    "a scheduler": rq.scheduler.RQScheduler([], connection=NOWHERE).serializer,
    "cron": rq.cron.CronScheduler(connection=NOWHERE).serializer,
    "a pool": rq.worker_pool.WorkerPool(["x"], connection=NOWHERE).serializer,
    "the dashboard": rq_dashboard.web.config.serializer,
}


@pytest.mark.parametrize("serializer", DEFAULTS.values(), ids=DEFAULTS)
def test_json_is_the_default_of(serializer):
    assert json.loads(serializer.dumps({"a": [1]})) == {"a": [1]}
    with pytest.raises(ValueError, match="decode"):
        serializer.loads(pickle.dumps("x"))


def test_no_class_of_rqs_keeps_what_reads_pickles():
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in ("rq", "rq_dashboard")]
    classes = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    assert not {kind for kind in classes if getattr(kind, "loads", None) is pickle.loads}
