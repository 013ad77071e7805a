"""Failed rows are repaired by a rule: on a page without scripts, by the API, and at the command line."""

import json
import re

import pytest
from sqlalchemy import select

from importer.control import failed_values
from importer.ledger.chosen_rows import ChosenRows
from importer.models import FailedRow, Layout, Repair
from importer.statuses import Status

ROWS = [("EDDF", "Frankfurt ", "50,0"), ("EDDB", "", "52,4"), ("EDDM", "München", "x,\0\udcfc")]
LATITUDES = {"field": "lat", "code": "bad"}
BY_COMMA = {"kind": "decimal_mark", "mark": ","}


@pytest.fixture
def someone(operator, visitor):
    return visitor(operator)


@pytest.fixture
def import_(operator, make_import, session):
    """An import of airports of which three rows failed for their latitude."""
    columns = ["icao", "name", "lat"]
    made = make_import(operator, header=columns, columns=columns, failed=ROWS)
    for row in session.scalars(select(FailedRow)):
        row.column_name = "lat"
    session.commit()
    return made


def texts(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def form(**values):
    return {**LATITUDES, "kind": "decimal_mark", "decimal_mark.mark": ",", "action": "preview", **values}


def previewed(page: str) -> str:
    return re.search(r'name="previewed" value="([^"]*)"', page)[1].replace("&#34;", '"')


def the_repair(session) -> Repair:
    return session.scalars(select(Repair)).one()


# The page


def test_the_page_says_which_rows_are_meant_and_offers_what_makes_sense_for_the_field(someone, import_):
    page = someone.page(f"/imports/{import_.id}/repair?field=lat&code=bad&text=EDD")
    assert "Failed rows with a fault in lat bad that hold “EDD”" in texts(page)
    kinds = re.findall(r'name="kind" id="[^"]*" value="([^"]*)"', page)
    assert kinds[:2] == ["decimal_mark", "percent"]
    assert "dates" not in kinds


def test_without_a_script_a_rule_is_previewed_and_then_applied(someone, import_, session):
    path = f"/imports/{import_.id}/repair"
    page = someone.post(path, form()).get_data(as_text=True)
    assert "Would pass the checks 2" in texts(page)
    assert "Not changed by the rule 1" in texts(page)
    assert "50,0 50.0 passes" in texts(page)
    assert "Apply and try 2 rows" in texts(page)
    answer = someone.post(path, form(action="apply", previewed=previewed(page)))
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/imports/{import_.id}#live-repairs")
    repair = the_repair(session)
    assert (repair.chosen, repair.after, repair.until) == (LATITUDES, 0, 3)
    assert repair.rule == {"kind": "decimal_mark", "columns": [2], "mark": ","}
    assert "Read numbers with a decimal comma in lat" in texts(someone.page(f"/imports/{import_.id}"))


def test_a_rule_that_was_changed_after_its_preview_is_previewed_again_before_it_is_applied(
    someone, import_, session
):
    path = f"/imports/{import_.id}/repair"
    page = someone.post(path, form()).get_data(as_text=True)
    answer = someone.post(path, form(kind="empty", action="apply", previewed=previewed(page)))
    assert answer.status_code == 200
    assert "The rule was changed after its preview" in answer.get_data(as_text=True)
    assert session.scalar(select(Repair)) is None


def test_a_rule_that_cannot_be_understood_is_told_on_the_page_which_keeps_what_was_typed(someone, import_):
    values = {"kind": "replace", "replace.find": "(typed", "replace.pattern": "1"}
    answer = someone.post(f"/imports/{import_.id}/repair", form(**values))
    assert answer.status_code == 422
    assert "The pattern cannot be read: missing )" in answer.get_data(as_text=True)
    assert 'value="(typed"' in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"kind": "replace", "replace.find": "a", "replace.any_case": "1"}, {"find": "a", "case": False}),
        ({"kind": "trim", "trim.inside": "1", "column": "1"}, {"inside": True, "columns": [1]}),
        ({"kind": "dates", "dates.order": "dmy", "dates.century": "1930"}, {"order": "dmy", "century": 1930}),
        ({"kind": "words", "words[x]": "1", "words[y]": ""}, {"words": {"x": "1"}}),
        ({"kind": "empty", "empty.cells": " n/a "}, {"cells": ["n/a"]}),
        ({"kind": "percent", "percent.percent": "share"}, {"percent": "share"}),
        ({"kind": "set", "set.value": "7"}, {"value": "7"}),
        ({"kind": "case", "case.to": "upper"}, {"to": "upper"}),
    ],
)
def test_the_form_says_every_kind_of_rule(someone, import_, values, rule):
    page = someone.post(f"/imports/{import_.id}/repair", form(**values)).get_data(as_text=True)
    told = json.loads(previewed(page))
    assert told == {"columns": [2], **rule, "kind": values["kind"]}


