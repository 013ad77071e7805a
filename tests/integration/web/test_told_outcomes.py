"""What an import has come to is told in the same way wherever it is told."""

import json
import re
from itertools import product
from unittest.mock import Mock

import pytest
from redis.exceptions import RedisError

from importer.control.chosen_imports import SHOWN, page_of_imports
from importer.control.reports import report
from importer.outcomes import NOT_TAKEN, Outcome
from importer.queue import checkpoint, keys
from importer.statuses import ENDED, Reason, Status

CASES = [
    ({"created_rows": 3}, 0, "completed", "Completed", "good"),
    ({"created_rows": 3}, 1, "completed_with_failed_rows", "Completed, 1 failed", "warn"),
    ({}, 2, "nothing_imported", "Nothing imported", "bad"),
    ({"status": Status.CANCELLED}, 0, "cancelled", "Cancelled", "quiet"),
    ({"status": Status.STOPPED, "reason_code": "object_changed"}, 0, "stopped", "Stopped", "bad"),
    (
        {"status": Status.STOPPED, "reason_code": "upload_broke_off"},
        0,
        "upload_broke_off",
        "Upload broke off",
        "bad",
    ),
]


@pytest.mark.parametrize(("values", "failed", "code", "words", "tone"), CASES)
def test_page_title_api_and_command_line_agree(
    values, failed, code, words, tone, operator, visitor, make_import, runner
):
    import_ = make_import(operator, failed=[["X", "Y"]] * failed, **values)
    someone = visitor(operator)
    page = someone.page(f"/imports/{import_.id}")
    assert re.search(f'<span class="badge badge-{tone}[^"]*">{words}</span>', page)
    assert f"<title>{words} · airports.csv · Bulk importer</title>" in page
    assert f'data-title="{words} · airports.csv · Bulk importer"' in someone.page(f"/imports/{import_.id}/live")
    told = someone.get(f"/api/imports/{import_.id}").get_json()
    assert (told["outcome"], told["summary"]) == (code, words)
    assert f"{import_.id}  {words}  " in runner.invoke(args=["imports", "show", import_.id]).output
    (listed,) = json.loads(runner.invoke(args=["imports", "list", "--json"]).output)
    assert listed["outcome"] == code


@pytest.mark.parametrize(("values", "failed", "code", "words", "tone"), CASES[:5])
def test_the_list_says_the_same(values, failed, code, words, tone, operator, visitor, make_import):
    make_import(operator, failed=[["X", "Y"]] * failed, **values)
    page = visitor(operator).page("/imports")
    assert re.search(f'<span class="badge badge-{tone}[^"]*">{words}</span>', page)


@pytest.mark.parametrize(
    ("values", "failed", "button"),
    [
        ({"created_rows": 3}, 0, "View the records"),
        ({"superseded_rows": 3}, 0, "Import another file"),
        ({"created_rows": 3}, 1, "Repair 1 row"),
        ({}, 2, "Repair 2 rows"),
        ({"status": Status.CANCELLED}, 2, "Import another file"),
        ({"status": Status.PAUSED}, 2, "Resume"),
    ],
)
def test_one_button_says_what_to_do_next_and_none_of_them_deletes(
    values, failed, button, operator, visitor, make_import
):
    import_ = make_import(operator, failed=[["X", "Y"]] * failed, **values)
    head = visitor(operator).page(f"/imports/{import_.id}").split('id="live-progress"')[0]
    assert re.findall(r'class="button primary"[^>]*>([^<]+)<', head) == [button]
    assert "danger" not in head


def test_the_title_of_a_running_import_says_how_far_it_is(operator, visitor, make_import):
    import_ = make_import(operator, Status.RUNNING, created_rows=42, total_rows=100)
    assert "<title>42% · airports.csv · " in visitor(operator).page(f"/imports/{import_.id}")


