"""Layouts with a name: kept, used, listed, replaced and deleted, by the API and on the page."""

from __future__ import annotations

import io
import json
import threading

import pytest
from sqlalchemy import delete, select

from importer.control import answers, intake
from importer.control.options import NO_NAME
from importer.lifecycle import named_layouts
from importer.models import Import, Layout, User
from importer.statuses import Status

DATES = b"email,name,signup_date\na@example.com,Ann,03/04/2024\n"
PERFECT = b"email,name\na@example.com,Ann\n"
SAP = "SAP contacts"
DAY_FIRST = {"answers": {"date_order-3": "dmy"}}


@pytest.fixture
def someone(operator, visitor):
    return visitor(operator)


def upload(someone, content=DATES, *, record_type="contacts", ask="", **options):
    """The answer to an upload with these options, which may leave its record type out."""
    form = {"options": json.dumps(options), "file": (io.BytesIO(content), "a.csv")}
    named = {"record_type": record_type} if record_type else {}
    return someone.post(f"/imports{ask}", {**named, **form}, headers={"Accept": "application/json"})


def named(someone, name=SAP, content=DATES, **options):
    """Keep a layout."""
    sent = upload(someone, content, save_layout=name, **(options or DAY_FIRST))
    assert sent.get_json()["status"] == "queued", sent.get_json()


def error(answer):
    told = answer.get_json()["error"]
    return answer.status_code, told["code"], told["message"]


def answered(someone, import_id, **options):
    return someone.post(f"/api/imports/{import_id}/answers", json.dumps(options), content_type="application/json")


def layouts(someone):
    return someone.get("/api/layouts").get_json()["layouts"]


def newest(session):
    session.rollback()
    wanted = select(Import).order_by(Import.sequence.desc()).limit(1)
    return session.scalars(wanted.execution_options(populate_existing=True)).one()


def order(session):
    """Of the dates of the newest import."""
    return newest(session).mapping["fills"][2]["reading"]["date_order"]


# Naming


def test_what_counts_when_the_import_begins_is_kept_under_the_name(someone, operator):
    told = upload(someone, save_layout=SAP).get_json()
    assert (told["status"], told["save_layout"], layouts(someone)) == ("waiting", SAP, [])
    assert answered(someone, told["id"], **DAY_FIRST).get_json()["status"] == "queued"
    (kept,) = layouts(someone)
    assert (kept["name"], kept["record_type"], kept["by"]) == (SAP, "contacts", operator.email)
    assert (kept["header"], kept["answers"]) == (["email", "name", "signup_date"], {"date_order-3": "dmy"})


def test_a_name_may_be_given_with_the_answers(someone):
    told = upload(someone).get_json()
    assert answered(someone, told["id"], save_layout=SAP, **DAY_FIRST).get_json()["status"] == "queued"
    assert [layout["name"] for layout in layouts(someone)] == [SAP]


@pytest.mark.parametrize("taken_back", [None, ""])
def test_a_name_may_be_taken_back_before_the_import_begins(taken_back, someone):
    told = upload(someone, save_layout=SAP).get_json()
    assert answered(someone, told["id"], save_layout=taken_back, **DAY_FIRST).get_json()["status"] == "queued"
    assert layouts(someone) == []


def test_a_layout_without_answers_says_record_type_and_header(someone):
    named(someone, content=PERFECT, answers={})
    (kept,) = layouts(someone)
    assert (kept["record_type"], kept["header"], kept["answers"]) == ("contacts", ["email", "name"], {})


def test_what_is_answered_later_changes_only_what_has_no_name(someone, session):
    named(someone)
    upload(someone, **{"answers": {"date_order-3": "mdy"}})
    upload(someone)
    assert order(session) == "mdy"
    upload(someone, layout=SAP)
    assert order(session) == "dmy"
    assert len(session.scalars(select(Layout)).all()) == 2


def test_a_layout_alone_changes_nothing_of_what_has_no_name(someone, session):
    named(someone)
    upload(someone, **{"answers": {"date_order-3": "mdy"}})
    upload(someone, layout=SAP)
    upload(someone)
    assert order(session) == "mdy"


def test_a_named_layout_counts_for_nobody_who_does_not_name_it(someone, other, visitor, session):
    named(someone)
    session.execute(delete(Layout).where(Layout.name.is_(None)))
    session.commit()
    assert upload(visitor(other)).get_json()["status"] == "waiting"


