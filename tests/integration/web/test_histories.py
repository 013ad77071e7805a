"""The history and the chart of an import, on its pages, by the API and at the command line."""

import json
import re

import pytest
from sqlalchemy import event, text

from importer.lifecycle.event_kinds import EventKind
from importer.lifecycle.events import record_in
from importer.models import RatePoint
from importer.web.extensions import db


@pytest.fixture
def told(operator, make_import, session):
    """A completed import with a history of 20 events, and a chart."""
    import_ = make_import(operator, seconds_running=12.0, created_rows=1000)
    for number in range(19):
        record_in(session, import_, EventKind.WORKER_DIED, rows=number, seconds=21)
    record_in(session, import_, EventKind.RETRIED, operator.id, rows=1)
    for mark in (2, 4, 6, 8, 10):
        session.add(
            RatePoint(import_sequence=import_.sequence, mark=mark, seconds=mark, imported_rows=mark, failed_rows=1)
        )
    session.commit()
    return import_


def test_the_page_of_an_import_has_its_latest_lines_and_leads_to_all(told, operator, visitor):
    page = visitor(operator).page(f"/imports/{told.id}")
    assert "operator@example.com had 1 row tried again." in page
    assert page.count('<li class="event ') == 12
    whole = visitor(operator).page(re.search(r'id="whole-history" href="([^"]+)"', page)[1])
    assert whole.count('<li class="event ') == 20


def test_the_chart_is_told_in_words_and_figures_too(told, operator, visitor):
    page = visitor(operator).page(f"/imports/{told.id}")
    assert "in 12 s without pauses and waiting" in page
    assert '<th scope="row">0 s to 2 s</th><td>1</td>' in page


def test_the_chart_of_an_import_that_has_ended_is_folded_where_rows_have_failed(told, operator, visitor, session):
    page = visitor(operator).page(f"/imports/{told.id}")
    assert '<details class="chart" id="speed" open>' in page
    session.execute(text("UPDATE imports SET failed_rows = 1, total_rows = 1001 WHERE id = :id"), {"id": told.id})
    session.commit()
    page = visitor(operator).page(f"/imports/{told.id}")
    assert '<details class="chart" id="speed" >' in page


def test_a_short_import_has_no_chart(operator, visitor, make_import):
    import_ = make_import(operator, seconds_running=3.0, created_rows=1000)
    assert 'class="chart"' not in visitor(operator).page(f"/imports/{import_.id}")


def test_the_api_has_the_history_in_pages(told, operator, visitor):
    someone = visitor(operator)
    first = someone.get(f"/api/imports/{told.id}/events?limit=15").get_json()
    assert (len(first["events"]), first["events"][0]["kind"], first["events"][0]["by"]) == (
        15,
        "retried",
        "operator@example.com",
    )
    second = someone.get(first["next"]).get_json()
    assert (len(second["events"]), second["next"]) == (5, None)
    ids = [one["id"] for one in first["events"] + second["events"]]
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize("path", ["/imports/{}/history", "/api/imports/{}/events", "/imports/{}/live"])
def test_nobody_sees_what_happened_to_an_import_of_others(path, told, operator, other, visitor):
    assert visitor(operator).get(path.format(told.id)).status_code == 200
    assert visitor(other).get(path.format(told.id)).status_code == 404


def test_the_command_line_prints_the_history(told, app):
    runner = app.test_cli_runner()
    lines = runner.invoke(args=["imports", "history", told.id]).output.splitlines()
    assert len(lines) == 20
    assert lines[-1].endswith("operator@example.com had 1 row tried again.")
    found = json.loads(runner.invoke(args=["imports", "history", told.id, "--json"]).output)
    assert found[-1]["details"]["rows"] == 1


@pytest.fixture
def statements(app):
    """The statements that are sent to the database."""
    seen = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    return seen


def test_fifty_who_look_at_once_cost_the_database_what_one_does(told, admin, visitor, make_import, statements):
    someone = visitor(admin)
    someone.get(f"/imports/{told.id}/live?viewer=0")
    first = len(statements)
    for viewer in range(1, 50):
        assert someone.get(f"/imports/{told.id}/live?viewer={viewer}").status_code == 200
    assert len(statements) <= 2 * first


def test_each_who_looks_has_the_token_of_their_own_session(admin, operator, visitor, make_import, session):
    import_ = make_import(operator, "running")
    tokens = set()
    for someone in (visitor(admin), visitor(admin)):
        page = someone.page(f"/imports/{import_.id}/live")
        (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
        tokens.add(token)
        assert someone.post(f"/imports/{import_.id}/pause", data={"csrf_token": token}).status_code in (302, 409)
    assert len(tokens) == 2


def test_who_is_disabled_sees_nothing_a_second_later(told, operator, visitor, session, monkeypatch):
    someone = visitor(operator)
    assert someone.get(f"/imports/{told.id}/live").status_code == 200
    session.execute(text("UPDATE users SET disabled_at = now()"))
    session.commit()
    monkeypatch.setattr("importer.web.auth.KNOWN_SECONDS", 0.0)
    assert someone.get(f"/imports/{told.id}/live").status_code == 302
