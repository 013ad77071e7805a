"""The pages: what they say, and that nothing from a file is ever markup."""

import re
import time

import pytest
from sqlalchemy import event, text

from importer.control.reports import MAX_ALTERATIONS
from importer.health.checks import Finding
from importer.models import Alteration
from importer.outcomes import outcome_of, sentence_of
from importer.statuses import CANCELLABLE, Status
from importer.web.extensions import db
from importer.web.live_views import FRESH_SECONDS

EVIL = "<script>alert(1)</script>\"'<img src=x onerror=alert(2)>"


@pytest.mark.parametrize("path", ["/imports/{}", "/imports/{}/live", "/imports/{}/confirm/delete", "/imports"])
def test_hostile_names_headers_and_cells_are_only_text(path, operator, visitor, make_import):
    import_ = make_import(
        operator,
        filename=EVIL,
        header=["icao", EVIL],
        columns=["icao", None],
        failed=[[EVIL, "\0\x07\u202e\udc80", EVIL, "x" * 70_000]],
        reason=EVIL,
        reason_code="file_refused",
    )
    page = visitor(operator).page(path.format(import_.id))
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\0" not in page
    assert "\u202e" not in page


def test_the_cell_at_fault_is_marked(operator, visitor, make_import):
    import_ = make_import(operator, failed=[["right", "wrong"]])
    page = visitor(operator).page(f"/imports/{import_.id}")
    (cell,) = re.findall(r'<td class="cell at-fault"(.*?)</td>', page, re.DOTALL)
    assert "wrong" in cell
    assert "At fault:" in cell
    assert "the name is bad" in cell


def test_invisible_characters_of_a_cell_are_shown(operator, visitor, make_import):
    import_ = make_import(operator, failed=[["\0\x07", "\u202e\udc80"]])
    page = visitor(operator).page(f"/imports/{import_.id}")
    assert "␀␇" in page
    assert "\\u202e\\x80" in page


@pytest.mark.parametrize("status", [status for status in Status if status != "waiting"])
def test_every_status_has_a_page_with_its_meaning_and_only_the_buttons_it_allows(
    status, operator, visitor, make_import
):
    import_ = make_import(operator, status)
    page = visitor(operator).page(f"/imports/{import_.id}")
    assert sentence_of(outcome_of(status, None, imported=0, failed=0), failed=0) in page
    assert ('id="pause"' in page) == (status in ("queued", "running"))
    assert ('id="resume"' in page) == (status in ("pausing", "paused"))
    assert ("data-rate" in page) == (status in ("queued", "running", "pausing"))
    assert ("data-left" in page) == (status in ("queued", "running"))
    assert ("been read up to" in page) == (status in ("pausing", "paused"))
    assert ('id="cancel"' in page) == (status in CANCELLABLE)


def test_a_cancelled_import_says_that_the_file_was_not_read_to_its_end(operator, visitor, make_import):
    import_ = make_import(operator, Status.CANCELLED, created_rows=5, dispatched_rows=12, failed=[["X", "Y"]])
    page = " ".join(visitor(operator).page(f"/imports/{import_.id}").split())
    assert "12 rows read from the file = 5 imported + 1 failed + 6 left out." in page
    assert "not read to its end" in page


@pytest.mark.parametrize("path", ["/imports", "/imports/{}"])
def test_rows_of_a_file_of_unknown_length_are_drawn_as_no_share_of_it(path, operator, visitor, make_import):
    import_ = make_import(operator, Status.RUNNING, created_rows=1234, dispatched_rows=1300)
    page = visitor(operator).page(path.format(import_.id))
    assert "1,234 rows so far" in page
    assert 'role="progressbar"' in page
    assert "aria-valuenow" not in page
    assert "bar-imported" not in page


def test_ignored_columns_are_named(operator, visitor, make_import):
    import_ = make_import(operator, header=["icao", "Colour"], columns=["icao", None])
    page = visitor(operator).page(f"/imports/{import_.id}")
    assert re.search(r"Ignored columns:.*<code>Colour</code>", page, re.DOTALL)