def test_its_owner_replaces_a_name_whatever_its_case(someone):
    named(someone)
    named(someone, " sap CONTACTS ", answers={"date_order-3": "mdy"})
    (kept,) = layouts(someone)
    assert (kept["name"], kept["answers"]) == ("sap CONTACTS", {"date_order-3": "mdy"})


def test_an_admin_replaces_a_name_of_somebody_else(someone, admin, visitor):
    named(someone)
    named(visitor(admin), answers={"date_order-3": "mdy"})
    (kept,) = layouts(someone)
    assert (kept["by"], kept["answers"]) == (admin.email, {"date_order-3": "mdy"})


def test_anyone_else_is_told_whose_it_is_before_anything_begins(
    someone, operator, other, visitor, session, stored
):
    named(someone)
    begun = stored()
    status, code, message = error(upload(visitor(other), save_layout="sap contacts", **DAY_FIRST))
    assert (status, code) == (409, "layout_exists")
    assert "“SAP contacts” already" in message
    assert operator.email in message
    assert (newest(session).status, stored()) == (Status.STOPPED, begun)


def test_anyone_else_is_told_so_of_their_answers_and_none_is_taken(someone, other, visitor, session):
    named(someone)
    session.execute(delete(Layout).where(Layout.name.is_(None)))
    session.commit()
    stranger = visitor(other)
    told = upload(stranger).get_json()
    refused = answered(stranger, told["id"], save_layout=SAP, **DAY_FIRST)
    assert error(refused)[:2] == (409, "layout_exists")
    assert (newest(session).status, newest(session).answers) == (Status.WAITING, {})
    assert answered(stranger, told["id"], save_layout="mine", **DAY_FIRST).get_json()["status"] == "queued"


@pytest.mark.parametrize("name", ["", "  ", None])
def test_an_empty_name_with_the_upload_is_none(name, someone):
    named(someone, name)
    assert layouts(someone) == []


@pytest.mark.parametrize("name", ["x" * 101, "a\nb", "a\u200bb", "\0", "\ud800", 7, ["a"]])
@pytest.mark.parametrize("part", ["layout", "save_layout"])
def test_a_name_that_is_none_is_refused_in_words(part, name, someone):
    assert error(upload(someone, **{part: name})) == (400, "options", NO_NAME)


def test_a_name_of_a_hundred_characters_is_kept(someone):
    named(someone, "ä" * 100)
    assert layouts(someone)[0]["name"] == "ä" * 100


def test_of_two_who_save_one_name_at_once_both_get_an_answer_in_words(
    operator, other, visitor, session, monkeypatch
):
    """Both have looked and found the name free when the first of them keeps it."""
    both = threading.Barrier(2)
    look = named_layouts.refuse_to_replace

    def at_once(*args):
        look(*args)
        if not both.broken:
            both.wait(20)

    monkeypatch.setattr(intake, "refuse_to_replace", at_once)
    visitors, sent = [visitor(operator), visitor(other)], []

    def send(one):
        sent.append(upload(one, save_layout=SAP, **DAY_FIRST))

    threads = [threading.Thread(target=send, args=[one]) for one in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answer.status_code for answer in sent) == [201, 409]
    assert [layout["name"] for layout in layouts(visitors[0])] == [SAP]
    refused = next(answer for answer in sent if answer.status_code == 409)
    assert error(refused)[1] == "layout_exists"
    statuses = session.scalars(select(Import.status))
    assert sorted(statuses) == [Status.QUEUED, Status.STOPPED]


def test_a_name_that_is_taken_while_a_file_waits_is_told_with_the_answers(someone, other, visitor, session):
    told = upload(someone, save_layout=SAP).get_json()
    named(visitor(other))
    assert error(answered(someone, told["id"], **DAY_FIRST))[:2] == (409, "layout_exists")
    assert someone.get(f"/api/imports/{told['id']}").get_json()["status"] == "waiting"
    assert answered(someone, told["id"], save_layout=None, **DAY_FIRST).get_json()["status"] == "queued"


# Using


def test_the_answers_of_a_layout_count_and_the_record_type_may_be_left_out(someone, other, visitor, session):
    named(someone)
    told = upload(visitor(other), record_type=None, layout="sap contacts", ask="?ask=never").get_json()
    assert (told["status"], told["record_type"], told["layout"]) == ("queued", "contacts", SAP)
    assert (told["answers"]["date_order-3"], told["answers"]["remembered"]["layout"]) == ("dmy", SAP)
    assert order(session) == "dmy"
    assert f"<dt>Layout</dt><dd>{SAP}</dd>" in visitor(other).page(f"/imports/{told['id']}")


