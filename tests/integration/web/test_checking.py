"""Files that leave a choice to a person: questions, answers, what is remembered, and the page that asks."""

from __future__ import annotations

import html
import io
import json
import re

import pytest
from sqlalchemy import false, select

from importer.control import answers
from importer.control.options import Options
from importer.errors import RefusedTransitionError
from importer.lifecycle.beginnings import HEAD_BYTES
from importer.models import Import, Layout
from importer.queue import queues
from importer.statuses import Status

DATES = b"email,name,signup_date\na@example.com,Ann,03/04/2024\nb@example.com,Bob,05/06/2024\n"
NEAR = b"email,name,Sign-up date (UTC),Shoe size\na@example.com,Ann,2024-03-04,42\n"
UNNAMED = b"email,name,,phone\na@example.com,Ann,ACME,0301\n"
PERFECT = b"email,name\na@example.com,Ann\n"


def uploaded(someone, content, **options):
    fields = {"record_type": "contacts", **options}
    answer = someone.upload(content, name="contacts.csv", **fields)
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def ids(told):
    return [question["id"] for question in told["questions"]]


def answer(someone, import_id, **parts):
    return someone.post(f"/api/imports/{import_id}/answers", json.dumps(parts), content_type="application/json")


def stored(session, import_id):
    return session.scalars(
        select(Import).where(Import.id == import_id).execution_options(populate_existing=True)
    ).one()


def test_a_perfect_file_begins_at_once(operator, visitor, services):
    told = uploaded(visitor(operator), PERFECT)
    assert (told["status"], told["questions"]) == ("queued", [])
    assert queues.is_slice_queued(services.redis, told["id"])


@pytest.mark.parametrize(
    ("content", "questions"),
    [
        (DATES, ["date_order-3"]),
        (NEAR, ["column-3"]),
        (UNNAMED, ["column-3"]),
        (b"email,Vorname,Nachname\na@example.com,Ann,Lee\n", ["field-name"]),
        (b"email,name,balance\na@example.com,Ann,1.500\nb@example.com,Bob,2.000\n", ["decimal_mark-3"]),
        (b"email,name,balance\na@example.com,Ann,12%\n", ["percent-3"]),
        (b"email,name,company\na@example.com,Ann,NULL\n", ["no_values-3"]),
        ("email,name\na@example.com,Málaga\nb@example.com,Muñoz\n".encode("cp1252"), ["encoding"]),
        (b"email,name,E-Mail\na@example.com,Ann,b@example.com\n", ["field-email"]),
    ],
)
def test_what_only_a_person_can_say_is_asked_and_nothing_begins(content, questions, operator, visitor, services):
    told = uploaded(visitor(operator), content)
    assert (told["status"], ids(told)) == ("waiting", questions)
    assert not queues.is_slice_queued(services.redis, told["id"])
    assert all(question["text"] and "default" in question for question in told["questions"])


def test_a_question_may_show_a_cell_with_a_character_that_postgres_refuses(operator, visitor):
    someone = visitor(operator)
    told = uploaded(someone, UNNAMED.replace(b"ACME", b"AC\0ME"))
    assert ids(told) == ["column-3"]
    assert "AC\N{REPLACEMENT CHARACTER}ME" in told["questions"][0]["text"]
    assert someone.get(f"/imports/{told['id']}/file").status_code == 200


def test_answers_that_leave_no_question_start_the_import(operator, visitor, session, services):
    someone = visitor(operator)
    told = uploaded(someone, DATES)
    answered = answer(someone, told["id"], answers={"date_order-3": "dmy"}).get_json()
    assert (answered["status"], answered["questions"]) == ("queued", [])
    assert stored(session, told["id"]).mapping["fills"][2]["reading"]["date_order"] == "dmy"
    assert queues.is_slice_queued(services.redis, told["id"])


def test_some_answers_leave_the_others_open(operator, visitor):
    someone = visitor(operator)
    content = b"email,name,signup_date,balance\na@example.com,Ann,03/04/2024,1.500\n"
    told = uploaded(someone, content)
    assert ids(told) == ["date_order-3", "decimal_mark-4"]
    answered = answer(someone, told["id"], answers={"date_order-3": "dmy"}).get_json()
    assert (answered["status"], ids(answered)) == ("waiting", ["decimal_mark-4"])
    assert answer(someone, told["id"], answers={"decimal_mark-4": ","}).get_json()["status"] == "queued"


