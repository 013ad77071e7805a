"""The list of imports: searching it, narrowing it, and deleting from it."""

import re
from datetime import UTC, datetime

import pytest

from importer.control import deletions
from importer.models import Import
from importer.queue import checkpoint
from importer.statuses import Status


def shown(page):
    """The ids of the imports in the table."""
    return re.findall(r'id="pick-([a-z0-9]{12})"', page)


def folded(page):
    """The ids of the refused files, and the number that their fold tells."""
    fold = page.partition('id="refused"')[2]
    told = re.search(r"<summary>Refused \(([\d,]+)\)</summary>", fold)
    return re.findall(r'id="import-([a-z0-9]{12})"', fold), told and told[1]


@pytest.mark.parametrize("text", ["kunden", "KUNDEN 100%", "100%_", "k"])
def test_imports_are_found_by_a_part_of_their_files_name(text, operator, visitor, make_import):
    wanted = make_import(operator, filename="Alle Kunden 100%_neu.xlsx")
    make_import(operator, filename="airports.csv") if text != "k" else None
    page = visitor(operator).get("/imports", query_string={"text": text}).get_data(as_text=True)
    assert shown(page) == [wanted.id]


def test_an_import_is_found_by_its_id(operator, visitor, make_import):
    wanted, _ = make_import(operator), make_import(operator)
    assert shown(visitor(operator).page(f"/imports?text={wanted.id}")) == [wanted.id]


def test_imports_are_narrowed_by_record_type_and_outcome_together(operator, visitor, make_import):
    wanted = make_import(operator, record_type="contacts", created_rows=1, failed=[["X", "Y"]])
    make_import(operator, record_type="contacts", created_rows=1)
    make_import(operator, created_rows=1, failed=[["X", "Y"]])
    page = visitor(operator).page("/imports?record_type=contacts&show=failures")
    assert shown(page) == [wanted.id]
    assert 'href="/imports?show=completed&amp;record_type=contacts"' in page


def test_the_list_says_how_long_an_import_took_and_where_its_questions_are_answered(
    operator, visitor, make_import
):
    make_import(operator, created_rows=5, seconds_running=75.0)
    waiting = make_import(operator, status=Status.WAITING)
    page = visitor(operator).page("/imports")
    assert "5 rows in 1 min 15 s" in page
    links = re.findall(r'<a href="([^"]+)" id="answer-[a-z0-9]{12}">Answer its questions</a>', page)
    assert links == [f"/imports/{waiting.id}/file"]


def test_an_admin_narrows_by_person_and_an_operator_sees_their_own_alone(
    admin, operator, other, visitor, make_import
):
    mine, theirs = make_import(operator), make_import(other)
    page = visitor(admin).page(f"/imports?person={other.id}")
    assert shown(page) == [theirs.id]
    assert "operator@example.com</option>" in page
    page = visitor(operator).page("/imports")
    assert shown(page) == [mine.id]
    assert "other@example.com" not in page
    assert shown(visitor(operator).page(f"/imports?person={other.id}")) == []


@pytest.mark.parametrize(
    ("query", "is_in"),
    [
        ("since=2026-03-02", True),
        ("until=2026-03-01", False),
        ("until=2026-03-01&zone=America/New_York", True),
        ("since=2026-03-02&zone=America/New_York", False),
        ("since=2026-03-02&until=2026-03-02", True),
    ],
)
def test_days_are_those_of_the_readers_zone(query, is_in, operator, visitor, make_import):
    import_ = make_import(operator, created_at=datetime(2026, 3, 2, 3, tzinfo=UTC))
    assert shown(visitor(operator).page(f"/imports?{query}")) == [import_.id] * is_in


def test_paging_and_the_live_list_keep_what_the_list_is_narrowed_to(operator, visitor, make_import):
    for number in range(30):
        make_import(operator, filename=f"a&b {number}.csv", created_rows=1)
    make_import(operator, filename="other.csv", created_rows=1)
    query = "show=completed&amp;text=a%26b"
    someone = visitor(operator)
    first = someone.page("/imports?text=a%26b&show=completed")
    assert len(shown(first)) == 25
    assert f'href="/imports?page=2&amp;{query}"' in first
    assert f'data-live-url="/imports/live?{query}"' in first
    second = someone.page("/imports?text=a%26b&show=completed&page=2")
    assert len(shown(second)) == 5
    assert f'href="/imports?{query}"' in second
    assert shown(someone.page("/imports/live?text=a%26b&show=completed&page=2")) == shown(second)


