"""Answers are bounded in bytes, whatever the rows of a file hold."""

import re

import pytest
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from sqlalchemy import select, update

from importer.control import failed_rows
from importer.ledger.failures import Attempt, Failure, save_failures
from importer.lifecycle.transitions import try_move
from importer.models import MAX_EMAIL, FailedRow, Import
from importer.queue.queues import LOW
from importer.statuses import Reason, Status

LARGE = "\x01" * 65_536


@pytest.fixture
def someone(operator, visitor):
    return visitor(operator)


def pages(someone, address):
    """The row numbers of page after page of the API, and the bytes of the largest."""
    found, largest = [], 0
    while address:
        answer = someone.get(address)
        page = answer.get_json()
        found.append([row["row_number"] for row in page["failed_rows"]])
        largest, address = max(largest, len(answer.data)), page["next"]
    return found, largest


def test_a_page_of_failed_rows_ends_at_a_megabyte_and_the_next_goes_on_there(someone, operator, make_import):
    import_ = make_import(operator, failed=[["X", LARGE]] * 5 + [["Y", "small"]] * 3)
    found, largest = pages(someone, f"/api/imports/{import_.id}/failed-rows?limit=1000")
    assert found == [[1, 2], [3, 4], [5, 6, 7, 8]]
    assert largest <= failed_rows.PAGE_BYTES


def test_a_row_larger_than_a_page_has_a_page_of_its_own(someone, operator, make_import):
    huge = [LARGE] * 4
    import_ = make_import(operator, failed=[["X"], huge, huge, ["Y"]])
    found, largest = pages(someone, f"/api/imports/{import_.id}/failed-rows?limit=1000")
    assert found == [[1], [2], [3], [4]]
    assert largest < 2_000_000


def test_long_reasons_count_as_cells_do(someone, operator, make_import, session):
    import_ = make_import(operator, failed=[["X"]] * 400)
    session.execute(update(FailedRow).values(message="\u00e9" * 1000))
    session.commit()
    found, largest = pages(someone, f"/api/imports/{import_.id}/failed-rows?limit=1000")
    assert [number for page in found for number in page] == list(range(1, 401))
    assert largest <= failed_rows.PAGE_BYTES


def test_the_page_before_one_that_ended_early_begins_where_that_one_did(someone, operator, make_import):
    import_ = make_import(operator, failed=[["X", LARGE]] * 7)
    second = someone.page(f"/imports/{import_.id}?after=2")
    third = someone.page(f"/imports/{import_.id}?after=4")
    first = f'/imports/{import_.id}#failed-rows"'
    assert re.search(r'rel="prev" href="([^"]+")', second)[1] == first
    assert re.search(r'rel="prev" href="([^"]+)"', third)[1] == f"/imports/{import_.id}?after=2#failed-rows"
    assert re.search(r'rel="next" href="([^"]+)"', third)[1] == f"/imports/{import_.id}?after=6#failed-rows"


@pytest.mark.parametrize("character", ["'", "\x01", "\U0001f600", "\U000e0001"])
def test_the_page_of_an_import_is_below_2_mb_whatever_its_cells_names_and_reasons_are(
    character, someone, operator, make_import, session
):
    wide = [character * 300] * 300
    reason = character * 1000 if character.isprintable() else "broken"
    import_ = make_import(
        operator,
        failed=[wide] * 30,
        header=[f"{number}{character * 300}" if character.isprintable() else "x" for number in range(300)],
        columns=[None] * 300,
        filename=(character if character.isprintable() else "x") * 255,
        reason=reason,
        reason_code="record_type_broken",
    )
    session.execute(update(FailedRow).values(message=reason))
    session.commit()
    for path in (f"/imports/{import_.id}", f"/imports/{import_.id}/live", "/imports"):
        assert len(someone.get(path).data) < 2_000_000


def test_a_cut_row_says_so_and_leads_to_the_whole_of_it(someone, operator, make_import):
    import_ = make_import(operator, failed=[["X", "y" * 5000], ["X", "short"]])
    page = someone.page(f"/imports/{import_.id}")
    assert "(and 4,700 more characters)" in page
    (whole,) = re.findall(r'<a href="([^"]+)">whole row</a>', page)
    row = someone.get(whole).get_json()
    assert (row["row_number"], row["cells"]) == (1, ["X", "y" * 5000])


def test_reasons_are_kept_up_to_a_thousand_characters(operator, make_import, session):
    import_ = make_import(operator, Status.RUNNING)
    failure = Failure(Attempt(1, 2, ["X"], None), "x" * 500, "y" * 500, "z" * 1_000_000)
    save_failures(session.connection(), import_.sequence, [failure])
    message = session.scalar(select(FailedRow.message))
    assert (len(message), message[-2:]) == (1000, "z…")
    assert try_move(session, import_.id, Status.PAUSING, reason=Reason.RECORD_TYPE_BROKEN, detail="d" * 1_000_000)
    reason = session.scalar(select(Import.reason))
    assert len(reason) < 1200
    assert reason.endswith("Mend it, deploy, and resume.")


def test_cells_of_many_columns_share_what_is_shown_of_a_row(someone, operator, make_import):
    import_ = make_import(operator, failed=[["z" * 300] * 100])
    assert max(map(len, re.findall("z+", someone.page(f"/imports/{import_.id}")))) == 40


def test_lists_read_no_headers(operator, make_import, session):
    make_import(operator, Status.RUNNING)
    session.expunge_all()
    found = session.query(Import).one()
    assert not {"header", "columns"} & found.__dict__.keys()
    assert found.header == ["icao", "name"]


def test_the_api_lists_at_most_100_imports_a_page(someone):
    assert someone.get("/api/imports?limit=100").status_code == 200
    assert someone.get("/api/imports?limit=101").status_code == 400


def test_the_login_page_gives_back_no_more_than_an_address(client):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)[1]
    sent = {"email": "'" * 200_000, "password": "x", "next": "/" + "'" * 200_000, "csrf_token": token}
    answer = client.post("/login", data=sent)
    assert answer.status_code == 401
    assert len(answer.data) < 10 * MAX_EMAIL + 5000


@pytest.fixture
def failed_jobs(services):
    """Sixty failed jobs."""
    registry = FailedJobRegistry(LOW, connection=services.redis)
    for number in range(60):
        job = Job.create(
            "os.getcwd", connection=services.redis, serializer=JSONSerializer, id=f"x_{number}", origin=LOW
        )
        job.save()
        services.redis.zadd(registry.key, {job.id: number + 1e10})
    return registry


def test_rq_dashboard_lists_no_more_jobs_than_a_page_has(admin, visitor, failed_jobs):
    def listed(place):
        answer = visitor(admin).get(f"/rq/0/data/jobs/low/failed/{place}.json")
        return [job["id"] for job in answer.get_json()["jobs"]]

    assert listed("100000/asc/1") == [f"x_{number}" for number in range(50)]
    assert listed("100000/asc/2") == [f"x_{number}" for number in range(50, 60)]
    assert listed("5/asc/4") == [f"x_{number}" for number in range(15, 20)]
    assert len(listed("5/dsc/4")) == 5


@pytest.mark.parametrize("place", ["0/asc/1", "x/asc/1", "-5/asc/1", "8/asc/0", "8/asc/x"])
def test_a_page_of_jobs_that_cannot_be_is_not_found(place, admin, visitor):
    assert visitor(admin).get(f"/rq/0/data/jobs/low/failed/{place}.json").status_code == 404
