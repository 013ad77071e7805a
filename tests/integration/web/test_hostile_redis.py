"""rq-dashboard shows whatever somebody has written to Redis, and runs nothing of it."""

import zlib
from base64 import b64encode
from html.parser import HTMLParser

import pytest
from intruders import BOMB, JOBS, PICKLE, PICKLED_CALL, leave_no_mark, write_job

from importer.queue.queues import HIGH, LOW

QUEUES = (HIGH, LOW, "default")
REGISTRIES = ("queued", "failed", "deferred", "started", "finished", "scheduled", "canceled")
LISTS = ("rq:queue:low", "rq:wip:low", *(f"rq:{name}:low" for name in REGISTRIES))
SCRIPT = {"Accept": "application/json"}
UNREADABLE = (
    "no_hash",
    "no_stream",
    "no_set",
    f"job_{list(JOBS).index('a pickled call')}",
    "result_0",
    "result_3",
)
SOUND = {"data": '["os.getpid",null,[],{}]'}
RESULTS = {
    "a pickled result": {"type": "1", "return_value": b64encode(PICKLE)},
    "a result that is no base64": {"type": "1", "return_value": b"\xff"},
    "a pickled failure": {"type": "2", "exc_string": b64encode(PICKLE)},
    "a bomb of a failure": {"type": "2", "exc_string": b64encode(BOMB)},
    "a result of no kind": {"type": PICKLE},
    "a result of no worker": {"type": "1", "worker_name": PICKLE},
    "no result": {"nothing": "here"},
}


@pytest.fixture
def someone(admin, visitor):
    return visitor(admin)


marker = pytest.fixture(autouse=True)(leave_no_mark)


@pytest.fixture
def redis(services):
    services.redis.sadd("rq:queues", *(f"rq:queue:{name}" for name in QUEUES))
    return services.redis


def put(redis, queue: str, registry: str, job_id: str | bytes) -> None:
    """Enter a job where rq-dashboard looks for it."""
    keys = {"started": "wip"}
    if registry == "queued":
        redis.rpush(f"rq:queue:{queue}", job_id)
    else:
        member = f"{job_id}:execution" if registry == "started" else job_id
        redis.zadd(f"rq:{keys.get(registry, registry)}:{queue}", {member: 2**40})


def write_every_kind(redis, queue: str) -> set[str]:
    """A job for each thing that can be wrong; return their ids."""
    ids = {write_job(redis, queue, f"job_{number}", fields) for number, fields in enumerate(JOBS.values())}
    for number, payload in enumerate(RESULTS.values()):
        job_id = write_job(redis, queue, f"result_{number}", SOUND)
        redis.xadd(f"rq:results:{job_id}", payload)
        ids.add(job_id)
    redis.set("rq:job:no_hash", PICKLE)
    redis.set(f"rq:results:{write_job(redis, queue, 'no_stream', SOUND)}", PICKLE)
    redis.set(f"rq:job::{write_job(redis, queue, 'no_set', SOUND)}:dependencies", PICKLE)
    return ids | {"no_hash", "no_stream", "no_set", write_job(redis, queue, "sound", SOUND)}


@pytest.mark.parametrize("registry", REGISTRIES)
def test_every_list_shows_every_job_that_stands_in_it(someone, redis, registry):
    queue = QUEUES[REGISTRIES.index(registry) % len(QUEUES)]
    ids = write_every_kind(redis, queue)
    for job_id in [*ids, "gone", "no id"]:
        put(redis, queue, registry, job_id)
    assert someone.get(f"/rq/0/view/jobs/{queue}/{registry}/100/asc/1").status_code == 200
    answer = someone.get(f"/rq/0/data/jobs/{queue}/{registry}/100/asc/1.json")
    assert answer.status_code == 200
    shown = {job["id"]: job["description"] for job in answer.get_json()["jobs"]}
    assert shown.keys() == ids
    assert shown["sound"] == "import row"
    assert shown["no_hash"] == "This job cannot be read. The job's key holds no job."
    assert someone.get("/rq/0/data/queues.json").status_code == 200