def test_nothing_is_found_in_words(operator, visitor, make_import):
    make_import(operator)
    page = visitor(operator).page("/imports?text=nowhere")
    assert "No import is here." in page
    assert "Show all imports" in page


def refuse(make_import, user, **values):
    told = {"reason_code": "file_refused", "reason": "It is a picture.", **values}
    return make_import(user, Status.STOPPED, **told)


def test_refused_files_are_folded_and_counted(operator, visitor, make_import):
    done = make_import(operator, created_rows=1)
    refused = [refuse(make_import, operator), refuse(make_import, operator, reason_code="upload_broke_off")]
    page = visitor(operator).page("/imports")
    assert shown(page) == [done.id]
    assert folded(page) == ([one.id for one in reversed(refused)], "2")
    assert "It is a picture." in page
    assert folded(visitor(operator).page("/imports?show=completed")) == ([], None)
    assert shown(visitor(operator).page("/imports?show=refused")) == [one.id for one in reversed(refused)]


def test_more_refused_files_than_are_shown_are_counted_too(operator, visitor, make_import):
    for _ in range(12):
        refuse(make_import, operator)
    ids, told = folded(visitor(operator).page("/imports"))
    assert (len(ids), told) == (10, "12")


def left(session):
    session.expire_all()
    return {one.id for one in session.query(Import).filter(Import.deleted_at.is_(None))}


def clear(someone, query=""):
    fold = someone.page(f"/imports{query}").partition('id="refused"')[2]
    action = re.search(r'action="([^"]+)"', fold)[1].replace("&amp;", "&")
    latest = re.search(r'name="latest" value="(\d+)"', fold)[1]
    return lambda: someone.post(action, {"latest": latest})


def test_one_click_clears_the_refused_files_of_a_person_alone(
    operator, other, visitor, make_import, session, monkeypatch
):
    monkeypatch.setattr(deletions, "PORTION", 2)
    done, theirs = make_import(operator, created_rows=1), refuse(make_import, other)
    for _ in range(5):
        refuse(make_import, operator)
    someone = visitor(operator)
    assert clear(someone)().location == "/imports"
    assert left(session) == {done.id, theirs.id}
    assert "5 refused files are gone from the list." in someone.page("/imports")


def test_an_admin_clears_those_of_everybody(admin, operator, other, visitor, make_import, session):
    refuse(make_import, operator), refuse(make_import, other)
    clear(visitor(admin))()
    assert left(session) == set()


def test_what_the_person_has_not_seen_is_not_cleared(operator, visitor, make_import, session):
    refuse(make_import, operator, filename="seen.csv")
    unlike = refuse(make_import, operator, filename="another.csv")
    go = clear(visitor(operator), "?text=seen")
    later = refuse(make_import, operator, filename="seen too late.csv")
    assert go().location == "/imports?text=seen"
    assert left(session) == {unlike.id, later.id}


def ids_of(imports):
    return {"id": [one.id for one in imports]}


def test_a_selection_is_confirmed_by_number_and_deleted_but_for_what_is_at_work(
    operator, visitor, make_import, session
):
    ended = [make_import(operator, filename=f"{n}.csv") for n in range(2)]
    running = make_import(operator, Status.RUNNING, filename="running.csv")
    someone = visitor(operator)
    query = {**ids_of([*ended, running]), "text": "csv"}
    page = someone.get("/imports/deletion", query_string=query).get_data(as_text=True)
    assert re.findall("<h1>([^<]+)</h1>", page) == ["Delete 2 imports?"]
    assert re.search(r"still at work:</strong>\s+running.csv", page)
    assert someone.post("/imports/deletion", query).location == "/imports?text=csv"
    assert left(session) == {running.id}
    page = someone.page("/imports")
    assert "2 imports are deleted. The records stay. Not deleted, because still at work: “running.csv”." in page


