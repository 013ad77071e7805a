"""rq-dashboard: its known holes are closed."""

import re

import pytest
from rq import Queue, Worker
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from importer.queue.queues import LOW
from importer.queue.shown_jobs import ShownQueue
from importer.web.headers import POLICY

SCRIPT = {"Accept": "application/json"}
OUR_SCRIPTS = {f'<script type="module" src="/static/{name}.js">' for name in ("page", "live")}


@pytest.fixture
def someone(admin, visitor):
    return visitor(admin)


@pytest.fixture
def failed_job(services):
    queue = Queue(LOW, connection=services.redis, serializer=JSONSerializer)
    job = Job.create("os.getcwd", connection=services.redis, serializer=JSONSerializer, id="x_1", origin=LOW)
    job.save()
    FailedJobRegistry(queue=queue).add(job, ttl=60)
    return job


def test_requeueing_by_get_is_refused(someone, failed_job, services):
    assert someone.get("/rq/requeue/low").status_code == 405
    assert Queue(LOW, connection=services.redis).count == 0


def test_requeueing_by_post_with_the_pages_token_works(someone, failed_job, services):
    assert someone.post("/rq/requeue/low", headers=SCRIPT).get_json()["count"] == 1
    assert Queue(LOW, connection=services.redis).job_ids == ["x_1"]


def test_requeueing_all_skips_jobs_that_have_left_the_registry_meanwhile(
    someone, failed_job, services, monkeypatch
):
    registry = FailedJobRegistry(LOW, connection=services.redis)
    services.redis.zadd(registry.key, {"deleted": 1})
    Job.create("os.getcwd", connection=services.redis, serializer=JSONSerializer, id="requeued", origin=LOW).save()
    monkeypatch.setattr(ShownQueue, "page", lambda *_: ["requeued", *registry.get_job_ids(cleanup=False)])
    assert someone.post("/rq/requeue/low", headers=SCRIPT).get_json()["count"] == 1
    assert Queue(LOW, connection=services.redis).job_ids == ["x_1"]


@pytest.mark.parametrize("path", ["/rq/job/{}/requeue", "/rq/0/data/job/{}.json"])
def test_a_job_that_is_gone_is_not_found(path, someone):
    method = "POST" if path.endswith("requeue") else "GET"
    answer = someone.client.open(path.format("gone"), method=method, headers={"X-CSRFToken": someone.token})
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["", "0/view/jobs", "0/view/job/x_1", "0/view/workers", "job/x_1/delete"])
def test_no_script_but_those_of_our_files_may_run(path, someone, failed_job):
    answer = someone.get(f"/rq/{path}")
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert set(re.findall(r"<script[^>]*>", answer.get_data(as_text=True))) <= OUR_SCRIPTS


@pytest.mark.parametrize("path", ["static/js/underscore-umd-min.js", "static/css/main.css", "favicon.ico"])
def test_its_own_scripts_and_styles_are_not_served(path, someone):
    assert someone.get(f"/rq/{path}").status_code == 404


def test_failed_jobs_are_listed_and_shown(someone, failed_job):
    failed_job.meta = {"stored": "as JSON"}
    failed_job.save()
    [listed] = someone.get("/rq/0/data/jobs/low/failed/8/asc/1.json").get_json()["jobs"]
    shown = someone.get("/rq/0/data/job/x_1.json").get_json()
    assert listed["id"] == shown["id"] == "x_1"
    assert shown["metadata"] == '{"stored": "as JSON"}'


def test_workers_are_listed_with_the_job_they_are_at(someone, failed_job, services):
    worker = Worker([LOW], connection=services.redis, serializer=JSONSerializer)
    worker.register_birth()
    worker.prepare_execution(failed_job)
    [listed] = someone.get("/rq/0/data/workers.json").get_json()["workers"]
    assert listed["current_job"]["job_id"] == failed_job.id
    assert "<strong>Worker</strong>" in someone.page("/rq/0/view/workers")


def test_the_address_of_redis_is_not_shown(someone, services):
    port = str(services.redis.connection_pool.connection_kwargs["port"])
    assert port not in someone.page("/rq/")


def test_there_is_no_other_redis_to_look_at(someone):
    assert someone.get("/rq/1/view/queues").status_code == 404


def test_a_queue_name_that_addresses_would_have_to_quote_is_not_found(someone):
    assert someone.get("/rq/0/view/jobs/a'b/failed/8/asc/1").status_code == 404


def test_it_uses_the_applications_own_redis_pool(app, someone, services):
    someone.page("/rq/")
    assert app.redis_conn is services.redis
