"""The same file again: the page asks before it begins, scripts are told."""

import io

import pytest
from sqlalchemy import update

from importer.control import tokens
from importer.models import Import
from importer.statuses import Status
from importer.web.extensions import db

AIRPORTS = b"icao,name,lat\nEDDB,Berlin,52.4\nEDDF,Frankfurt,50.0\n"
UNSURE = "icao,name\nLEMG,Málaga\nLEMD,Muñoz\n".encode("cp1252")


@pytest.fixture
def someone(operator, visitor):
    return visitor(operator)


def send(visitor, content=AIRPORTS, *, ask="repeats", name="again.csv", record_type="airports", key=None):
    address = f"/imports?record_type={record_type}" + (f"&ask={ask}" if ask else "")
    headers = {"Accept": "application/json", **({"Idempotency-Key": key} if key else {})}
    return visitor.post(address, {"file": (io.BytesIO(content), name)}, headers=headers)


def complete(session, import_id, **values):
    values = {"status": Status.COMPLETED, "total_rows": 2, "created_rows": 2, **values}
    session.execute(update(Import).where(Import.id == import_id).values(values))
    session.commit()


@pytest.fixture
def first(someone, session):
    """An import of the file that is completed."""
    import_id = send(someone, name="first.csv").get_json()["id"]
    complete(session, import_id)
    return import_id


def test_a_file_that_is_new_begins_at_once(someone):
    told = send(someone).get_json()
    assert (told["status"], told["questions"], told["warnings"]) == ("queued", [], [])


def test_the_page_asks_before_the_same_file_begins_again(someone, first):
    told = send(someone).get_json()
    assert told["status"] == "waiting"
    (question,) = told["questions"]
    assert (question["id"], question["kind"]) == ("same_file", "same_file")
    page = someone.client.get(told["url"], follow_redirects=True).get_data(as_text=True)
    assert "by you as “first.csv” (2 rows)." in page
    assert f"/imports/{first}" in page
    assert someone.post(f"/imports/{told['id']}/file/again").status_code == 303
    page = someone.page(told["url"])
    assert "Queued" in page
    assert "by you as “first.csv” (2 rows)." in page


def test_what_is_not_wanted_again_is_gone(someone, first, session):
    told = send(someone).get_json()
    assert "record_type=airports" in someone.post(f"/imports/{told['id']}/file/discard").location
    assert someone.get(told["url"]).status_code == 404
    assert someone.get(f"/imports/{first}").status_code == 200


def test_rows_that_failed_are_told_too(someone, first, session):
    complete(session, first, created_rows=1, failed_rows=1)
    assert "(1 row, 1 failed)" in send(someone).get_json()["warnings"][0]


def test_questions_about_the_file_come_after_this_one(someone, session):
    one = send(someone, UNSURE).get_json()
    someone.post(f"/imports/{one['id']}/file", {"encoding": "cp1252", "action": "start"})
    complete(session, one["id"])
    session.execute(db.text("DELETE FROM layouts"))
    session.commit()
    told = send(someone, UNSURE).get_json()
    assert [question["id"] for question in told["questions"]] == ["same_file", "encoding"]
    someone.post(f"/imports/{told['id']}/file", {"encoding": "cp1252", "action": "start"})
    assert "The same file again" in someone.page(f"/imports/{told['id']}/file")
    assert "Queued" in someone.client.post(
        f"/imports/{told['id']}/file/again", headers={"X-CSRFToken": someone.token}, follow_redirects=True
    ).get_data(as_text=True)


def test_the_answer_is_not_remembered_for_the_layout(someone, first):
    for _ in range(2):
        told = send(someone).get_json()
        assert told["status"] == "waiting"
        someone.post(f"/imports/{told['id']}/file/again")


@pytest.mark.parametrize("ask", [None, "never"])
def test_scripts_are_told_and_not_held_up(ask, someone, first):
    told = send(someone, ask=ask).get_json()
    assert (told["status"], told["questions"]) == ("queued", [])
    assert told["warnings"][0].startswith("This file was imported on ")


def test_a_script_that_wants_to_be_asked_answers_by_the_api(someone, operator, session, first, client):
    headers = {"Authorization": f"Bearer {tokens.create_token(session, operator, 'script')}"}
    data = {"record_type": "airports", "file": (io.BytesIO(AIRPORTS), "a.csv")}
    told = client.post("/api/imports?ask=repeats", data=data, headers=headers).get_json()
    address = f"/api/imports/{told['id']}/answers"
    assert client.post(address, json={}, headers=headers).get_json()["status"] == "waiting"
    wrong = client.post(address, json={"answers": {"same_file": "no"}}, headers=headers)
    assert wrong.status_code == 422
    assert wrong.get_json()["error"]["questions"][0]["id"] == "same_file"
    done = client.post(address, json={"answers": {"same_file": "yes"}}, headers=headers).get_json()
    assert (done["status"], done["questions"]) == ("queued", [])
    assert "same_file" not in done["answers"]


def test_who_is_not_asked_cannot_answer(someone, operator, session, client):
    told = send(someone, UNSURE).get_json()
    headers = {"Authorization": f"Bearer {tokens.create_token(session, operator, 'script')}"}
    answers = {"answers": {"same_file": "yes"}}
    answer = client.post(f"/api/imports/{told['id']}/answers", json=answers, headers=headers)
    assert answer.get_json()["error"]["code"] == "unknown_answers"


def test_a_form_that_is_sent_again_with_its_key_is_not_asked_about(someone):
    first, again = send(someone, key="k"), send(someone, key="k")
    assert (again.status_code, again.get_json()["id"]) == (200, first.get_json()["id"])
    assert again.get_json()["status"] == "queued"


def test_an_operator_is_not_told_the_file_names_of_others(first, other, admin, visitor):
    told = send(visitor(other)).get_json()["questions"][0]["text"]
    assert "by operator@example.com (2 rows)." in told
    assert "first.csv" not in told
    theirs = visitor(other).client.get(f"/imports/{first}")
    assert theirs.status_code == 404
    assert "as “first.csv”" in send(visitor(admin), ask=None).get_json()["warnings"][0]


def test_an_import_under_way_counts(someone):
    send(someone)
    assert "is being imported already" in send(someone).get_json()["warnings"][0]


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.STOPPED, Status.WAITING])
def test_what_was_not_imported_does_not_count(status, someone, first, session):
    complete(session, first, status=status)
    assert send(someone).get_json()["status"] == "queued"


def test_neither_a_deleted_import_nor_another_record_type_counts(someone, first):
    people = b"email,name,icao\na@example.com,Ann,EDDB\n"
    send(someone, people, record_type="contacts")
    assert send(someone, people).get_json()["warnings"] == []
    someone.post(f"/imports/{first}/delete")
    assert someone.get(f"/imports/{first}").status_code == 404
    assert send(someone).get_json()["status"] == "queued"


def test_ask_is_never_or_repeats(someone):
    assert send(someone, ask="always").status_code == 400


def test_a_form_without_a_script_is_asked_too(someone, first):
    page = someone.page("/imports/new")
    assert "ask=repeats" in page
    answer = someone.post("/imports?ask=repeats&record_type=airports", {"file": (io.BytesIO(AIRPORTS), "a.csv")})
    assert answer.status_code == 303
    assert "The same file again" in someone.client.get(answer.location, follow_redirects=True).get_data(
        as_text=True
    )
