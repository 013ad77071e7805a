"""What is done with jobs on the pages of rq-dashboard, and what their imports show of it."""

import re

import pytest
from rq import Queue, Worker
from rq.registry import FailedJobRegistry
from rq.results import Result
from sqlalchemy import select

from importer.models import FailedRow
from importer.queue.queues import HIGH, LOW, queue_named, row_job_id
from importer.statuses import Status

SCRIPT = {"Accept": "application/json"}
FAILED_JOBS = "/rq/0/view/jobs/low/failed/50/dsc/1"
FAILURE = "RowFailedError: row 1 (line 2) of import x: bad."


@pytest.fixture
def someone(admin, visitor):
    return visitor(admin)


@pytest.fixture
def failed_job(services):
    """Makes a failed job of the queue `low`, or of another one."""

    def make(job_id, queue_name=LOW, **fields):
        queue = queue_named(queue_name, services.redis)
        job = queue.create_job("os.getcwd", job_id=job_id, description="import row", **fields)
        job.origin = queue_name
        job.save()
        job.set_status("failed")
        services.redis.sadd(Queue.redis_queues_keys, queue.key)
        Result.create_failure(job, ttl=600, exc_string=FAILURE)
        FailedJobRegistry(queue=queue).add(job, ttl=600)
        return job_id

    return make


@pytest.fixture
def failed_row(admin, make_import, failed_job):
    """An import with two failed rows, and their jobs."""

    def make(status=Status.COMPLETED):
        import_ = make_import(admin, status, failed=[("EDDB", ""), ("EDDF", "")], created_rows=3)
        for number in (1, 2):
            failed_job(row_job_id(import_.id, number))
        return import_

    return make


@pytest.fixture
def failed_ids(services):
    return lambda: set(FailedJobRegistry(LOW, connection=services.redis).get_job_ids(cleanup=False))


@pytest.fixture
def retrying(session):
    """The rows of an import whose retry was asked for."""

    def look(import_):
        asked = (FailedRow.import_sequence == import_.sequence, FailedRow.retry_requested_at.is_not(None))
        found = set(session.scalars(select(FailedRow.row_number).where(*asked)))
        session.commit()
        return found

    return look


def test_a_row_that_is_requeued_shows_as_being_tried_and_in_the_history(someone, admin, failed_row, services):
    import_ = failed_row()
    assert someone.post(f"/rq/job/{import_.id}_1/requeue").status_code == 303
    assert Queue(LOW, connection=services.redis).job_ids == [f"{import_.id}_1"]
    page = someone.page(f"/imports/{import_.id}")
    assert "1 being tried again" in page
    assert f"{admin.email} had 1 row tried again." in page


def test_requeueing_all_shows_on_the_page_of_every_import(someone, failed_row, services, retrying):
    first, second = failed_row(), failed_row()
    assert someone.post("/rq/requeue/low", headers=SCRIPT).get_json() == {"status": "OK", "count": 4}
    assert (retrying(first), retrying(second)) == ({1, 2}, {1, 2})
    assert Queue(LOW, connection=services.redis).count == 4
    assert "had 2 rows tried again." in someone.page(f"/imports/{second.id}")


def test_requeueing_all_leaves_discarded_rows_alone_and_says_so(
    someone, failed_row, session, retrying, failed_ids
):
    import_ = failed_row()
    session.get(FailedRow, (import_.sequence, 2)).discarded_at = import_.created_at
    session.commit()
    answer = someone.post("/rq/requeue/low", follow_redirects=True)
    assert "1 job is queued again. Left alone: 1 job." in answer.get_data(as_text=True)
    assert retrying(import_) == {1}
    assert failed_ids() == {f"{import_.id}_2"}


def test_a_row_of_a_cancelled_import_is_not_requeued(someone, failed_row, retrying, failed_ids):
    import_ = failed_row(Status.CANCELLED)
    page = someone.page(f"/rq/0/view/job/{import_.id}_1")
    assert 'id="requeue"' not in page
    assert "none of its rows is tried again" in page
    page = someone.page(FAILED_JOBS)
    assert "Its import ended early" in page
    assert 'id="requeue-' not in page.replace('id="requeue-all"', "")
    answer = someone.post(f"/rq/job/{import_.id}_1/requeue")
    assert answer.status_code == 409
    assert "its failed rows cannot be retried" in answer.get_data(as_text=True)
    assert someone.post("/rq/requeue/low", headers=SCRIPT).get_json()["count"] == 0
    assert retrying(import_) == set()
    assert failed_ids() == {f"{import_.id}_1", f"{import_.id}_2"}


def test_a_job_that_is_no_failed_one_is_not_requeued_and_nothing_is_noted(someone, failed_row, services, retrying):
    import_ = failed_row()
    services.redis.zrem(FailedJobRegistry(LOW, connection=services.redis).key, f"{import_.id}_1")
    assert someone.post(f"/rq/job/{import_.id}_1/requeue").status_code == 404
    assert retrying(import_) == set()


def test_jobs_that_are_of_no_row_are_requeued_as_they_are(someone, failed_job, services):
    failed_job("of_another", HIGH)
    assert someone.post("/rq/job/of_another/requeue").status_code == 303
    assert Queue(HIGH, connection=services.redis).job_ids == ["of_another"]


