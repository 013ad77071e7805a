"""Failed rows by kind of fault, filtered, sorted and corrected: pages, API and command line alike."""

import json
import re

import pytest
from sqlalchemy import func, update

from importer.control import groups, tokens
from importer.control.failed_rows import page_of_failed_rows
from importer.ledger.planning import TooSlowError
from importer.models import Correction, FailedRow
from importer.statuses import Status
from importer.web import failed_rows as table

ROWS = [["b", "wrong"], ["a", "worse"], ["c", ""], ["Ä", "wrong"]]
FIRST = '{"attempt": 1, "cells": {"name": "Right"}}'


@pytest.fixture
def failed(operator, make_import, session):
    """An import with three rows of one kind of fault and one of another."""
    import_ = make_import(operator, failed=ROWS)
    session.execute(
        update(FailedRow)
        .where(FailedRow.row_number == 3)
        .values(code="missing_value", message="a value is required")
    )
    session.commit()
    return import_


@pytest.fixture
def someone(operator, visitor):
    return visitor(operator)


@pytest.fixture
def api(client, operator, session):
    """A script of the operator's."""
    headers = {"Authorization": f"Bearer {tokens.create_token(session, operator, 'script')}"}

    def ask(path, body=None, *, method="get"):
        return client.open(f"/api{path}", method=method if body is None else "post", json=body, headers=headers)

    return ask


def numbers(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [row["row_number"] for row in answer.get_json()["failed_rows"]]


def test_groups_are_counted_with_their_meaning_share_and_examples(failed, api):
    told = api(f"/imports/{failed.id}/failed-row-groups").get_json()
    assert [(g["field"], g["code"], g["rows"], g["share"]) for g in told["groups"]] == [
        ("name", "bad", 3, 0.75),
        ("name", "missing_value", 1, 0.25),
    ]
    assert told["groups"][0]["examples"] == [
        {"row_number": 1, "text": "wrong"},
        {"row_number": 2, "text": "worse"},
        {"row_number": 4, "text": "wrong"},
    ]
    assert told["groups"][1]["meaning"] == "A field that every row must fill has no value."
    assert (told["group_count"], told["discarded_rows"]) == (2, 0)


def test_groups_leave_out_discarded_rows_and_count_them(failed, api, session):
    session.execute(update(FailedRow).where(FailedRow.row_number <= 2).values(discarded_at=func.now()))
    session.commit()
    told = api(f"/imports/{failed.id}/failed-row-groups").get_json()
    assert [group["rows"] for group in told["groups"]] == [1, 1]
    assert told["discarded_rows"] == 2


def test_groups_of_a_live_page_are_counted_once_a_moment(failed, session, monkeypatch):
    counted = []
    monkeypatch.setattr(groups, "fingerprint_of", lambda *_: object())
    monkeypatch.setattr(groups, "_count", lambda *_: counted.append(1) or groups.Groups([], 0))
    for is_live in (True, True, False, True):
        groups.groups_of(session, failed, is_live=is_live)
    assert len(counted) == 2


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", [1, 2, 3, 4]),
        ("code=missing_value", [3]),
        ("field=name&code=bad", [1, 2, 4]),
        ("field=icao", []),
        ("text=WORSE", [2]),
        ("text=%C3%A4", [4]),
        ("sort=icao", [2, 1, 3, 4]),
        ("sort=-1", [4, 3, 1, 2]),
        ("sort=name&text=wrong", [1, 4]),
        ("sort=icao&start=2", [3, 4]),
        ("after=1&code=bad", [2, 4]),
    ],
)
def test_failed_rows_are_chosen_and_sorted(failed, api, query, rows):
    assert numbers(api(f"/imports/{failed.id}/failed-rows?{query}")) == rows


@pytest.mark.parametrize("query", ["code=bad", "sort=-icao", "text=w"])
def test_the_next_page_keeps_what_was_chosen(failed, api, query):
    path, found = f"/imports/{failed.id}/failed-rows?limit=1&{query}", []
    while path:
        answer = api(path)
        found += numbers(answer)
        path = (answer.get_json()["next"] or "").removeprefix("/api")
    assert found == numbers(api(f"/imports/{failed.id}/failed-rows?{query}"))


def test_rows_with_bytes_that_are_no_text_are_sorted_and_shown_as_such(operator, make_import, api, someone):
    import_ = make_import(operator, failed=[["M\udcfcller", "x"], ["A\0", "\\ud800"], ["😀", "x"]])
    assert numbers(api(f"/imports/{import_.id}/failed-rows?sort=icao")) == [2, 1, 3]
    page = someone.page(f"/imports/{import_.id}")
    assert "M\\xfcller" in page
    assert "udcfc" not in page


@pytest.mark.parametrize("query", ["sort=nothing", "sort=9x"])
def test_a_column_that_there_is_not_is_refused_with_those_that_there_are(failed, api, query):
    answer = api(f"/imports/{failed.id}/failed-rows?{query}")
    assert answer.status_code == 422
    assert "There are: 'icao', 'name'." in answer.get_json()["error"]["message"]