def test_failed_rows_are_paged_forwards_and_backwards(operator, visitor, make_import):
    import_ = make_import(operator, failed=[[f"X{n}", "Y"] for n in range(120)])
    someone = visitor(operator)

    def rows(page):
        return [int(n) for n in re.findall(r'id="retry-(\d+)"', page)]

    first = someone.page(f"/imports/{import_.id}")
    second = someone.page(f"/imports/{import_.id}?after=50")
    third = someone.page(f"/imports/{import_.id}?after=100")
    assert rows(first) + rows(second) + rows(third) == list(range(1, 121))
    assert f"/imports/{import_.id}?after=50#" in third
    assert "failed-next" not in third
    assert someone.get(f"/imports/{import_.id}?after=99999999999999").status_code == 200


def test_a_finished_import_asks_for_no_refreshing(operator, visitor, make_import):
    import_ = make_import(operator, cleaned_at=operator.created_at)
    assert 'data-live="false"' in visitor(operator).page(f"/imports/{import_.id}/live")


RETRY_SUCCEEDS = (
    "UPDATE imports SET failed_rows = 0, created_rows = 1",
    "DELETE FROM failed_rows",
)


@pytest.mark.parametrize("table", ["imports", "failed_rows"])
@pytest.mark.parametrize("path", ["/imports/{}", "/imports/{}/live"])
def test_a_page_shows_one_moment_even_where_a_retry_ends_while_it_is_read(
    table, path, operator, visitor, make_import, app, session
):
    import_ = make_import(operator, failed=[["X", "Y"]], cleaned_at=operator.created_at)
    session.execute(text("UPDATE failed_rows SET retry_requested_at = now()"))
    session.commit()
    someone = visitor(operator)
    with app.app_context():
        engine = db.engine

    changes = list(RETRY_SUCCEEDS)

    @event.listens_for(engine, "after_cursor_execute")
    def end_the_retry(connection, cursor, statement, *_):
        while changes and f"FROM {table}" in statement:
            session.execute(text(changes.pop()))
            session.commit()

    page = someone.page(path.format(import_.id))
    assert "being tried again" in page
    assert "1 failed" in page
    assert 'data-live="true"' in page
    time.sleep(FRESH_SECONDS)
    assert 'data-live="false"' in someone.page(path.format(import_.id))


def test_a_running_import_warns_when_no_worker_is_alive(operator, visitor, make_import):
    import_ = make_import(operator, Status.RUNNING)
    page = visitor(operator).page(f"/imports/{import_.id}")
    assert "No dispatcher is running" in page
    assert "No worker is running" in page


def test_buttons_do_what_they_say(operator, visitor, make_import, session):
    import_ = make_import(operator, Status.RUNNING, failed=[["X", "Y"]])
    someone = visitor(operator)
    for verb, status in (("pause", "pausing"), ("resume", "queued"), ("retry", "queued"), ("cancel", "cancelled")):
        assert someone.post(f"/imports/{import_.id}/{verb}").status_code == 302
        session.refresh(import_)
        assert import_.status == status
    assert someone.post(f"/imports/{import_.id}/delete").location == "/imports"
    assert someone.get(f"/imports/{import_.id}").status_code == 404


def test_the_upload_page_offers_every_record_type_with_its_columns_and_a_template(operator, visitor):
    someone = visitor(operator)
    page = someone.page("/imports/new")
    assert '<meta name="csrf-token"' in page
    for name in ("airports", "contacts"):
        assert f'value="{name}"' in page
    assert someone.page("/record-types/contacts.csv") == "email,name,company,phone,signup_date,balance\r\n"
    assert someone.get("/record-types/nonsense.csv").status_code == 404


def test_an_empty_list_leads_to_the_upload(operator, visitor):
    assert "Upload the first file" in visitor(operator).page("/imports")


def test_the_list_can_be_narrowed(operator, visitor, make_import):
    running, done = make_import(operator, Status.RUNNING), make_import(operator)
    page = visitor(operator).page("/imports?show=active")
    assert running.id in page
    assert done.id not in page


@pytest.mark.parametrize("query", ["endpoint=x", "_method=POST", "_external=1&_scheme=ftp", "_anchor=x"])
def test_what_else_an_address_says_does_not_reach_the_live_list(query, operator, visitor):
    page = visitor(operator).page(f"/imports?show=active&page=2&{query}")
    assert 'data-live-url="/imports/live?page=2&amp;show=active"' in page


def test_the_platform_learns_what_is_away_and_nothing_more(client):
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ready")


def test_the_platform_is_told_when_a_part_is_away(client, services):
    services.storage.bucket = "no-such-bucket"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["parts"] == {"database": "ok", "redis": "ok", "storage": "failing"}
    assert "no-such-bucket" not in answer.get_data(as_text=True)
    assert client.get("/healthz").status_code == 200


