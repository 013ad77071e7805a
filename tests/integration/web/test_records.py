"""The records of an import and the record of a row, on pages, by the API and at the command line."""

import json
import re
import shlex
import time
from contextlib import contextmanager
from html import unescape
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from sqlalchemy import Engine, event, text

from importer.ledger import record_statements, records
from importer.ledger.corrections import CORRECT
from importer.ledger.lines import enter
from importer.ledger.planning import TooSlowError
from importer.ledger.records import RecordsOf
from importer.ledger.writers import delete_some_writers, note_writers
from importer.record_types import Origin, ValidRow
from importer.record_types.keys import RowKey
from importer.statuses import Status
from importer.web.extensions import db

FIELDS = ("email", "name")


@pytest.fixture
def save(session, services):
    """Saves rows of an import as a worker does: their numbers with their values."""

    def save(import_, rows, *, record_type="contacts", fields=FIELDS):
        origin = Origin(import_.id, import_.sequence, fields, fields, False)
        connection = session.connection()
        enter(connection, import_.sequence, sorted(rows))
        valid = [ValidRow(number, values) for number, values in sorted(rows.items())]
        effects = services.record_types[record_type].save(connection, valid, origin)
        note_writers(connection, import_.sequence, effects.met)
        session.commit()

    return save


def people(first, last, name="Ann"):
    return {n: (f"p{n:03}@example.com", f"{name} {n}") for n in range(first, last + 1)}


@pytest.fixture
def contacts(make_import, save):
    """Makes an import of contacts of somebody, with its records."""

    def make(user, rows, **values):
        told = {"record_type": "contacts", "filename": "contacts.csv", "header": list(FIELDS)}
        told |= {"columns": list(FIELDS), "created_rows": len(rows)}
        import_ = make_import(user, **{**told, **values})
        save(import_, rows)
        return import_

    return make


def keys_on(page):
    found = re.findall(r'<th scope="row" class="key"[^>]*>(?:<a[^>]*>)?([^<]*)', page)
    return [unescape(one) for one in found]


def writers_on(page):
    """The lines of those who wrote a record, the last one first."""
    lines = re.search(r'<ol class="timeline" id="writers" reversed>(.*)</ol>', page, re.S)[1].split("<li ")[1:]
    return [re.sub(r"\s+", " ", line) for line in lines]