def test_a_rule_of_how_a_column_is_read_can_be_remembered_and_others_cannot(someone, import_, session):
    path = f"/imports/{import_.id}/repair"
    assert 'name="remember"' not in someone.post(path, form(kind="trim")).get_data(as_text=True)
    page = someone.post(path, form()).get_data(as_text=True)
    assert 'name="remember"' in page
    someone.post(path, form(action="apply", previewed=previewed(page), remember="1"))
    assert session.scalars(select(Layout)).one().answers == {"decimal_mark-3": ","}


def test_discarded_rows_are_brought_back_by_a_button_of_the_page(someone, import_, session):
    path = f"/imports/{import_.id}/repair"
    page = someone.post(path, form(kind="discard")).get_data(as_text=True)
    assert "Discard 3 rows" in texts(page)
    someone.post(path, form(kind="discard", action="apply", previewed=previewed(page)))
    discard = the_repair(session)
    discard.after, discard.changed_rows = None, 3
    session.commit()
    assert "3 rows discarded" in texts(someone.page(f"/imports/{import_.id}"))
    assert someone.post(f"{path}/restore", discard.chosen).status_code == 302
    latest = session.scalars(select(Repair).order_by(Repair.id.desc())).first()
    assert (latest.rule, latest.chosen) == ({"kind": "restore"}, LATITUDES)


def test_the_values_of_a_column_are_told_with_how_often_they_stand_whatever_they_hold(
    session, make_import, operator
):
    rows = [("EDDF", value, "1") for value in ("ja", "ja", "nein", "x\0\udcfc", "", "long" * 50)]
    made = make_import(operator, failed=rows)
    chosen = ChosenRows("name")
    found = failed_values.values_of(session, made, chosen, 1)
    assert [(value.text, value.rows) for value in found] == [("ja", 2), ("nein", 1), ("x\0\udcfc", 1)]


def test_nobody_repairs_the_rows_of_somebody_else(visitor, other, import_):
    stranger = visitor(other)
    for path in ("repair", "repair?field=lat"):
        assert stranger.get(f"/imports/{import_.id}/{path}").status_code == 404
    for path in ("repair", "repair/preview", "repair/restore"):
        assert stranger.post(f"/imports/{import_.id}/{path}", form()).status_code == 404
    for path in ("repairs", "repairs/preview"):
        body = {**LATITUDES, "rule": BY_COMMA}
        assert stranger.post(f"/api/imports/{import_.id}/{path}", json=body).status_code == 404


# The API


def test_the_api_previews_applies_and_lists(someone, import_):
    path = f"/api/imports/{import_.id}/repairs"
    body = {**LATITUDES, "rule": BY_COMMA}
    told = someone.post(f"{path}/preview", json={**body, "after": 1}).get_json()
    assert (told["rows"], told["would_pass"], told["unchanged"], told["next"]) == (2, 1, 1, None)
    cell = {"column": 2, "name": "lat", "before": "52,4", "after": "52.4"}
    assert told["examples"] == [{"row_number": 2, "line_number": 3, "changes": [cell], "reason": None}]
    made = someone.post(path, json=body)
    assert made.status_code == 201
    assert made.get_json()["words"] == "Read numbers with a decimal comma in lat"
    assert [one["id"] for one in someone.get(path).get_json()["repairs"]] == [made.get_json()["id"]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ([], 400),
        ({"rule": BY_COMMA, "colour": 1}, 400),
        ({"rule": BY_COMMA, "field": 3}, 400),
        ({"rule": BY_COMMA, "field": "lat", "remember": "yes"}, 400),
        ({"rule": {"kind": "nonsense"}, "field": "lat"}, 422),
        ({"rule": {"kind": "trim"}}, 422),
    ],
)
def test_what_the_api_does_not_understand_is_refused(someone, import_, session, body, status):
    answer = someone.post(f"/api/imports/{import_.id}/repairs", json=body)
    assert answer.status_code == status
    assert answer.get_json()["error"]["message"]
    assert session.scalar(select(Repair)) is None


def test_a_cancelled_import_refuses_to_be_repaired(someone, import_, session):
    import_.status = Status.CANCELLED
    session.commit()
    answer = someone.post(f"/api/imports/{import_.id}/repairs", json={**LATITUDES, "rule": BY_COMMA})
    assert answer.status_code == 409
    assert "cannot be repaired any more" in someone.page(f"/imports/{import_.id}/repair?field=lat")


# The command line


def repair(runner, import_, *more):
    rule = ("--rule", json.dumps(BY_COMMA))
    return runner.invoke(args=["imports", "repair", import_.id, "--field", "lat", "--code", "bad", *rule, *more])


def test_the_command_line_previews_and_changes_nothing(runner, import_, session):
    found = repair(runner, import_, "--preview")
    assert found.exit_code == 0, found.output
    assert "row 1  lat: '50,0' → '50.0'  would pass" in found.output
    assert "Chosen rows: 3. Would pass: 2, would still fail: 0, not changed by the rule: 1." in found.output
    assert json.loads(repair(runner, import_, "--preview", "--json").output)["would_pass"] == 2
    assert session.scalar(select(Repair)) is None