@pytest.mark.parametrize(
    ("back", "place"),
    [(FAILED_JOBS, FAILED_JOBS), ("https://elsewhere.example/", "/rq/"), ("//elsewhere.example", "/rq/")],
)
def test_one_comes_back_to_the_page_one_was_on_and_to_no_other_site(someone, failed_job, back, place):
    answer = someone.post(f"/rq/job/{failed_job('x')}/requeue", {"back": back})
    assert (answer.status_code, answer.location) == (303, place)
    assert "Job x is queued again." in someone.page("/rq/")


@pytest.mark.parametrize(
    "path", ["/rq/job/x/requeue", "/rq/job/x/delete", "/rq/requeue/low", "/rq/queue/low/failed/empty"]
)
def test_nothing_is_done_without_the_token_of_the_page(someone, failed_job, failed_ids, path):
    failed_job("x")
    assert someone.client.post(path).status_code == 400
    assert failed_ids() == {"x"}


@pytest.mark.parametrize(
    ("path", "words"), [("job/x/delete", "Delete this job?"), ("queue/low/failed/empty", "1 job")]
)
def test_what_deletes_is_asked_first_and_says_what_becomes_of_the_rows(
    someone, failed_job, failed_ids, path, words
):
    failed_job("x")
    page = someone.page(f"/rq/{path}?back={FAILED_JOBS}")
    assert words in page
    assert "No row is lost by it" in page
    assert failed_ids() == {"x"}
    answer = someone.post(re.search(r'<form method="post" action="(/rq/[^"]+)"', page)[1], {"back": FAILED_JOBS})
    assert (answer.status_code, answer.location) == (303, FAILED_JOBS)
    assert failed_ids() == set()


def test_a_queue_of_somebody_else_is_not_said_to_lose_nothing(someone, failed_job):
    failed_job("x", "theirs")
    assert "This cannot be undone." in someone.page("/rq/queue/theirs/failed/empty")


def test_a_queue_in_which_nothing_waits_can_be_compacted(someone, services):
    assert someone.post("/rq/queue/low/compact", headers=SCRIPT).get_json() == {"status": "OK"}
    services.redis.rpush(Queue(LOW, connection=services.redis).key, "gone")
    assert someone.post("/rq/queue/low/compact").status_code == 303
    assert Queue(LOW, connection=services.redis).count == 0


def test_a_job_leads_to_its_import_and_to_its_row(someone, failed_row):
    import_ = failed_row()
    assert f'<a href="/imports/{import_.id}">airports.csv</a>, row 1' in someone.page(FAILED_JOBS)
    page = someone.page(f"/rq/0/view/job/{import_.id}_1")
    assert f'href="/imports/{import_.id}/failed-rows/1/edit"' in page
    assert FAILURE in page


def test_a_job_of_an_import_that_is_gone_leads_nowhere(someone, failed_row, session):
    import_ = failed_row()
    import_.deleted_at = import_.created_at
    session.commit()
    for path in (FAILED_JOBS, f"/rq/0/view/job/{import_.id}_1"):
        assert f"/imports/{import_.id}" not in someone.page(path)


@pytest.mark.parametrize(
    "path",
    [
        "/rq/0/view/jobs/low/other/50/asc/1",
        "/rq/0/view/jobs/low/failed/50/up/1",
        "/rq/0/view/jobs/low/failed/50/asc/0",
        "/rq/0/data/jobs/low/other/50/asc/1.json",
        "/rq/queue/low/other/empty",
    ],
)
def test_a_list_that_there_is_not_is_not_found(someone, path):
    assert someone.get(path).status_code == 404


def test_a_page_of_a_list_reads_its_own_jobs_alone(someone, failed_job, monkeypatch):
    for number in range(30):
        failed_job(f"x_{number}")
    read = []
    fetch = Queue.fetch_job
    monkeypatch.setattr(
        "importer.queue.shown_jobs.ShownQueue.fetch_job", lambda self, id_: read.append(id_) or fetch(self, id_)
    )
    page = someone.page("/rq/0/view/jobs/low/failed/10/asc/3")
    assert len(read) == 10
    assert "Page 3 of 3" in page


def test_the_script_of_a_page_gets_the_parts_that_change(someone, failed_job):
    failed_job("x")
    for path in ("/rq/", FAILED_JOBS, "/rq/0/view/job/x", "/rq/0/view/workers"):
        address = re.search(r'data-live-url="([^"]+)"', someone.page(path))[1]
        part = someone.page(address)
        assert "data-part" in part
        assert "<html" not in part


def test_no_page_shows_the_cells_of_a_row(someone, services):
    queue = queue_named(LOW, services.redis)
    job = queue.enqueue("os.getcwd", args=("a cell",), job_id="x", description="import row")
    worker = Worker([queue], connection=services.redis)
    worker.register_birth()
    worker.prepare_execution(job)
    for path in ("jobs/low/queued/50/asc/1", "job/x", "workers"):
        page = someone.page(f"/rq/0/view/{path}")
        assert "import row" in page
        assert "a cell" not in page
        assert "a cell" not in someone.page(f"/rq/0/data/{path}.json")