def test_a_row_is_told_with_its_faults_and_one_that_is_not_failed_is_not(failed, api):
    row = api(f"/imports/{failed.id}/failed-rows/3").get_json()
    assert row["faults"] == [
        {"field": "name", "columns": [2], "code": "missing_value", "message": "a value is required"}
    ]
    for number in (5, 2**40):
        assert api(f"/imports/{failed.id}/failed-rows/{number}").status_code == 404


@pytest.mark.parametrize("name", ["name", "2"])
def test_a_script_corrects_a_row_by_field_or_number_of_its_column(failed, api, session, operator, name):
    answer = api(f"/imports/{failed.id}/failed-rows/1/corrections", {"attempt": 1, "cells": {name: "Right"}})
    assert answer.get_json() == {"row_number": 1, "attempt": 2}
    row = api(f"/imports/{failed.id}/failed-rows/1").get_json()
    assert row["cells"] == ["b", "Right"]
    assert row["retry_requested_at"]
    (made,) = api(f"/imports/{failed.id}/corrections").get_json()["corrections"]
    assert (made["row_number"], made["attempt"], made["made_by"]) == (1, 2, operator.email)
    assert made["changes"] == [{"column": 2, "name": "name", "before": "wrong", "after": "Right"}]
    again = api(f"/imports/{failed.id}/failed-rows/1/corrections", {"attempt": 1, "cells": {name: "Other"}})
    assert again.status_code == 409
    assert operator.email in again.get_json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"cells": {"name": "Right"}}, 400),
        ({"attempt": "1", "cells": {"name": "Right"}}, 400),
        ({"attempt": 1, "cells": ["Right"]}, 400),
        ({"attempt": 1, "cells": {"name": None}}, 400),
        ({"attempt": 1, "cells": {"name": "Right"}, "more": 1}, 400),
        ({"attempt": 1, "cells": {"colour": "Right"}}, 422),
        ({"attempt": 1, "cells": {"3": "Right"}}, 422),
        ({"attempt": 1, "cells": {"name": "a\0b"}}, 422),
        ({"attempt": 1, "cells": {"name": "\ud800"}}, 422),
        ({"attempt": 1, "cells": {"name": "wrong"}}, 422),
        ({"attempt": 7, "cells": {"name": "Right"}}, 409),
    ],
)
def test_a_correction_that_cannot_be_taken_is_refused_and_changes_nothing(failed, api, session, body, status):
    answer = api(f"/imports/{failed.id}/failed-rows/1/corrections", body)
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert session.query(Correction).count() == 0
    assert api(f"/imports/{failed.id}/failed-rows/1").get_json()["cells"] == ["b", "wrong"]


def test_what_would_be_wrong_is_told_without_saving(failed, api):
    path = f"/imports/{failed.id}/failed-rows/1/check"
    (fault,) = api(path, {"cells": {"name": "Right"}}).get_json()["faults"]
    assert (fault["field"], fault["columns"], fault["code"]) == ("icao", [1], "invalid_value")
    assert api(path, {"cells": {"icao": "EDDB", "name": "Right"}}).get_json() == {"faults": []}
    assert api(f"/imports/{failed.id}/failed-rows/1").get_json()["cells"] == ["b", "wrong"]


def test_an_import_that_was_cancelled_is_not_corrected(operator, make_import, api):
    import_ = make_import(operator, Status.CANCELLED, failed=ROWS)
    answer = api(f"/imports/{import_.id}/failed-rows/1/corrections", json.loads(FIRST))
    assert answer.status_code == 409


def test_nobody_sees_checks_or_corrects_rows_of_somebody_elses_import(failed, other, visitor):
    stranger = visitor(other)
    row = f"/imports/{failed.id}/failed-rows/1"
    assert stranger.get(f"{row}/edit").status_code == 404
    assert stranger.get(f"/imports/{failed.id}/corrections").status_code == 404
    for path in (f"{row}/check", f"{row}/corrections", f"/api{row}/check", f"/api{row}/corrections"):
        assert stranger.post(path, {"attempt": 1, "cell-1": "x"}).status_code == 404


def test_a_change_without_the_pages_token_is_refused(failed, someone):
    for what in ("check", "corrections"):
        answer = someone.client.post(
            f"/imports/{failed.id}/failed-rows/1/{what}", data={"attempt": 1, "cell-1": "x"}
        )
        assert answer.status_code == 400


def test_the_form_of_a_row_saves_what_differs_and_leads_back_to_the_table(failed, someone, session):
    page = someone.page(f"/imports/{failed.id}/failed-rows/1/edit?code=bad")
    assert re.search(r'<input type="text" id="cell-1" name="cell-1" value="wrong"', page)
    form = {"attempt": 1, "cell-0": "b", "cell-1": "Right", "code": "bad"}
    answer = someone.post(f"/imports/{failed.id}/failed-rows/1/corrections", form)
    assert answer.status_code == 302
    assert answer.location == f"/imports/{failed.id}?retried_row=1&code=bad#failed-rows"
    assert session.query(Correction).one().changes == [[1, "wrong", "Right"]]