def test_the_command_line_begins_a_repair(runner, import_, session):
    found = repair(runner, import_, "--remember")
    assert (found.exit_code, found.output) == (0, "Begun: Read numbers with a decimal comma in lat.\n")
    assert the_repair(session).made_by is None
    assert session.scalars(select(Layout)).one().user_id is None


def test_a_rule_that_is_no_json_is_refused_at_the_command_line(runner, import_):
    found = runner.invoke(args=["imports", "repair", import_.id, "--rule", "nonsense"])
    assert found.exit_code == 1
    assert "The rule is no JSON" in found.output


# Discarded rows, and retries of a group


@pytest.fixture
def discarded(import_, session):
    """The same import, of whose failed rows the second was discarded."""
    row = session.scalars(select(FailedRow).where(FailedRow.row_number == 2)).one()
    row.discarded_at = row.failed_at
    session.commit()
    return import_


def test_discarded_rows_have_a_view_of_their_own(someone, discarded):
    page = someone.page(f"/imports/{discarded.id}")
    assert f'href="/imports/{discarded.id}?discarded=1#failed-rows"' in page
    assert 'id="row-2"' not in page
    page = someone.page(f"/imports/{discarded.id}?discarded=1")
    assert re.findall(r'<tr id="row-(\d+)"', page) == ["2"]
    assert "Discarded rows" in texts(page)
    assert "failed-rows.csv?discarded=1" in page
    assert "Edit row" not in page
    assert '<input type="hidden" name="discarded" value="1">' in page
    assert "No discarded row is like that." in texts(
        someone.page(f"/imports/{discarded.id}?discarded=1&text=nothing")
    )


def test_scripts_list_discarded_rows_alone(someone, discarded, runner):
    path = f"/api/imports/{discarded.id}/failed-rows"
    rows = someone.get(f"{path}?discarded=1").get_json()["failed_rows"]
    assert [(row["row_number"], row["discarded_at"] is not None) for row in rows] == [(2, True)]
    assert [row["row_number"] for row in someone.get(path).get_json()["failed_rows"]] == [1, 3]
    assert someone.get(f"{path}?discarded=yes").status_code == 400
    assert someone.get(f"/imports/{discarded.id}/failed-rows.csv?discarded=yes").status_code == 400
    assert len(someone.get(f"/imports/{discarded.id}/failed-rows.csv?discarded=1").data.splitlines()) == 2
    listed = runner.invoke(args=["imports", "failed-rows", discarded.id, "--discarded"]).output
    assert (listed.count("row 2, "), listed.count("row 1, ")) == (1, 0)


def test_what_the_view_of_discarded_rows_shows_is_brought_back_by_one_button(someone, discarded, session):
    page = someone.page(f"/imports/{discarded.id}?discarded=1&text=EDDB")
    assert 'id="restore-rows"' in page
    someone.post(f"/imports/{discarded.id}/repair/restore", {"discarded": "1", "text": "EDDB"})
    kept = the_repair(session)
    assert (kept.rule, kept.chosen) == ({"kind": "restore"}, {"text": "EDDB"})


def test_a_group_that_may_pass_has_a_button_and_others_none(someone, import_, session):
    assert "retry-group" not in someone.page(f"/imports/{import_.id}")
    row = session.scalars(select(FailedRow).where(FailedRow.row_number == 3)).one()
    row.code = "check_timeout"
    session.commit()
    assert someone.page(f"/imports/{import_.id}").count('id="retry-group-') == 1
    answer = someone.post(f"/imports/{import_.id}/repair/retry", {"field": "lat", "code": "check_timeout"})
    assert answer.location == f"/imports/{import_.id}#live-repairs"
    kept = the_repair(session)
    assert (kept.rule, kept.chosen) == ({"kind": "retry"}, {"field": "lat", "code": "check_timeout"})


def test_a_group_is_tried_again_by_scripts_and_at_the_command_line(someone, import_, session, runner):
    body = {**LATITUDES, "rule": {"kind": "retry"}}
    told = someone.post(f"/api/imports/{import_.id}/repairs", json=body).get_json()
    assert (told["words"], told["chosen"]) == ("Try the rows again as they are", LATITUDES)
    assert runner.invoke(args=["imports", "retry", import_.id, "--code", "bad"]).exit_code == 0
    assert runner.invoke(args=["imports", "retry", import_.id, "--code", "bad", "--row", "1"]).exit_code == 1
    assert runner.invoke(args=["imports", "retry", import_.id, "--code", "bad"]).exit_code == 0  # the same
    assert runner.invoke(args=["imports", "retry", import_.id, "--code", ""]).exit_code == 1  # all
    kinds = session.scalars(select(Repair.rule).order_by(Repair.id)).all()
    assert kinds == [{"kind": "retry"}] * 2


def test_somebody_elses_group_cannot_be_tried(visitor, other, import_):
    assert visitor(other).post(f"/imports/{import_.id}/repair/retry", LATITUDES).status_code == 404