def test_of_two_who_answer_at_once_both_count(operator, visitor, services, session, monkeypatch):
    someone = visitor(operator)
    told = uploaded(someone, b"email,name,signup_date,balance\na@example.com,Ann,03/04/2024,1.500\n")
    look = answers.reading_of
    crossing = [{"decimal_mark-4": ","}]

    def crossed(*args):
        reading = look(*args)
        if crossing:
            assert answer(someone, told["id"], answers=crossing.pop()).status_code == 200
        return reading

    monkeypatch.setattr(answers, "reading_of", crossed)
    answers.answer(session, services, stored(session, told["id"]), operator, Options({"date_order-3": "dmy"}))
    import_ = stored(session, told["id"])
    assert (import_.status, import_.answers["decimal_mark-4"], import_.answers["date_order-3"]) == (
        Status.QUEUED,
        ",",
        "dmy",
    )


def test_answers_that_others_always_cross_are_refused(operator, visitor, services, session, monkeypatch):
    told = uploaded(visitor(operator), DATES)
    monkeypatch.setattr(answers, "still_answered", lambda _: false())
    with pytest.raises(RefusedTransitionError, match="at the same time"):
        answers.answer(session, services, stored(session, told["id"]), operator, Options({"date_order-3": "dmy"}))


@pytest.mark.parametrize("given", [{"date_order-3": "upwards"}, {"date-order": "dmy"}, {"column-9": "name"}])
def test_an_answer_to_no_question_is_refused_and_none_is_taken(given, operator, visitor, session):
    someone = visitor(operator)
    told = uploaded(someone, DATES)
    refused = answer(someone, told["id"], answers=given)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (422, "unknown_answers")
    assert stored(session, told["id"]).status == Status.WAITING


@pytest.mark.parametrize("body", ["", "[]", "{", '{"answer": {}}', '{"answers": []}', '{"readings": {"a": 1}}'])
def test_answers_of_another_shape_are_refused_in_words(body, operator, visitor):
    someone = visitor(operator)
    told = uploaded(someone, DATES)
    refused = someone.post(f"/api/imports/{told['id']}/answers", body, content_type="application/json")
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (400, "options")


def test_an_import_that_has_begun_takes_no_answers(operator, visitor):
    someone = visitor(operator)
    told = uploaded(someone, PERFECT)
    assert answer(someone, told["id"], answers={}).status_code == 409


def test_what_was_answered_is_remembered_for_files_with_the_same_columns(operator, other, visitor, session):
    someone = visitor(operator)
    answer(someone, uploaded(someone, DATES)["id"], answers={"date_order-3": "dmy"})
    again = uploaded(someone, DATES.replace(b"Ann", b"Zoe"))
    assert again["status"] == "queued"
    assert again["answers"]["remembered"]["by"] == operator.email
    assert uploaded(visitor(other), DATES.replace(b"Ann", b"Eve"))["status"] == "queued"
    assert len(session.scalars(select(Layout)).all()) == 1


def test_a_persons_own_answers_come_before_those_of_others(operator, other, visitor, session):
    someone, else_ = visitor(operator), visitor(other)
    waiting = [uploaded(one, DATES)["id"] for one in (someone, else_)]
    answer(someone, waiting[0], answers={"date_order-3": "dmy"})
    answer(else_, waiting[1], answers={"date_order-3": "mdy"})
    again = uploaded(someone, DATES.replace(b"Ann", b"Zoe"))
    assert stored(session, again["id"]).mapping["fills"][2]["reading"]["date_order"] == "dmy"


def test_a_file_that_contradicts_what_is_remembered_asks_again(operator, visitor):
    someone = visitor(operator)
    answer(someone, uploaded(someone, DATES)["id"], answers={"date_order-3": "dmy"})
    told = uploaded(someone, DATES.replace(b"05/06", b"05/31"))
    assert (told["status"], ids(told)) == ("waiting", ["date_order-3"])


def test_a_remembered_header_line_does_not_count_in_a_file_with_fewer_titles(operator, visitor, session):
    someone = visitor(operator)
    rows = b"email,name\na@example.com,Ann\nb@example.com,Bob\nc@example.com,Cem\n"
    sent = someone.post(
        "/imports?record_type=contacts",
        {
            "options": json.dumps({"profile": {"header": "5"}}),
            "file": (io.BytesIO(b"Members\nof May\n\n\n" + rows), "a.csv"),
        },
        headers={"Accept": "application/json"},
    )
    assert sent.get_json()["status"] == "queued"
    again = uploaded(someone, b"Members\n\n" + rows)
    assert again["status"] == "queued"
    assert stored(session, again["id"]).header == ["email", "name"]


def test_what_stands_below_a_table_is_asked_about_also_where_the_file_ends_with_what_is_looked_at_first(
    operator, visitor
):
    row = b"a@example.com,Ann,0301,ACME\n"
    begin, end = b"email,name,phone,company\n", b"Total,,,\n"
    count, left = divmod(HEAD_BYTES - len(begin) - len(end), len(row))
    content = begin + row * (count - 1) + row.replace(b"ACME", b"A" * (left + 4)) + end
    assert len(content) == HEAD_BYTES
    assert ids(uploaded(visitor(operator), content)) == ["footer"]