def test_the_options_may_stand_behind_the_file(someone):
    named(someone)
    form = {"file": (io.BytesIO(DATES), "a.csv"), "options": json.dumps({"layout": SAP})}
    sent = someone.post("/imports", form, headers={"Accept": "application/json"})
    assert (sent.get_json()["status"], sent.get_json()["record_type"]) == ("queued", "contacts")


def test_another_record_type_than_the_layouts_is_refused(someone):
    named(someone)
    status, code, message = error(upload(someone, record_type="airports", layout=SAP))
    assert (status, code) == (422, "other_layout")
    assert "is of contacts" in message


def test_a_layout_is_final_where_the_file_contradicts_it(someone, session):
    named(someone)
    told = upload(someone, DATES.replace(b"03/04", b"03/31"), layout=SAP).get_json()
    assert (told["status"], order(session)) == ("queued", "dmy")


@pytest.mark.parametrize("ask", ["", "?ask=never"])
def test_a_file_with_other_columns_is_refused_and_they_are_named(ask, someone, session):
    named(someone)
    content = b"email,signup_date,Shoe size\na@example.com,03/04/2024,42\n"
    status, code, message = error(upload(someone, content, layout=SAP, ask=ask))
    assert (status, code) == (422, "other_layout")
    assert "New are: Shoe size. It lacks: name." in message
    assert newest(session).status == Status.STOPPED


def test_the_same_columns_in_another_order_are_refused(someone):
    named(someone)
    content = b"name,email,signup_date\nAnn,a@example.com,03/04/2024\n"
    assert "in another order" in error(upload(someone, content, layout=SAP))[2]


@pytest.mark.parametrize(("count", "more"), [(0, None), (3, None), (23, "and 3 more")])
def test_a_name_that_there_is_not_is_refused_and_those_there_are_are_named(count, more, someone, session):
    for number in range(count):
        session.add(
            Layout(name=f"n{number:02}", record_type="contacts", header_digest="", header=["email"], answers={})
        )
    session.commit()
    status, code, message = error(upload(someone, layout="SAP"))
    assert (status, code) == (422, "unknown_layout")
    assert message.count("“n") == min(count, 20)
    assert (more or "") in message
    assert newest(session).status == Status.STOPPED


def test_what_the_caller_says_beside_a_layout_counts_more(someone, session):
    named(someone)
    upload(someone, layout=SAP, readings={"signup_date": {"date_order": "mdy"}})
    assert order(session) == "mdy"


def test_a_layout_holds_for_names_in_other_letters(someone, session):
    content = b"email,name,Sign-up date (UTC),Shoe size\na@example.com,Ann,2024-03-04,42\n"
    named(someone, content=content, mapping={"Sign-up date (UTC)": "signup_date", "Shoe size": None})
    told = upload(someone, content.replace(b"Sign-up date (UTC)", b"SIGN-UP DATE UTC"), layout=SAP).get_json()
    assert (told["status"], told["columns"][2]["field"]) == ("queued", "signup_date")


def test_what_a_layout_says_and_the_file_does_not_ask_is_no_fault(someone):
    named(someone, answers={"date_order-3": "dmy", "encoding": "cp1252"}, content=DATES.replace(b"Ann", b"M\xe1l"))
    assert upload(someone, DATES, layout=SAP).get_json()["status"] == "queued"


def test_a_file_that_leaves_its_encoding_open_is_of_the_layout_all_the_same(someone):
    named(someone, content=PERFECT, answers={})
    told = upload(
        someone, "email,name\na@example.com,Málaga\nb@example.com,Muñoz\n".encode("cp1252"), layout=SAP
    ).get_json()
    assert (told["status"], [question["id"] for question in told["questions"]]) == ("waiting", ["encoding"])
    assert answered(someone, told["id"], answers={"encoding": "cp1252"}).get_json()["layout"] == SAP


def test_titles_before_the_header_may_be_more_or_fewer(someone, session):
    rows = b"email,name\na@example.com,Ann\nb@example.com,Bob\nc@example.com,Cem\n"
    named(someone, content=b"Members\nof May\n\n\n" + rows, profile={"header": "5"})
    assert upload(someone, b"Members\n\n" + rows, layout=SAP).get_json()["status"] == "queued"
    assert newest(session).header == ["email", "name"]