def test_a_part_that_is_away_is_shown_on_the_pages(operator, visitor, make_import, app, monkeypatch):
    import_ = make_import(operator, Status.RUNNING)
    watch = app.extensions["importer_watch"]
    monkeypatch.setattr(watch, "findings", lambda: [Finding("redis", False, "Redis is full.")])
    assert "Redis is full." in visitor(operator).page(f"/imports/{import_.id}/live")


def test_a_page_says_how_long_an_import_took_and_how_fast_it_was(operator, visitor, make_import):
    import_ = make_import(operator, created_rows=600, seconds_running=120.0, finished_at=operator.created_at)
    page = " ".join(visitor(operator).page(f"/imports/{import_.id}").split())
    assert '<dt>Took</dt><dd title="Without pauses and waiting">2 min 0 s</dd>' in page
    assert "5 rows/s on average" in page


def altered(session, import_, field="balance", kind="decimal_mark", **values):
    told = {"count": 12000, "examples": [[3, "1,5\u00a0<b>", "1.5"], [4, "NULL", None]], **values}
    session.add(Alteration(import_sequence=import_.sequence, field=field, kind=kind, **told))
    session.commit()


@pytest.mark.parametrize("path", ["/imports/{id}", "/imports/{id}/live"])
def test_what_was_read_otherwise_than_written_is_told_with_examples(path, operator, visitor, make_import, session):
    import_ = make_import(operator)
    altered(session, import_)
    page = visitor(operator).page(path.format(id=import_.id))
    for words in ("Read otherwise than written", "a decimal comma read as a point", "12,000"):
        assert words in page
    assert "<bdi>1,5\\xa0&lt;b&gt;</bdi> → <bdi>1.5</bdi>" in page
    assert '<bdi>NULL</bdi> → <span class="muted">empty</span>' in page


def test_a_date_that_is_noted_and_taken_as_it_stands_is_shown_once(operator, visitor, make_import, session):
    import_ = make_import(operator)
    altered(session, import_, "born", "early_year", examples=[[3, "0024-03-01", "0024-03-01"]])
    page = visitor(operator).page(f"/imports/{import_.id}")
    assert "a year before 1900, taken as it stands" in page
    assert "<bdi>0024-03-01</bdi></p>" in page


def test_empty_cells_and_lines_that_are_no_rows_are_told(operator, visitor, make_import):
    import_ = make_import(operator, empty_cells_kept=1, empty_cells_cleared=2, blank_rows=12000)
    page = visitor(operator).page(f"/imports/{import_.id}")
    assert "1 empty cell left the value of an existing record as it was." in page
    assert "2 empty cells cleared the values of existing records." in page
    assert "12,000 lines without any value were left out." in page


def test_an_import_that_was_read_as_written_says_nothing_of_it(operator, visitor, make_import):
    page = visitor(operator).page(f"/imports/{make_import(operator).id}")
    assert "<h2>Read otherwise" not in page
    assert "without any value" not in page


def test_no_more_than_the_most_frequent_are_shown(operator, visitor, make_import, session):
    import_ = make_import(operator)
    for number in range(MAX_ALTERATIONS + 1):
        altered(session, import_, field=f"field_{number}", count=number + 1)
    page = visitor(operator).page(f"/imports/{import_.id}")
    assert "field_100" in page
    assert "field_0<" not in page
    assert "No more than the 100 most frequent are shown." in page


def test_an_error_page_begins_with_what_is_wrong(operator, visitor):
    page = visitor(operator).get("/imports/nothing-of-the-kind").get_data(as_text=True)
    assert "<title>Not found · Bulk importer</title>" in page
    assert "<h1>Not found</h1>" in page
    assert "<h1>Not allowed</h1>" in visitor(operator).get("/people").get_data(as_text=True)


def test_an_example_that_several_rows_have_is_shown_once(operator, visitor, make_import, session):
    import_ = make_import(operator, created_rows=3)
    examples = [[row, "28.02.2024", "2024-02-28"] for row in (1, 2)] + [[3, "1.3.2024", "2024-03-01"]]
    session.add(
        Alteration(import_sequence=import_.sequence, field="born", kind="date", count=3, examples=examples)
    )
    session.commit()
    page = visitor(operator).page(f"/imports/{import_.id}")
    assert page.count("<bdi>28.02.2024</bdi>") == 1
    assert page.count("<bdi>1.3.2024</bdi>") == 1