def test_a_script_may_refuse_to_wait(operator, visitor, session):
    someone = visitor(operator)
    refused = someone.post(
        "/imports?record_type=contacts&ask=never",
        {"file": (io.BytesIO(DATES), "a.csv")},
        headers={"Accept": "application/json"},
    )
    error = refused.get_json()["error"]
    assert (refused.status_code, error["code"]) == (422, "questions")
    assert [question["id"] for question in error["questions"]] == ["date_order-3"]
    assert [one.status for one in session.scalars(select(Import))] == [Status.STOPPED]


def test_options_with_the_upload_answer_what_would_be_asked(operator, visitor, session):
    options = {
        "mapping": {"Shoe size": None, "Sign-up date (UTC)": "signup_date"},
        "constants": {"company": "ACME"},
        "empty_cells": "clear",
    }
    sent = visitor(operator).post(
        "/imports?record_type=contacts",
        {"options": json.dumps(options), "file": (io.BytesIO(NEAR), "a.csv")},
        headers={"Accept": "application/json"},
    )
    assert sent.get_json()["status"] == "queued"
    mapping = stored(session, sent.get_json()["id"]).mapping
    assert mapping["clears"]
    assert {fill["field"]: fill.get("default") for fill in mapping["fills"]}["company"] == "ACME"
    assert sent.get_json()["columns"][2] == {"name": "Sign-up date (UTC)", "field": "signup_date"}


def controls(page):
    """What a browser would send of the page's form."""
    sent = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = (re.search(rf' {part}="([^"]*)"', tag) for part in ("name", "value"))
        if name and ('type="radio"' not in tag or " checked" in tag):
            sent[html.unescape(name[1])] = html.unescape(value[1]) if value else ""
    for name, inner in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        sent[name] = html.unescape(chosen[1]) if chosen else html.unescape(re.search(r'value="([^"]*)"', inner)[1])
    return sent


def test_the_page_asks_first_and_shows_the_rows_as_they_will_be_saved(operator, visitor):
    someone = visitor(operator)
    told = uploaded(someone, NEAR.replace(b"Ann", b"Ann\xc2\xa0Lee"))
    assert someone.get(f"/imports/{told['id']}").headers["Location"].endswith("/file")
    page = someone.page(f"/imports/{told['id']}/file")
    assert "One question" in page
    assert "Column Sign-up date (UTC) holds “2024-03-04”" in html.unescape(page)
    assert "1 column will not be imported:" in " ".join(page.split()).replace("</strong>", "")
    assert "Import 1 row" in page


def test_the_page_works_without_scripts(operator, visitor, session):
    someone = visitor(operator)
    told = uploaded(someone, DATES)
    address = f"/imports/{told['id']}/file"
    form = controls(someone.page(address))
    lacking = someone.post(address, {**form, "action": "start"})
    assert lacking.status_code == 422
    assert "One question is still to be answered." in " ".join(lacking.get_data(as_text=True).split())
    form |= {"date_order-3": "dmy"}
    updated = someone.post(address, {**form, "action": "update"}).get_data(as_text=True)
    assert "2024-04-03" in updated
    assert stored(session, told["id"]).status == Status.WAITING
    form = controls(updated)
    assert form["date_order-3"] == "dmy"
    assert someone.post(address, {**form, "action": "start"}).status_code == 302
    assert stored(session, told["id"]).status == Status.QUEUED


def test_only_what_differs_from_what_is_found_counts_as_an_answer(operator, visitor, session):
    someone = visitor(operator)
    told = uploaded(someone, DATES)
    form = controls(someone.page(f"/imports/{told['id']}/file"))
    someone.post(f"/imports/{told['id']}/file", {**form, "date_order-3": "dmy", "action": "start"})
    assert stored(session, told["id"]).answers == {"date_order-3": "dmy"}


def test_a_choice_that_cannot_be_is_told_and_changes_nothing(operator, visitor):
    someone = visitor(operator)
    told = uploaded(someone, DATES)
    form = controls(someone.page(f"/imports/{told['id']}/file"))
    preview = someone.post(f"/imports/{told['id']}/file/preview", {**form, "column-1": "none"})
    assert preview.status_code == 200
    assert "lacks the required column email" in preview.get_data(as_text=True)


def test_another_file_may_be_chosen_instead(operator, visitor, session):
    someone = visitor(operator)
    told = uploaded(someone, DATES)
    assert someone.post(f"/imports/{told['id']}/file/discard").status_code == 302
    assert stored(session, told["id"]).deleted_at is not None