def test_a_header_with_a_blank_end_is_known_again(someone):
    content = b"email,name,,\n" + b"a@example.com,Ann\n" * 5
    named(someone, content=content, answers={})
    assert upload(someone, content, layout=SAP).get_json()["status"] == "queued"


def test_a_layout_may_be_named_with_the_answers(someone, session):
    named(someone)
    session.execute(delete(Layout).where(Layout.name.is_(None)))
    session.commit()
    told = upload(someone).get_json()
    assert error(answered(someone, told["id"], layout="SAP"))[:2] == (422, "unknown_layout")
    done = answered(someone, told["id"], layout=SAP).get_json()
    assert (done["status"], done["layout"], order(session)) == ("queued", SAP, "dmy")


def test_an_import_that_waits_keeps_the_layout_that_it_was_sent_with(someone, session):
    content = b"email,name,signup_date,balance\na@example.com,Ann,03/04/2024,1.500\n"
    both = {"date_order-3": "dmy", "decimal_mark-4": ","}
    named(someone, content=content, answers=both)
    session.execute(delete(Layout).where(Layout.name.is_(None)))
    kept = session.scalars(select(Layout)).one()
    kept.answers = {"date_order-3": "dmy"}
    session.commit()
    told = upload(someone, content, layout=SAP).get_json()
    assert [question["id"] for question in told["questions"]] == ["decimal_mark-4"]
    assert someone.delete(f"/api/layouts/{SAP}").status_code == 204
    assert "Read as “SAP contacts”" in someone.page(f"/imports/{told['id']}/file")
    done = answered(someone, told["id"], answers={"decimal_mark-4": ","}).get_json()
    assert (done["status"], order(session)) == ("queued", "dmy")


# Listing and deleting


def test_layouts_are_listed_by_name_in_pages_for_everybody(someone, other, visitor):
    for name in ("b", "A", "c"):
        named(someone, name)
    page = visitor(other).get("/api/layouts?limit=2").get_json()
    assert [layout["name"] for layout in page["layouts"]] == ["A", "b"]
    assert [layout["name"] for layout in someone.get(page["next"]).get_json()["layouts"]] == ["c"]
    assert error(someone.get("/api/layouts?limit=51"))[0] == 400


def test_what_is_too_long_for_the_list_is_told_of_the_one(someone, session):
    header = [f"column {number}" for number in range(2000)]
    session.add(Layout(name="a/b", record_type="contacts", header_digest="", header=header, answers={"a": "b"}))
    session.commit()
    (listed,) = layouts(someone)
    assert (listed["header"], listed["answers"]) == (None, {"a": "b"})
    assert someone.get("/api/layouts/A%2Fb").get_json()["header"] == header
    assert error(someone.get("/api/layouts/a"))[0] == 404


def test_only_the_owner_or_an_admin_deletes_a_layout(someone, other, admin, visitor):
    named(someone)
    assert error(visitor(other).delete(f"/api/layouts/{SAP}"))[0] == 403
    assert someone.delete("/api/layouts/SAP CONTACTS").status_code == 204
    assert error(someone.delete(f"/api/layouts/{SAP}"))[0] == 404
    named(someone)
    assert visitor(admin).delete(f"/api/layouts/{SAP}").status_code == 204
    assert layouts(someone) == []


@pytest.mark.parametrize("name", ["%00", "%ed%a0%80", "%20", "x" * 101])
def test_a_name_that_no_layout_can_have_is_told_so(name, someone):
    for answer in (someone.get(f"/api/layouts/{name}"), someone.delete(f"/api/layouts/{name}")):
        assert answer.status_code in (400, 404), answer.get_json()


def test_a_layout_goes_with_the_account_of_who_named_it(someone, operator, other, visitor, session):
    named(someone)
    session.execute(delete(User).where(User.id == operator.id))
    session.commit()
    stranger = visitor(other)
    assert layouts(stranger) == []
    named(stranger)


def test_a_name_of_an_account_that_is_gone_by_the_beginning_is_nobodys(someone, operator, admin, visitor, session):
    told = upload(someone, save_layout=SAP).get_json()
    session.execute(delete(User).where(User.id == operator.id))
    session.commit()
    assert answered(visitor(admin), told["id"], **DAY_FIRST).get_json()["status"] == "queued"
    assert [layout["by"] for layout in layouts(visitor(admin))] == [None]


# On the page