def words(text):
    """The text of a piece of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())


def link(page, element_id):
    return unescape(re.search(rf'id="{element_id}"[^>]* href="([^"]+)"', page)[1])


def test_after_a_success_the_button_leads_to_the_records(operator, visitor, contacts):
    someone = visitor(operator)
    import_ = contacts(operator, people(1, 3))
    page = someone.page(f"/imports/{import_.id}")
    assert re.findall(r'class="button primary"[^>]*>([^<]+)<', page) == ["View the records"]
    assert keys_on(someone.page(link(page, "records"))) == [f"p00{n}@example.com" for n in (1, 2, 3)]


def test_pages_follow_each_other_in_the_order_of_the_files_rows(operator, visitor, contacts):
    someone = visitor(operator)
    rows = {n: (f"p{1000 - n}@example.com", "Ann") for n in range(1, 121)}
    page = someone.page(f"/imports/{contacts(operator, rows).id}/records")
    seen = keys_on(page)
    assert "50</strong> of 120 at most" in page
    while 'id="records-next"' in page:
        page = someone.page(link(page, "records-next"))
        seen += keys_on(page)
    assert seen == [values[0] for values in rows.values()]
    assert "120</strong>" in page


def test_pages_follow_each_other_in_the_order_of_the_keys(operator, visitor, contacts):
    someone = visitor(operator)
    rows = {n: (f"p{1000 - n}@example.com", "Ann") for n in range(1, 121)}
    page = someone.page(f"/imports/{contacts(operator, rows).id}/records?order=key")
    seen = keys_on(page)
    while 'id="records-next"' in page:
        page = someone.page(link(page, "records-next"))
        seen += keys_on(page)
    assert seen == sorted(values[0] for values in rows.values())


def test_the_records_that_a_later_import_wrote_are_in_its_list(operator, visitor, contacts):
    first = contacts(operator, people(1, 4))
    second = contacts(operator, {7: ("p002@example.com", "Ann 2"), 8: ("p003@example.com", "Bo")})
    someone = visitor(operator)
    assert keys_on(someone.page(f"/imports/{first.id}/records")) == ["p001@example.com", "p004@example.com"]
    page = someone.page(f"/imports/{second.id}/records")
    assert keys_on(page) == ["p002@example.com", "p003@example.com"]
    assert "unchanged by this row; row 2 of" in page
    assert page.count("by this row</div></td>") == 1


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("p01", [f"p01{n}@example.com" for n in range(10)]),
        ("p011@example.com", ["p011@example.com"]),
        ("P011@Example.com", ["p011@example.com"]),
        ("nobody", []),
        ("%", []),
        ("p0_1", []),
        ("'; DROP TABLE contacts --", []),
    ],
)
def test_a_key_is_found_by_all_of_it_or_its_beginning(typed, found, operator, visitor, contacts):
    import_ = contacts(operator, people(1, 30))
    answer = visitor(operator).get(f"/imports/{import_.id}/records", query_string={"key": typed})
    assert keys_on(answer.get_data(as_text=True)) == found


def test_a_row_leads_to_the_record_that_it_became(operator, visitor, contacts):
    import_ = contacts(operator, people(1, 30))
    page = visitor(operator).page(f"/imports/{import_.id}/records?row=17")
    assert keys_on(page) == ["p017@example.com"]
    assert "Row 17 wrote this record last." in page


def test_what_became_of_any_other_row_is_said(operator, visitor, contacts, save, session):
    someone = visitor(operator)
    import_ = contacts(operator, people(1, 3), total_rows=9)
    save(import_, {4: ("p001@example.com", "Bo")})
    later = contacts(operator, {1: ("p002@example.com", "Ann 2")})

    def story(row):
        page = someone.page(f"/imports/{import_.id}/records?row={row}")
        return re.sub(r"\s+", " ", re.search(r'id="row-story">(.*?)</div>', page, re.S)[1])

    assert "Row 1 wrote a record, and another row has written it since." in story(1)
    assert "Row 4 of this file has the same key." in story(1)
    session.execute(text("DELETE FROM contacts WHERE email = 'p003@example.com'"))
    session.commit()
    assert "Row 3 is imported, and no record names it any more." in story(3)
    assert "Row 2 was the last to change a value of this record." in story(2)
    assert later.id in story(2)
    assert "Row 5 is not imported" in story(5)
    assert "There is no row 10." in story(10)


def test_a_failed_row_leads_to_the_record_that_it_would_change(operator, other, visitor, contacts):
    contacts(operator, people(1, 3))
    failed = [["p002@example.com", ""], ["new@example.com", ""], ["nonsense", ""]]
    import_ = contacts(operator, {9: ("x@example.com", "X")}, failed=failed)
    someone = visitor(operator)
    page = someone.page(f"/imports/{import_.id}/failed-rows/1/edit")
    assert "There is a record with the key of this row" in page
    assert "Once this row is mended, it writes that record." in page
    assert "Ann 2" in someone.page(unescape(re.search(r'id="target">[^<]*<a href="([^"]+)"', page)[1]))
    assert "it makes a new one" in someone.page(f"/imports/{import_.id}/failed-rows/2/edit")
    assert 'id="target"' not in someone.page(f"/imports/{import_.id}/failed-rows/3/edit")
    foreign = contacts(other, {9: ("y@example.com", "Y")}, failed=failed)
    page = visitor(other).page(f"/imports/{foreign.id}/failed-rows/1/edit")
    assert "of an import of somebody else" in page
    assert "Ann 2" not in page


def test_no_transaction_waits_for_the_check_of_a_record_type(operator, visitor, contacts, monkeypatch):
    import_ = contacts(operator, people(1, 3), failed=[["p002@example.com", ""]])
    waits = []

    def key(_, cells):
        waits.append(db.session().in_transaction())
        return (cells[0],)

    monkeypatch.setattr(RowKey, "of", key)
    assert 'id="target"' in visitor(operator).page(f"/imports/{import_.id}/failed-rows/1/edit")
    assert waits == [False]


def test_a_record_names_its_imports_rows_and_corrections(operator, visitor, contacts, session):
    first = contacts(operator, people(1, 3), filename="first.csv")
    second = contacts(operator, {7: ("p002@example.com", "Ann 2")}, filename="second.csv")
    made = {
        "sequence": first.sequence,
        "row_numbers": [2],
        "attempts": [2],
        "made_by": operator.id,
        "repair": None,
    }
    made["changes"] = [json.dumps([[1, "Anm", "Ann 2"]])]
    session.connection().exec_driver_sql(CORRECT, made)
    session.commit()
    page = visitor(operator).page("/records/contacts?key=p002%40example.com")
    last, before = writers_on(page)
    assert f'/imports/{second.id}/records?row=7">Row 7</a>' in last
    assert "second.csv</a> changed nothing in it." in last
    assert "first.csv</a> made it." in before
    assert "operator@example.com" in before
    assert "<del>Anm</del>" in before
    assert 'id="beginning"' not in page


def test_a_record_names_every_import_that_wrote_it_and_what_each_did(
    operator, other, admin, runner, visitor, contacts
):
    someone = visitor(operator)
    contacts(operator, {1: ("p@example.com", "Ann")}, filename="first.csv")
    contacts(operator, {1: ("p@example.com", "Ann"), 2: ("p@example.com", "Anna")}, filename="second.csv")
    contacts(other, {4: ("p@example.com", "Anna B.")}, filename="theirs.csv")
    contacts(operator, {5: ("p@example.com", "Anna B.")}, filename="last.csv")
    lines = writers_on(someone.page("/records/contacts?key=p%40example.com"))
    told = [words(re.search(r"<p>(.*?)</p>", line)[1]) for line in lines]
    assert [line.partition(" Started by")[0] for line in told] == [
        "Row 5 of last.csv changed nothing in it.",
        "Row 4 of an import of somebody else changed values of it.",
        "Row 2 of second.csv changed values of it.",
        "Row 1 of first.csv made it.",
    ]
    assert "theirs.csv" not in " ".join(lines)
    assert "Row 1 of the same file has this key too, and comes before row 2" in lines[2]
    told = someone.get("/api/records/contacts?key=p%40example.com").get_json()
    writers = told["writers"]
    assert [one["deed"] for one in writers] == ["unchanged", "changed", "changed", "created"]
    assert [one["filename"] for one in writers] == ["last.csv", None, "second.csv", "first.csv"]
    assert [one["row_number"] for one in writers] == [5, 4, 2, 1]
    assert writers[2]["late_rows"] == [{"row_number": 1, "has_changed": False}]
    assert told["before"] == "nothing"
    assert "theirs.csv" in visitor(admin).page("/records/contacts?key=p%40example.com")
    lines = runner.invoke(args=["records", "show", "contacts", "p@example.com"]).output.splitlines()
    assert [re.sub(r"^  .* UTC | \([a-z0-9]{12}\)", "", line) for line in lines[-4:]] == [
        "row 5 of last.csv changed nothing in it",
        "row 4 of theirs.csv changed values of it",
        "row 2 of second.csv changed values of it",
        "row 1 of first.csv made it",
    ]
    assert "  name: Anna B." in lines


@pytest.mark.parametrize("words", [["contacts", "nobody@x"], ["contacts", "a", "b"], ["planets", "a"]])
def test_a_record_that_there_is_not_is_refused_at_the_command_line_too(words, admin, runner):
    answer = runner.invoke(args=["records", "show", *words])
    assert answer.exit_code == 1
    assert len(answer.output.splitlines()) == 1


def test_however_many_wrote_a_record_who_they_are_takes_a_few_statements(operator, visitor, contacts, session):
    for number in range(1, 32):
        contacts(operator, {number: ("p@example.com", f"Ann {number}")})
    session.execute(
        text(
            "INSERT INTO corrections (import_sequence, row_number, attempt, changes)"
            ' SELECT sequence, sequence, attempt, \'[[1,"before","after"]]\''
            " FROM imports, generate_series(1, 3) AS attempt"
        )
    )
    session.commit()
    someone, statements = visitor(operator), []

    def note(connection, cursor, statement, *rest):
        statements.append(statement)

    address = "/records/contacts?key=p%40example.com"
    event.listen(Engine, "before_cursor_execute", note)
    try:
        for path in (address, f"/api{address}"):
            statements.clear()
            page = someone.page(path)
            assert len([one for one in statements if "FROM corrections" in one]) == 1
            assert len([one for one in statements if "FROM imports" in one]) < 20
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(writers_on(someone.page(address))) == 31
    told = [len(one["corrections"]) for one in json.loads(page)["writers"]]
    assert told == [3] * 13 + [1] + [0] * 17


def test_what_is_not_known_of_a_records_first_writers_is_said(operator, admin, visitor, contacts, session):
    someone, address = visitor(admin), "/records/contacts?key=p001%40example.com"
    first = contacts(operator, people(1, 1))
    session.execute(text("UPDATE imports SET notes_writers = false"))
    session.commit()
    assert "that import ran before this was noted" in someone.page(address)
    contacts(operator, people(1, 1, "Bo"))
    page = someone.page(address)
    assert "that import ran before this was noted" in page
    last, before = writers_on(page)
    assert "changed values of it." in last
    assert "wrote it." in before
    visitor(operator).delete(f"/api/imports/{first.id}")
    assert "what that import met was deleted with it" in someone.page(address)
    session.execute(
        text("INSERT INTO contacts (email, name, imported_row) VALUES ('q@example.com', 'By hand', 7)")
    )
    session.commit()
    contacts(operator, {1: ("q@example.com", "Q")})
    page = someone.page("/records/contacts?key=q%40example.com")
    assert "Before any import it was there, made by other means." in page


def test_a_row_that_a_late_one_filled_is_not_said_to_have_changed_nothing(
    operator, visitor, contacts, save, session
):
    import_ = contacts(operator, {2: ("p@example.com", "Ann")})
    save(import_, {1: ("p@example.com", "Anna", "Acme")}, fields=(*FIELDS, "company"))
    session.execute(text("UPDATE imports SET notes_writers = false"))
    session.commit()
    (line,) = writers_on(visitor(operator).page("/records/contacts?key=p%40example.com"))
    assert "Row 2 of contacts.csv wrote it." in words(line)


def test_a_row_leads_to_its_record_whoever_wrote_that_since(operator, other, admin, runner, visitor, contacts):
    mine = contacts(operator, {1: ("p@example.com", "A"), 2: ("p@example.com", "B"), 3: ("q@example.com", "Q")})
    contacts(operator, {7: ("p@example.com", "C")}, filename="second.csv")
    theirs = contacts(other, {9: ("p@example.com", "D"), 10: ("q@example.com", "R")}, filename="theirs.csv")
    someone = visitor(operator)

    def told(row, person=someone):
        page = person.page(f"/imports/{mine.id}/records?row={row}")
        return words(re.search(r'id="row-story">(.*?)</div>', page, re.S)[1])

    first, second, third = map(told, (1, 2, 3))
    assert first.startswith(
        "Row 1 is imported, but another row counts. Row 2 of this file has the same key and comes"
    )
    assert "Row 9 of an import of somebody else wrote it last." in first
    assert second.startswith("Row 2 wrote a record, and another row has written it since. Row 7 of second.csv has")
    assert third.startswith("Row 3 wrote a record, and another row has written it since. Row 10 of an import of")
    assert "See the record" not in first + second + third
    assert "See the record" in told(2, visitor(admin))
    answer = visitor(admin).get(f"/api/imports/{mine.id}/records?row=1").get_json()
    successor = answer["successor"]
    assert (answer["records"], successor["row_number"], successor["was_there"]) == ([], 2, True)
    assert (successor["last"]["import"], successor["last"]["row_number"]) == (theirs.id, 9)
    assert successor["record_url"] == "/records/contacts?key=p@example.com"
    line = runner.invoke(args=["imports", "records", mine.id, "--row", "2"]).output
    assert "Row 2 wrote a record, and row 7 of second.csv" in line
    assert "Its key: p@example.com" in line


def test_who_wrote_a_record_last_is_not_said_where_that_is_not_known(admin, runner, visitor, contacts, session):
    """What the last import met is deleted with it, so the way of notes ends before it."""
    first = contacts(admin, {1: ("p@example.com", "A")})
    contacts(admin, {2: ("p@example.com", "B")}, filename="second.csv")
    third = contacts(admin, {3: ("p@example.com", "C")}, filename="Third.CSV")
    someone, path = visitor(admin), f"/imports/{first.id}/records?row=1"

    def told():
        at_the_command_line = runner.invoke(args=["imports", "records", first.id, "--row", "1"]).output
        answer = someone.get(f"/api{path}").get_json()
        return words(someone.page(path)), words(at_the_command_line), answer["successor"]

    on_the_page, at_the_command_line, answer = told()
    assert "Row 3 of Third.CSV wrote it last." in on_the_page
    assert f"It was written last by row 3 of Third.CSV ({third.id})." in at_the_command_line
    assert (answer["last"]["import"], answer["is_last_known"]) == (third.id, True)
    fourth = contacts(admin, {4: ("p@example.com", "D")}, filename="fourth.csv")
    someone.delete(f"/api/imports/{fourth.id}")
    assert delete_some_writers(session.connection(), fourth.sequence)
    session.commit()
    on_the_page, at_the_command_line, answer = told()
    assert "Row 3 of Third.CSV wrote it after that; who did last is not known." in on_the_page
    assert (
        f"After that row 3 of Third.CSV ({third.id}) wrote it; who did last is not known." in at_the_command_line
    )
    assert (answer["last"]["import"], answer["is_last_known"]) == (third.id, False)


def test_a_whole_key_is_found_where_a_later_import_wrote_its_record(operator, other, visitor, contacts):
    mine = contacts(operator, {3: ("p@example.com", "A"), 4: ("q@example.com", "Q")})
    contacts(operator, {7: ("p@example.com", "B")})
    contacts(other, {8: ("q@example.com", "R"), 9: ("z@example.com", "Z")})
    someone = visitor(operator)
    page = someone.page(f"/imports/{mine.id}/records?key=P@example.com")
    assert "Row 3 of this import wrote the record with this key" in page
    assert "/records/contacts?key=p@example.com" in unescape(page)
    for key in ("q@example.com", "z@example.com", "p@"):
        assert 'id="written-since"' not in someone.page(f"/imports/{mine.id}/records?key={key}")


def test_a_record_written_since_whose_key_is_too_long_for_an_address_has_none(
    operator, visitor, contacts, session
):
    session.execute(text("ALTER TABLE contacts ALTER email TYPE text"))
    session.commit()
    key = '"' * 1500
    mine = contacts(operator, {1: (key, "A")})
    contacts(operator, {2: (key, "B")})
    page = visitor(operator).page(f"/imports/{mine.id}/records?key={key}")
    notice = re.search(r'id="written-since">(.*?)</p>', page, re.S)[1]
    assert notice.startswith("Row 1 of this import wrote the record with this key")
    assert "href" not in notice


def test_a_record_outlives_its_import_and_who_sent_it(operator, admin, visitor, contacts, session):
    import_ = contacts(operator, people(1, 3))
    visitor(operator).delete(f"/api/imports/{import_.id}")
    assert "an import that was deleted" in visitor(admin).page("/records/contacts?key=p002%40example.com")
    assert visitor(operator).get("/records/contacts?key=p002%40example.com").status_code == 404
    left = contacts(operator, {1: ("left@example.com", "Ann")})
    session.execute(text("DELETE FROM users WHERE id = :id"), {"id": operator.id})
    session.commit()
    page = visitor(admin).page("/records/contacts?key=left%40example.com")
    assert left.filename in page
    assert "somebody who is gone" in page


@pytest.mark.parametrize("path", ["/imports/{}/records", "/imports/{}/records?row=1", "/api/imports/{}/records"])
def test_nobody_sees_the_records_of_an_import_of_others(path, operator, other, visitor, contacts):
    import_ = contacts(operator, people(1, 3))
    assert visitor(operator).get(path.format(import_.id)).status_code == 200
    assert visitor(other).get(path.format(import_.id)).status_code == 404


def test_nobody_sees_a_record_that_none_of_their_imports_wrote(operator, other, admin, visitor, contacts):
    contacts(operator, people(1, 3))
    for address in ("/records/contacts?key=p001%40example.com", "/api/records/contacts?key=p001%40example.com"):
        answers = [visitor(user).get(address).status_code for user in (operator, admin, other)]
        assert answers == [200, 200, 404]


def test_a_record_made_by_other_means_says_so(admin, visitor, session):
    session.execute(text("INSERT INTO contacts (email, name) VALUES ('made@example.com', 'By hand')"))
    session.commit()
    page = visitor(admin).page("/records/contacts?key=made%40example.com")
    assert "Before any import it was there, made by other means." in page


HOSTILE = [
    "a'b\"c@example.com",
    "a/b\\c@example.com",
    "../../etc@example.com",
    "<script>alert(1)</script>@x",
    "a&key=b#c?d=%00@example.com",
    "päivää日本@example.com",
    "x" * 250 + "@x",
    " blank ",
]


@pytest.mark.parametrize("key", HOSTILE)
def test_a_key_may_have_any_signs(key, operator, visitor, contacts):
    someone = visitor(operator)
    import_ = contacts(operator, {1: (key, "<b>bold</b>"), 2: ("z@example.com", "Z")})
    page = someone.page(f"/imports/{import_.id}/records")
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    address = unescape(re.search(r'<th scope="row" class="key"[^>]*><a href="([^"]+)"', page)[1])
    assert dict(parse_qsl(urlsplit(address).query, keep_blank_values=True)) == {"key": key}
    assert "&lt;b&gt;bold" in someone.page(address)
    answer = someone.get(f"/api/imports/{import_.id}/records", query_string={"key": key, "limit": 1}).get_json()
    assert [one["key"]["email"] for one in answer["records"]] == [key]


@pytest.mark.parametrize("key", ["a%00b", "%ED%A0%80", "%FF", "", "x" * 30000])
def test_a_key_that_no_record_can_have_is_refused_in_words(key, operator, visitor, contacts):
    import_ = contacts(operator, people(1, 3))
    someone = visitor(operator)
    assert someone.get(f"/imports/{import_.id}/records?key={key}").status_code == 200
    assert someone.get(f"/records/contacts?key={key}").status_code in (404, 422)
    assert someone.get(f"/api/records/contacts?key={key}").status_code in (404, 422)


@pytest.mark.parametrize(
    "address", ["after=x", "after=[]", "after=[1]", 'after=["a","b","c"]', "key=a&key=b", 'row=1&after=["x","y"]']
)
def test_an_address_that_makes_no_sense_is_refused_in_words(address, operator, visitor, contacts):
    import_ = contacts(operator, people(1, 3))
    page = visitor(operator).page(f"/imports/{import_.id}/records?{address}")
    assert 'id="trouble"' in page
    assert visitor(operator).get(f"/api/imports/{import_.id}/records?{address}").status_code == 422


@pytest.mark.parametrize("address", ["key=p00&order=row", "key=p00&row=2", "key=p00&row=2&order=key"])
def test_a_key_is_refused_where_none_is_searched(address, operator, runner, visitor, contacts):
    import_ = contacts(operator, people(1, 3))
    someone = visitor(operator)
    page = someone.page(f"/imports/{import_.id}/records?{address}")
    assert "A key is searched in the order of the keys alone" in page
    assert "whose key begins with" not in page
    answer = someone.get(f"/api/imports/{import_.id}/records?{address}")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "refused_key")
    options = [f"--{option}" for option in address.split("&")]
    told = runner.invoke(args=["imports", "records", import_.id, *options])
    assert told.exit_code != 0
    assert "A key is searched in the order of the keys alone" in told.output


def test_a_table_that_is_gone_is_told_on_the_page_and_by_the_api(operator, visitor, contacts, session):
    import_ = contacts(operator, people(1, 3))
    session.execute(text("DROP TABLE contacts"))
    session.commit()
    someone = visitor(operator)
    page = someone.page(f"/imports/{import_.id}/records")
    assert "cannot be read: the database says that relation &#34;contacts&#34; does not exist" in page
    assert "flask db upgrade" in page
    answer = someone.get(f"/api/imports/{import_.id}/records")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "no_records")
    assert someone.page(f"/imports/{import_.id}")


def test_a_record_type_that_is_gone_is_told(operator, visitor, make_import):
    import_ = make_import(operator, record_type="forgotten", created_rows=3)
    page = visitor(operator).page(f"/imports/{import_.id}/records")
    assert "Name it in RECORD_TYPES again" in page
    assert "Import another file" in visitor(operator).page(f"/imports/{import_.id}")


@pytest.fixture
def no_index_is_quick(monkeypatch):
    """As in a table of ten million records without an index on their writers."""

    def give_up(*_):
        raise TooSlowError

    for name in ("_by_index", "_of_rows", "_gathered"):
        monkeypatch.setattr(RecordsOf, name, give_up)
    monkeypatch.setattr(records, "FIRST_PORTION", 7)


@pytest.mark.usefixtures("no_index_is_quick")
def test_where_no_index_is_quick_the_records_are_looked_through(operator, visitor, contacts):
    contacts(operator, people(1, 100, "Other"))
    import_ = contacts(operator, people(20, 80))
    someone = visitor(operator)
    page = someone.page(f"/imports/{import_.id}/records")
    assert "they are in the order of their keys" in page
    seen = keys_on(page) + keys_on(someone.page(link(page, "records-next")))
    assert seen == [f"p{n:03}@example.com" for n in range(20, 81)]
    assert keys_on(someone.page(f"/imports/{import_.id}/records?row=57")) == ["p057@example.com"]
    assert keys_on(someone.page(f"/imports/{import_.id}/records?key=p07")) == [
        f"p07{n}@example.com" for n in range(10)
    ]


@pytest.mark.usefixtures("no_index_is_quick")
def test_who_looks_through_many_records_is_told_how_many_and_goes_on(operator, visitor, contacts, monkeypatch):
    contacts(operator, people(1, 100, "Other"))
    import_ = contacts(operator, people(90, 99))
    monkeypatch.setattr(records, "WALK_SECONDS", -1)
    someone = visitor(operator)
    page = someone.page(f"/imports/{import_.id}/records")
    assert "Looked through 7 records of the table: there may be more further on." in page
    seen, requests = [], 1
    while 'id="records-next"' in page:
        assert ">Look further</a>" in page
        page = someone.page(link(page, "records-next"))
        seen += keys_on(page)
        requests += 1
    assert seen == [f"p{n:03}@example.com" for n in range(90, 100)]
    assert requests == 15


@pytest.mark.usefixtures("no_index_is_quick")
@pytest.mark.parametrize("typed", ["P05", "p05"])
def test_other_letters_are_tried_before_a_table_is_looked_through(typed, operator, visitor, contacts, monkeypatch):
    """As in a database that sorts as people do: no search for a beginning ends behind it."""
    monkeypatch.setattr(records, "SORTS_BY_NUMBERS", text("SELECT false"))
    monkeypatch.setattr(records, "WALK_SECONDS", -1)
    contacts(operator, people(1, 100, "Other"))
    import_ = contacts(operator, people(20, 80))
    page = visitor(operator).page(f"/imports/{import_.id}/records?key={typed}")
    assert "whose key begins with “p05”" in page
    assert keys_on(page) == [f"p05{n}@example.com" for n in range(7)]


@pytest.fixture
def rows_are_slow(monkeypatch):
    """The rows of a file after one number are not found in time; it gives a way to change that number."""
    find = RecordsOf._of_rows
    quick_up_to = []

    def find_or_give_up(self, sequence, rows, *rest):
        if rows[1] > quick_up_to[-1]:
            raise TooSlowError(record_statements.TOO_BUSY)
        return find(self, sequence, rows, *rest)

    monkeypatch.setattr(RecordsOf, "_of_rows", find_or_give_up)
    monkeypatch.setattr(records, "FIRST_ROWS", 10)
    return quick_up_to.append


def test_the_order_of_the_rows_goes_on_where_the_database_became_slow(operator, visitor, contacts, rows_are_slow):
    import_ = contacts(operator, people(1, 40))
    someone = visitor(operator)
    rows_are_slow(10)
    page = someone.page(f"/imports/{import_.id}/records")
    assert "in the order of the file's rows" in page
    assert keys_on(page) == [f"p{n:03}@example.com" for n in range(1, 11)]
    following = link(page, "records-next")
    page = someone.page(following)
    assert "The database is too busy" in page
    assert keys_on(page) == []
    rows_are_slow(100)
    assert keys_on(someone.page(following)) == [f"p{n:03}@example.com" for n in range(11, 41)]
    rows_are_slow(0)
    assert "they are in the order of their keys" in someone.page(f"/imports/{import_.id}/records")


def test_a_slow_database_is_asked_for_two_seconds_at_most(operator, visitor, contacts, monkeypatch):
    """Each statement takes all the time it has; those of the index longer."""
    in_passing, given = record_statements.in_passing, []

    @contextmanager
    def slow(connection, *, seconds, **settings):
        given.append(seconds)
        time.sleep(seconds)
        if settings.get("enable_indexscan") == "off":
            raise TooSlowError
        with in_passing(connection, seconds=5, **settings):
            yield

    monkeypatch.setattr(record_statements, "in_passing", slow)
    import_ = contacts(operator, people(1, 3))
    someone = visitor(operator)
    for query in ("", "?order=key", "?key=P0", "?row=2"):
        given.clear()
        assert "p002@example.com" in keys_on(someone.page(f"/imports/{import_.id}/records{query}")), query
        assert sum(given) < 2, query


def test_a_walk_that_becomes_slow_shows_what_it_has_found(operator, visitor, contacts, monkeypatch):
    import_ = contacts(operator, people(1, 40))
    between, calls = RecordsOf._between, []

    def slower(self, *args):
        calls.append(args)
        if len(calls) == 3:
            raise TooSlowError(record_statements.TOO_BUSY)
        return between(self, *args)

    for name in ("_of_rows", "_gathered"):
        monkeypatch.setattr(RecordsOf, name, lambda *_: (_ for _ in ()).throw(TooSlowError))
    monkeypatch.setattr(records, "FIRST_PORTION", 4)
    monkeypatch.setattr(RecordsOf, "_between", slower)
    someone = visitor(operator)
    page = someone.page(f"/imports/{import_.id}/records")
    assert keys_on(page) == [f"p{n:03}@example.com" for n in range(1, 13)]
    assert keys_on(someone.page(link(page, "records-next"))) == [f"p{n:03}@example.com" for n in range(13, 41)]


def test_a_long_value_is_cut_and_all_of_it_is_a_click_away(operator, visitor, contacts, session):
    import_ = contacts(operator, people(1, 1))
    session.execute(text("ALTER TABLE contacts ALTER name TYPE text"))
    session.execute(text("UPDATE contacts SET name = repeat('long ', 10000)"))
    session.commit()
    someone = visitor(operator)
    assert "(and 49,700 more characters)" in someone.page(f"/imports/{import_.id}/records")
    page = someone.page("/records/contacts?key=p001%40example.com")
    assert "(and 40,000 more characters)" in page
    whole = someone.get(unescape(re.search(r'href="([^"]+)">all of it', page)[1])).get_json()
    assert (len(whole["values"]["name"]), whole["cut"]) == (50_000, {})


def test_a_key_that_is_too_long_for_an_address_has_none(operator, visitor, contacts, session):
    import_ = contacts(operator, people(1, 60))
    session.execute(text("ALTER TABLE contacts ALTER email TYPE text"))
    session.execute(text("UPDATE contacts SET email = 'p049' || repeat('p', 99996) WHERE imported_row = 50"))
    session.commit()
    someone = visitor(operator)
    page = someone.page(f"/imports/{import_.id}/records")
    assert len(page) < 100_000
    assert len(keys_on(someone.page(link(page, "records-next")))) == 10
    page = someone.page(f"/imports/{import_.id}/records?order=key")
    assert "the key of the last one is too long for an address" in page
    (long,) = someone.get(f"/api/imports/{import_.id}/records?row=50").get_json()["records"]
    assert (long["key"], long["url"], long["cut"]) == ({"email": None}, None, {"email": 100_000})


def test_no_address_is_longer_than_a_server_takes(operator, visitor, contacts, session):
    import_ = contacts(operator, people(1, 120))
    session.execute(text("ALTER TABLE contacts ALTER email TYPE text"))
    session.execute(text("UPDATE contacts SET email = repeat('p', 2500) || email"))
    session.execute(text("UPDATE contacts SET email = repeat('é', 700) || email WHERE imported_row = 120"))
    session.commit()
    someone = visitor(operator)
    page = someone.page(f"/imports/{import_.id}/records?order=key")
    addresses = [unescape(one) for one in re.findall(r'href="([^"]+)"', page)]
    assert 3000 > max(map(len, addresses)) > 2500
    assert len(keys_on(someone.page(link(page, "records-next")))) == 50
    page = someone.page(f"/imports/{import_.id}/records?key={'p' * 1500}")
    assert len(keys_on(page)) == 50
    assert "the key of the last one is too long for an address" in page
    longest = int(re.search(r'id="key-1"[^>]* maxlength="(\d+)"', page)[1])
    assert 100 < longest * len(quote("€")) < 4000
    api = f"/api/imports/{import_.id}/records"
    answer = someone.get(f"{api}?limit=1&order=key").get_json()
    assert (len(answer["next"]) < 4000, answer["has_more"]) == (True, True)
    answer = someone.get(f"{api}?limit=1&key={'p' * 1500}").get_json()
    assert (answer["next"], answer["has_more"]) == (None, True)
    answer = someone.get(f"{api}?row=120").get_json()
    assert (answer["records"][0]["url"], answer["has_more"]) == (None, False)


@pytest.mark.parametrize(("characters", "is_kept"), [(500, True), (1200, False)])
def test_the_login_keeps_an_address_as_long_as_its_own_is_not_too_long(characters, is_kept, client):
    answer = client.get(f"/records/contacts?key={'%E4' * characters}")
    assert answer.status_code == 302
    assert ("next=" in answer.location) == is_kept
    assert len(answer.location) < 4094


def test_the_api_has_the_records_in_pages(operator, visitor, contacts):
    someone = visitor(operator)
    import_ = contacts(operator, people(1, 30))
    first = someone.get(f"/api/imports/{import_.id}/records?limit=20").get_json()
    assert first["records"][0]["values"]["name"] == "Ann 1"
    assert first["records"][0]["written"] | {"at": None} == {
        "import": import_.id,
        "filename": "contacts.csv",
        "is_deleted": False,
        "by": "operator@example.com",
        "at": None,
        "row_number": 1,
    }
    second = someone.get(first["next"]).get_json()
    assert (len(second["records"]), second["next"]) == (10, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*\+00:00", first["records"][0]["created_at"])
    row = someone.get(f"/api/imports/{import_.id}/records?row=7").get_json()
    assert [one["key"] for one in row["records"]] == [{"email": "p007@example.com"}]
    one = someone.get("/api/records/contacts?key=p007%40example.com").get_json()
    assert (one["values"]["name"], one["changed"]["row_number"], one["written"]["corrections"]) == ("Ann 7", 7, [])


def test_the_command_line_lists_records(operator, runner, contacts):
    import_ = contacts(operator, people(1, 30))
    told = runner.invoke(args=["imports", "records", import_.id, "--key", "p01", "--limit", "3"])
    assert told.output.startswith("p010@example.com\n  name: Ann 10\n")
    assert f"written last by row 10 of contacts.csv ({import_.id})" in told.output
    assert "--after" in told.stderr
    (row,) = json.loads(runner.invoke(args=["imports", "records", import_.id, "--row", "7", "--json"]).output)
    assert row["key"] == {"email": "p007@example.com"}
    told = runner.invoke(args=["imports", "records", import_.id, "--row", "99"])
    assert "The file has no row 99." in told.output


def all_that_follow(runner, *args):
    """What the command prints when somebody adds what it says to each next call."""
    printed, more = "", args
    while more:
        told = runner.invoke(args=["imports", "records", args[0], *more[1:]])
        assert told.exit_code == 0, told.output
        printed += told.stdout
        following = told.stderr.partition("More may follow: ")[2]
        more = (args[0], *shlex.split(following)) if following else ()
    return re.findall(r"^\S+@\S+$", printed, re.M)


@pytest.mark.parametrize("key", ["p01", "P01"])
def test_the_command_line_says_all_that_the_next_call_needs(key, operator, runner, contacts):
    import_ = contacts(operator, people(1, 30))
    found = all_that_follow(runner, import_.id, "--key", key, "--limit", "3")
    assert found == [f"p01{n}@example.com" for n in range(10)]


@pytest.mark.usefixtures("no_index_is_quick")
def test_the_command_line_looks_further_for_the_same_row(operator, runner, contacts, monkeypatch):
    monkeypatch.setattr(records, "WALK_SECONDS", -1)
    import_ = contacts(operator, people(1, 100))
    assert all_that_follow(runner, import_.id, "--row", "57") == ["p057@example.com"]


def test_an_import_without_records_offers_none(operator, visitor, make_import):
    import_ = make_import(operator, Status.CANCELLED, record_type="contacts")
    page = visitor(operator).page(f"/imports/{import_.id}")
    assert "View the records" not in page
    assert "No record says that this import wrote it last." in visitor(operator).page(
        f"/imports/{import_.id}/records"
    )


def test_a_table_that_somebody_has_locked_is_told_within_two_seconds(operator, visitor, contacts, session):
    import_ = contacts(operator, people(1, 3))
    someone = visitor(operator)
    session.execute(text("LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE"))
    for path in ("/imports/{}/records", "/imports/{}/records?row=2", "/imports/{}/records?key=p", "/imports/{}"):
        began = time.monotonic()
        page = someone.page(path.format(import_.id))
        assert time.monotonic() - began < 3, path
        assert path == "/imports/{}" or "The database is too busy" in page
    answer = someone.get(f"/api/imports/{import_.id}/records")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "too_slow")
    session.rollback()