def test_nobody_else_sees_or_answers_the_questions(operator, other, visitor):
    told = uploaded(visitor(operator), DATES)
    stranger = visitor(other)
    assert stranger.get(f"/imports/{told['id']}/file").status_code == 404
    assert stranger.post(f"/imports/{told['id']}/file", {"action": "start"}).status_code == 404
    assert answer(stranger, told["id"], answers={"date_order-3": "dmy"}).status_code == 404


COUNTRIES = b"icao,country\nEDDF,Deutschland\nEPWA,Polen\nFZAA,Congo\nLFPG,FR\n"


def test_names_of_countries_are_proposed_as_codes_and_taken_with_one_click(operator, visitor, session):
    someone = visitor(operator)
    told = uploaded(someone, COUNTRIES, record_type="airports")
    (question,) = told["questions"]
    proposed = [(choice["value"], choice["text"]) for choice in question["choices"]]
    assert (told["status"], proposed) == ("waiting", [("Deutschland", "DE"), ("Polen", "PL"), ("Congo", "")])
    address = f"/imports/{told['id']}/file"
    form = controls(someone.page(address))
    assert (form["words-2[Deutschland]"], form["words-2[Congo]"]) == ("DE", "")
    assert question["default"] == {"Deutschland": "DE", "Polen": "PL"}
    assert "nobody has said what Congo stands for" in (page := someone.page(address))
    assert "nobody has said what Polen stands for" not in page
    assert someone.post(address, {**form, "action": "start"}).status_code == 302
    assert stored(session, told["id"]).mapping["fills"][1]["reading"]["words"] == {
        "Deutschland": "DE",
        "Polen": "PL",
    }


def test_a_proposed_code_can_be_changed_or_taken_out_and_stays_so(operator, visitor, session):
    someone = visitor(operator)
    told = uploaded(someone, COUNTRIES, record_type="airports")
    address = f"/imports/{told['id']}/file"
    form = controls(someone.page(address)) | {"words-2[Polen]": "", "words-2[Congo]": "cd"}
    updated = someone.post(address, {**form, "action": "update"}).get_data(as_text=True)
    assert controls(updated)["words-2[Polen]"] == ""
    assert "nobody has said what Polen stands for" in updated
    assert someone.post(address, {**controls(updated), "action": "start"}).status_code == 302
    assert stored(session, told["id"]).mapping["fills"][1]["reading"]["words"] == {
        "Deutschland": "DE",
        "Congo": "CD",
    }


def test_a_code_that_is_none_is_not_taken(operator, visitor, session):
    someone = visitor(operator)
    told = uploaded(someone, COUNTRIES, record_type="airports")
    refused = answer(someone, told["id"], answers={"words-2": {"Deutschland": "Germany"}})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (422, "unknown_answers")
    assert stored(session, told["id"]).status == Status.WAITING


def test_codes_of_names_are_remembered_and_only_new_names_are_asked_about(operator, visitor, session):
    someone = visitor(operator)
    told = uploaded(someone, COUNTRIES, record_type="airports")
    said = {"Deutschland": "DE", "Polen": "PL", "Congo": "CG"}
    answer(someone, told["id"], answers={"words-2": said})
    again = uploaded(someone, COUNTRIES + b"LOWW,Polen\n", record_type="airports")
    assert again["status"] == "queued"
    other = uploaded(someone, COUNTRIES + b"LEMD,Spanien\n", record_type="airports")
    assert [choice["value"] for choice in other["questions"][0]["choices"]] == ["Spanien"]
    answer(someone, other["id"], answers={"words-2": {"Spanien": "ES"}})
    words = stored(session, other["id"]).mapping["fills"][1]["reading"]["words"]
    assert words == {**said, "Spanien": "ES"}


VALUES = [None, 7, True, ["dmy"], {"a": {}}, "", "x" * 10_000, "\0", "=", "2+", "1.last", "\ud800"]


@pytest.mark.parametrize(
    "question",
    [
        "encoding",
        "delimiter",
        "quote",
        "header",
        "footer",
        "sheet",
        "empty_cells",
        "column-1",
        "field-email",
        "date_order-3",
        "century-3",
        "no_values-3",
        "words-3",
        "default-name",
        "decimal_mark-signup_date",
    ],
)
def test_any_answer_is_taken_or_refused_in_words(question, operator, visitor):
    someone = visitor(operator)
    for value in VALUES:
        told = uploaded(someone, DATES)
        given = answer(someone, told["id"], answers={question: value})
        assert given.status_code in (200, 400, 422), (value, given.get_json())