def test_the_list_draws_how_far_a_running_import_is(operator, visitor, make_import, services):
    import_ = make_import(operator, Status.RUNNING, created_rows=30, size_bytes=1010, rows_offset=10)
    checkpoint.create(services.redis, import_.id, line=1, offset=10)
    services.redis.hset(keys.checkpoint(import_.id), mapping={"row": 50, "offset": 510})
    someone = visitor(operator)
    assert '<rect class="bar-imported" x="0" width="300.0"' in someone.page("/imports")
    (told,) = someone.get("/api/imports").get_json()["imports"]
    assert (told["estimated_rows"], told["progress"]) == (100, 0.3)


def test_the_list_is_shown_while_redis_is_away(operator, visitor, make_import, services, monkeypatch):
    make_import(operator, Status.RUNNING, created_rows=30)
    someone = visitor(operator)
    monkeypatch.setattr("importer.queue.checkpoint.read_several", Mock(side_effect=RedisError()))
    assert "30 rows so far" in someone.page("/imports")


def test_a_cancelled_import_is_drawn_as_far_as_it_got(operator, visitor, make_import):
    values = {"created_rows": 68, "dispatched_rows": 68, "size_bytes": 1010, "rows_offset": 10, "read_bytes": 690}
    import_ = make_import(operator, Status.CANCELLED, **values)
    for path in ("/imports", f"/imports/{import_.id}"):
        page = visitor(operator).page(path)
        assert '<rect class="bar-imported" x="0" width="680.0"' in page
        assert 'aria-valuenow="68"' in page


def test_a_cancelled_import_of_which_nobody_knows_how_far_it_got_is_not_drawn_as_done(
    operator, visitor, make_import
):
    import_ = make_import(operator, Status.CANCELLED, created_rows=68, dispatched_rows=68)
    assert "bar-imported" not in visitor(operator).page(f"/imports/{import_.id}")


def test_a_refused_file_shows_its_reason_and_no_counters(operator, visitor, make_import):
    import_ = make_import(operator, Status.STOPPED, reason_code="file_refused", reason="It is a picture.")
    page = visitor(operator).page(f"/imports/{import_.id}")
    assert "It is a picture." in page
    assert re.search(r'id="live-counts"[^>]* hidden', page)


IN_LIST = {
    "active": lambda one: one.status not in ENDED,
    "completed": lambda one: one.outcome == Outcome.COMPLETED,
    "failures": lambda one: one.failed_rows > 0,
    "nothing": lambda one: one.outcome == Outcome.NOTHING_IMPORTED,
    "ended-early": lambda one: one.outcome in (Outcome.CANCELLED, Outcome.STOPPED),
    "refused": lambda one: one.outcome in NOT_TAKEN,
    "": lambda one: one.outcome not in NOT_TAKEN,
}


def test_the_database_finds_imports_by_the_outcome_that_they_are_told_with(admin, make_import, session, services):
    assert set(IN_LIST) == set(SHOWN)
    for status, reason, imported, failed in product(Status, [None, *Reason], (0, 2), (0, 1)):
        failures = [["X", "Y"]] * failed
        make_import(admin, status, reason_code=reason, created_rows=imported, failed=failures)
    everything = [report(session, services, one) for one in page_of_imports(session, admin, limit=1000)[0]]
    for show, is_in in IN_LIST.items():
        found, _ = page_of_imports(session, admin, limit=1000, condition=SHOWN[show][1])
        assert {one.id for one in found} == {one.id for one in everything if is_in(one)}, show


@pytest.mark.parametrize("verb", ["cancel", "delete"])
def test_a_confirmation_has_a_title_of_its_own(verb, operator, visitor, make_import):
    import_ = make_import(operator, Status.RUNNING)
    page = visitor(operator).page(f"/imports/{import_.id}/confirm/{verb}")
    assert re.findall("<h1[^>]*>([^<]+)<", page) == [f"{verb.capitalize()} this import?"]


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_no_notice_stays_that_the_next_second_makes_untrue(verb, operator, visitor, make_import):
    import_ = make_import(operator, Status.PAUSING if verb == "resume" else Status.RUNNING)
    someone = visitor(operator)
    assert someone.post(f"/imports/{import_.id}/{verb}").status_code == 302
    assert 'class="notice notice-good"' not in someone.page(f"/imports/{import_.id}")