def test_an_import_that_has_begun_since_is_not_deleted(operator, visitor, make_import, session, monkeypatch):
    waiting = make_import(operator, Status.WAITING)
    find = deletions.selected

    def and_answer(*arguments):
        found = find(*arguments)
        session.query(Import).update({"status": Status.QUEUED})
        session.commit()
        return found

    monkeypatch.setattr(deletions, "selected", and_answer)
    someone = visitor(operator)
    someone.post("/imports/deletion", ids_of([waiting]))
    session.refresh(waiting)
    assert (waiting.status, waiting.deleted_at) == ("queued", None)
    assert "Not deleted, because still at work: “airports.csv”" in someone.page("/imports")


def test_a_file_that_waits_for_answers_can_be_deleted(operator, visitor, make_import, session):
    waiting = make_import(operator, Status.WAITING)
    visitor(operator).post("/imports/deletion", ids_of([waiting]))
    assert left(session) == set()


def test_a_selection_reaches_no_import_of_somebody_else(operator, other, visitor, make_import, session):
    theirs = make_import(other)
    someone = visitor(operator)
    assert someone.get("/imports/deletion", query_string=ids_of([theirs])).location == "/imports"
    assert "No import is selected." in someone.page("/imports")
    someone.post("/imports/deletion", ids_of([theirs]))
    assert left(session) == {theirs.id}


def test_the_checkpoints_of_several_imports_are_read_at_once(services):
    checkpoint.create(services.redis, "a", line=1, offset=10)
    checkpoint.create(services.redis, "b", line=2, offset=20)
    found = checkpoint.read_several(services.redis, ["a", "gone", "b"])
    assert {name: one.offset for name, one in found.items()} == {"a": 10, "b": 20}
    assert found["a"] == checkpoint.read(services.redis, "a")
    assert checkpoint.read_several(services.redis, []) == {}


# The same by scripts


def listed(visitor, query):
    answer = visitor.get("/api/imports", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return [one["id"] for one in answer.get_json()["imports"]]


def test_scripts_choose_imports_as_the_page_does(admin, operator, other, visitor, make_import):
    boss = visitor(admin)
    wanted = make_import(
        operator, record_type="contacts", filename="Kunden.csv", created_rows=1, failed=[["X", "Y"]]
    )
    make_import(other, record_type="contacts", filename="Kunden.csv", created_rows=1)
    refused = make_import(other, Status.STOPPED, reason_code="file_refused")
    assert listed(boss, {"show": "failures", "record_type": "contacts", "text": "kunden"}) == [wanted.id]
    assert listed(boss, {"person": "Operator@example.com"}) == [wanted.id]
    assert listed(boss, {"text": refused.id}) == [refused.id]
    assert len(listed(boss, {})) == len(listed(boss, {"show": "", "text": ""})) == 3
    assert listed(boss, {"show": "refused", "since": "2000-01-01", "zone": "Europe/Berlin"}) == [refused.id]
    assert listed(boss, {"until": "2001-01-01"}) == []


def test_a_misspelt_choice_of_a_script_never_lists_all(admin, operator, visitor, make_import):
    make_import(operator)
    boss = visitor(admin)
    for query in ("show=failed", "since=yesterday", "person=bob", "person=nobody@example.com", "person=a@b%00"):
        answer = boss.get(f"/api/imports?{query}")
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "filter")
    assert boss.get("/api/imports?outcome=failures").status_code == 400
    assert listed(visitor(operator), {"person": "nobody@example.com"}) == []  # who there is, is not told


def test_the_next_page_of_a_choice_is_of_that_choice(operator, visitor, make_import):
    wanted = [make_import(operator, record_type="contacts").id for _ in range(3)]
    make_import(operator)
    someone = visitor(operator)
    first = someone.get("/api/imports?record_type=contacts&limit=2").get_json()
    second = someone.get(first["next"]).get_json()
    assert [one["id"] for page in (first, second) for one in page["imports"]] == wanted[::-1]
    assert second["next"] is None


def test_the_command_line_lists_what_its_options_choose(runner, operator, make_import):
    wanted, _ = make_import(operator, record_type="contacts"), make_import(operator)
    listing = runner.invoke(args=["imports", "list", "--type", "contacts", "--person", operator.email])
    assert [line[:12] for line in listing.output.splitlines()] == [wanted.id]
    refused = runner.invoke(args=["imports", "list", "--show", "failed"])
    assert (refused.exit_code, "show must be one of active" in refused.stderr) == (1, True)