def test_the_page_of_a_job_shows_it_or_says_that_it_cannot_be_read(someone, redis):
    statuses = {}
    for job_id in write_every_kind(redis, LOW):
        assert someone.get(f"/rq/0/view/job/{job_id}").status_code == 200
        answer = someone.get(f"/rq/0/data/job/{job_id}.json")
        assert answer.status_code == 200
        shown = answer.get_json()
        statuses[job_id] = shown["status"]
        is_unreadable = shown["description"].startswith("This job cannot be read. ")
        assert is_unreadable == (shown["status"] == "unreadable")
    assert statuses["sound"] == "queued"
    assert {statuses[job_id] for job_id in UNREADABLE} == {"unreadable"}


def test_a_job_with_dependencies_is_shown_with_them(someone, redis):
    write_job(redis, LOW, "x", {**SOUND, "dependency_ids": '["y"]'})
    redis.sadd("rq:job::x:dependencies", "y", write_job(redis, LOW, "z", {"data": PICKLED_CALL}))
    shown = someone.get("/rq/0/data/job/x.json").get_json()
    assert dict(zip(shown["depends_on"], shown["depends_on_status"], strict=True)) == {
        "y": "expired",
        "z": "active",
    }


def test_an_unreadable_job_can_be_deleted_and_leaves_nothing(someone, redis):
    write_every_kind(redis, LOW)
    for job_id in UNREADABLE:
        for registry in REGISTRIES:
            put(redis, LOW, registry, job_id)
        assert someone.post(f"/rq/job/{job_id}/delete", headers=SCRIPT).get_json() == {"status": "OK"}
        assert not redis.exists(*LISTS, f"rq:job:{job_id}", f"rq:results:{job_id}")


@pytest.mark.parametrize("registry", REGISTRIES)
def test_a_list_can_be_emptied_whatever_stands_in_it(someone, redis, registry):
    for job_id in [*write_every_kind(redis, LOW), "gone", b"\xff"]:
        put(redis, LOW, registry, job_id)
    assert someone.post(f"/rq/queue/low/{registry}/empty", headers=SCRIPT).status_code == 200
    assert not redis.exists("rq:job:no_hash" if registry != "queued" else "rq:queue:low")
    assert not redis.exists(f"rq:{'wip' if registry == 'started' else registry}:low")


def test_an_unreadable_job_cannot_be_requeued_and_keeps_no_other_from_it(someone, redis):
    for job_id in ("sound", write_job(redis, LOW, "x", {"data": PICKLED_CALL}), b"\xff"):
        put(redis, LOW, "failed", job_id)
    write_job(redis, LOW, "sound", SOUND)
    assert someone.post("/rq/job/x/requeue").status_code == 404
    assert someone.post("/rq/requeue/low", headers=SCRIPT).get_json()["count"] == 1
    assert redis.lrange("rq:queue:low", 0, -1) == [b"sound"]


WORKERS = {
    "a pickle for a name": {"hostname": PICKLE},
    "a pickle for queues": {"queues": PICKLE},
    "a heartbeat that is none": {"last_heartbeat": "yesterday"},
    "a process that is none": {"pid": "one"},
    "a field that is none": {b"\xff": PICKLE},
}