def test_the_page_keeps_the_choices_under_a_name(someone, session):
    told = upload(someone).get_json()
    address = f"/imports/{told['id']}/file"
    assert "Remember these choices under a name (optional)" in someone.page(address)
    form = {"date_order-3": "dmy", "save_layout": SAP, "action": "update"}
    assert f'value="{SAP}"' in someone.post(address, form).get_data(as_text=True)
    assert someone.post(address, {**form, "action": "start"}).status_code == 302
    assert [layout["name"] for layout in layouts(someone)] == [SAP]


@pytest.mark.parametrize(("name", "status", "words"), [(SAP, 409, "already"), ("x" * 101, 400, "1 to 100")])
def test_the_page_says_why_a_name_is_not_taken(name, status, words, someone, other, visitor, session):
    named(someone)
    session.execute(delete(Layout).where(Layout.name.is_(None)))
    session.commit()
    stranger = visitor(other)
    told = upload(stranger).get_json()
    form = {"date_order-3": "dmy", "save_layout": name, "action": "start"}
    answer = stranger.post(f"/imports/{told['id']}/file", form)
    assert (answer.status_code, newest(session).status) == (status, Status.WAITING)
    page = answer.get_data(as_text=True)
    assert words in page
    assert f'value="{name}"' in page


def test_the_first_look_names_the_layouts_of_such_files(someone):
    named(someone)
    for content, names in ((DATES, [SAP]), (PERFECT, [])):
        told = someone.post(
            f"/imports/first-look?size={len(content)}", content, content_type="application/octet-stream"
        )
        assert told.get_json()["layouts"] == names


# At the command line


@pytest.fixture
def flask(runner):
    return lambda *arguments, **more: runner.invoke(args=list(arguments), **more)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "dates.csv").write_bytes(DATES)
    return str(tmp_path / "dates.csv")


@pytest.fixture
def perfect(tmp_path):
    (tmp_path / "perfect.csv").write_bytes(PERFECT)
    return str(tmp_path / "perfect.csv")


def test_the_command_line_keeps_uses_lists_and_deletes_layouts(flask, path, tmp_path, session):
    (tmp_path / "answers.json").write_text(json.dumps(DAY_FIRST))
    said = ["--answers", str(tmp_path / "answers.json")]
    assert flask("imports", "start", path, "--type", "contacts", "--save-layout", SAP, *said).exit_code == 0
    session.execute(delete(Layout).where(Layout.name.is_(None)))
    session.commit()
    assert flask("imports", "start", path, "--layout", SAP).exit_code == 0
    assert (newest(session).record_type, order(session)) == ("contacts", "dmy")
    assert f"Layout: {SAP}\n" in flask("imports", "show", newest(session).id).stdout
    assert flask("layouts", "list").stdout == f"{SAP}  contacts  the command line  email, name, signup_date\n"
    assert json.loads(flask("layouts", "list", "--json").stdout)[0]["answers"] == {"date_order-3": "dmy"}
    assert flask("layouts", "delete", "sap contacts", input="y\n").exit_code == 0
    gone = flask("layouts", "delete", SAP, "--yes")
    assert (gone.exit_code, "There is no layout" in gone.stderr) == (1, True)


def test_the_command_line_names_a_layout_with_the_answers(flask, path, tmp_path, session):
    (tmp_path / "answers.json").write_text(json.dumps(DAY_FIRST))
    assert flask("imports", "start", path, "--type", "contacts").exit_code == 3
    said = ["--answers", str(tmp_path / "answers.json"), "--save-layout", SAP]
    assert flask("imports", "answer", newest(session).id, *said).exit_code == 0
    assert SAP in flask("layouts", "list").stdout


def test_a_layout_made_at_the_command_line_is_changed_by_admins_alone(flask, perfect, someone, admin, visitor):
    assert flask("imports", "start", perfect, "--type", "contacts", "--save-layout", SAP).exit_code == 0
    status, _, message = error(upload(someone, save_layout=SAP, **DAY_FIRST))
    assert (status, "made at the command line" in message) == (409, True)
    assert error(someone.delete(f"/api/layouts/{SAP}"))[0] == 403
    named(visitor(admin))


def test_answers_are_not_taken_by_a_layout_that_is_of_another_record_type(someone, session):
    named(someone, "airports", content=b"icao,name\nEDDB,Berlin\n", record_type="airports", answers={})
    told = upload(someone).get_json()
    assert error(answered(someone, told["id"], layout="airports"))[:2] == (422, "other_layout")
    assert answers.said_before(session.get(Import, told["id"])) == {}