def test_a_form_that_is_refused_shows_why_and_what_was_typed(failed, someone):
    answer = someone.post(
        f"/imports/{failed.id}/failed-rows/1/corrections", {"attempt": 1, "cell-1": "x" * 70_000}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "The text has 70,000 characters, the limit here is 65,536." in page
    assert "x" * 70_000 in page


def test_cells_that_no_input_can_hold_stay_as_they_are_unless_they_are_typed_anew(
    operator, make_import, someone, session
):
    import_ = make_import(operator, failed=[["M\udcfc\r\nx", "wrong"]])
    page = someone.page(f"/imports/{import_.id}/failed-rows/1/edit")
    assert "M\\xfc" in page
    shown = re.search(r'name="cell-0" value="([^"]*)"', page)[1]
    form = {"attempt": 1, "cell-0": shown, "cell-1": "Right"}
    assert someone.post(f"/imports/{import_.id}/failed-rows/1/corrections", form).status_code == 302
    assert session.query(Correction).one().changes == [[1, "wrong", "Right"]]


def test_the_page_tells_the_position_and_leads_to_a_row(failed, someone):
    page = someone.page(f"/imports/{failed.id}?row=2&code=bad")
    assert "<strong>2\u20133</strong> of 3" in page
    assert 'id="row-2"' in page
    assert 'id="row-1"' not in page


def test_the_page_says_that_a_search_takes_too_long_and_shows_the_rows_in_order(failed, someone, monkeypatch):
    def give_up(session, import_, *, chosen, **options):
        if chosen.text:
            raise TooSlowError
        return page_of_failed_rows(session, import_, chosen=chosen, **options)

    monkeypatch.setattr(table, "page_of_failed_rows", give_up)
    page = someone.page(f"/imports/{failed.id}?text=worse&code=bad")
    assert "takes too long" in page
    assert [number for number in range(1, 5) if f'id="row-{number}"' in page] == [1, 2, 4]


def test_where_rows_take_too_long_to_find_the_rest_of_the_page_is_there(failed, someone, monkeypatch):
    def give_up(*_, **__):
        raise TooSlowError

    monkeypatch.setattr(table, "page_of_failed_rows", give_up)
    page = someone.page(f"/imports/{failed.id}?discarded=1")
    assert "takes too long" in page
    assert "History" in page


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("", "4</strong> of 4"),
        ("after=3", "<strong>4</strong> of 4"),
        ("text=wrong", "2</strong> of 2"),
        ("start=1&text=w", "of 3"),
    ],
)
def test_what_the_groups_or_the_last_page_of_a_search_tell_is_not_counted(
    failed, someone, monkeypatch, query, position
):
    monkeypatch.setattr(table, "count_chosen", lambda *_, **__: pytest.fail("it was counted"))
    assert position in someone.page(f"/imports/{failed.id}?{query}")


def test_rows_before_a_page_are_counted_and_those_of_a_search_that_goes_on(failed, someone, monkeypatch):
    monkeypatch.setattr(table, "PAGE_ROWS", 2)
    page = someone.page(f"/imports/{failed.id}?after=1")
    assert "<strong>2" in page
    assert "3</strong> of 4" in page
    assert "2</strong> of 3" in someone.page(f"/imports/{failed.id}?text=w")
    monkeypatch.setattr(table, "count_chosen", lambda *_, **__: None)
    assert "2</strong> of many" in someone.page(f"/imports/{failed.id}?text=w")
    assert "<strong>2 rows</strong> of 4" in someone.page(f"/imports/{failed.id}?after=1")


def test_a_retry_is_offered_first_only_where_it_can_help(operator, make_import, someone, session):
    import_, other = make_import(operator, failed=ROWS), make_import(operator, failed=ROWS)
    assert "Try again unchanged" in someone.page(f"/imports/{import_.id}")
    of_other = FailedRow.import_sequence == other.sequence
    session.execute(update(FailedRow).where(of_other).values(code="worker_died"))
    session.commit()
    page = someone.page(f"/imports/{other.id}")
    assert "Try again unchanged" not in page
    assert ">Retry all</button>" in page


def test_the_command_line_lists_groups_and_rows_and_corrects_one(failed, runner, session):
    def flask(*arguments):
        ran = runner.invoke(args=["imports", *arguments])
        assert ran.exit_code == 0, ran.output
        return ran.output

    assert "         3   75%  name bad: a check of the record type; such as wrong, worse, wrong\n" in flask(
        "failed-rows", failed.id, "--groups"
    )
    listed = flask("failed-rows", failed.id, "--code", "missing_value")
    assert "row 3, line 4, tried once\n  name: a value is required (missing_value)" in listed
    assert [
        row["row_number"] for row in json.loads(flask("failed-rows", failed.id, "--text", "worse", "--json"))
    ] == [2]
    assert flask("correct", failed.id, "1", "--set", "name=Right") == "Row 1 is corrected, and is tried again.\n"
    assert session.query(Correction).one().changes == [[1, "wrong", "Right"]]
    refused = runner.invoke(args=["imports", "correct", failed.id, "9", "--set", "name=Right"])
    assert (refused.exit_code, refused.stderr) == (1, "Row 9 is not a failed row of this import.\n")