def test_workers_are_listed_whatever_stands_beside_them(someone, redis):
    birth = {"birth": "2026-11-24T02:00:00.000000Z", "queues": "low"}
    for number, fields in enumerate(WORKERS.values()):
        redis.hset(f"rq:worker:w{number}", mapping={**birth, **fields})
        redis.sadd("rq:workers", f"rq:worker:w{number}")
    redis.set("rq:worker:no_hash", PICKLE)
    redis.sadd("rq:workers", "rq:worker:no_hash", "no key of a worker")
    executions = {"garbage": {"created_at": PICKLE}, "gone": {"created_at": "1", "last_heartbeat": "1"}}
    executions["pickled"] = executions["gone"]
    for name, execution in executions.items():
        redis.hset(f"rq:worker:{name}", mapping=birth)
        redis.sadd("rq:workers", f"rq:worker:{name}")
        redis.sadd(f"rq:worker:{name}:executions", f"{name}:1")
        redis.hset(f"rq:execution:{name}:1", mapping=execution)
    write_job(redis, LOW, "pickled", {"data": PICKLED_CALL})
    assert someone.get("/rq/0/view/workers").status_code == 200
    answer = someone.get("/rq/0/data/workers.json")
    assert answer.status_code == 200
    listed = {worker["name"]: worker["current_job"] for worker in answer.get_json()["workers"]}
    assert listed.keys() == executions.keys()
    assert (listed["garbage"], listed["gone"]) == ("idle", "idle")
    assert listed["pickled"]["description"].startswith("This job cannot be read. ")


def test_queues_are_listed_whatever_stands_beside_them(someone, redis):
    redis.sadd("rq:queues", PICKLE, "no queue", "rq:queue:it's")
    assert someone.get("/rq/").status_code == 200
    listed = someone.get("/rq/0/data/queues.json").get_json()["queues"]
    assert {queue["name"] for queue in listed} == set(QUEUES)


EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
PAGES = (
    "",
    "0/view/jobs/low/failed/50/asc/1",
    "0/view/job/evil",
    "0/view/workers",
    "job/evil/delete?back=javascript:alert(1)",
    "queue/low/failed/empty?back=javascript:alert(1)",
)


@pytest.fixture
def evil(redis):
    """Every text that a page shows, written by somebody who wants to run a script in the browser of an admin."""
    fields = {"data": f'["{EVIL[2:]}",null,[],{{}}]', "status": "failed", "description": EVIL, "origin": EVIL}
    job_id = write_job(
        redis, LOW, "evil", {**fields, "meta": '{"x": "<script>"}', "dependency_ids": '["<script>"]'}
    )
    redis.sadd("rq:job::evil:dependencies", EVIL)
    redis.xadd("rq:results:evil", {"type": "2", "exc_string": b64encode(zlib.compress(f"a\n{EVIL}".encode()))})
    for name in (job_id, EVIL, b"\xff<script>"):
        redis.zadd("rq:failed:low", {name: 2**40})
    redis.sadd("rq:queues", f"rq:queue:{EVIL}")
    redis.hset(
        f"rq:worker:{EVIL}", mapping={"birth": "2026-11-24T02:00:00.000000Z", "queues": EVIL, "state": EVIL}
    )
    redis.sadd("rq:workers", f"rq:worker:{EVIL}")


class Tags(HTMLParser):
    """What a page has of scripts, handlers and addresses, as a browser finds them."""

    def __init__(self, page):
        super().__init__()
        self.scripts, self.handlers, self.addresses = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.scripts += [dict(attrs).get("src")] if tag == "script" else []
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.addresses += [value for name, value in attrs if name in ("href", "src", "action")]


@pytest.mark.parametrize("path", PAGES)
def test_nothing_that_a_page_shows_can_run_a_script(someone, evil, path):
    tags = Tags(someone.page(f"/rq/{path}"))
    assert set(tags.scripts) <= {"/static/page.js", "/static/live.js"}
    assert tags.handlers == []
    assert all(address.startswith(("/", "#")) for address in tags.addresses)


def test_what_somebody_wrote_is_shown_as_text(someone, evil):
    assert "&lt;script&gt;" in someone.page("/rq/0/view/job/evil")
    assert "&lt;script&gt;" in someone.page("/rq/0/view/jobs/low/failed/50/asc/1")
    assert "&lt;script&gt;" in someone.page("/rq/0/view/workers")
