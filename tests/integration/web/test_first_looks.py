"""What the upload page is told of a file before it is sent."""

import time

import pytest

from importer.control.first_look import FIRST_BYTES
from importer.control.uploads import begin_upload, receive
from importer.lifecycle import layouts
from importer.models import Import

CONTACTS = b"E-Mail;Name;Shoe size\nann@example.com;Ann;38\nbob@example.com;Bob;44\n"
SPANISH = "email,name\na@example.com,Málaga\nb@example.com,Muñoz\n".encode("cp1252")


@pytest.fixture
def someone(operator, visitor):
    return visitor(operator)


@pytest.fixture
def look(someone):
    def look(content, *, size=None, record_type=None, content_type="application/octet-stream", headers=None):
        query = {"size": len(content) if size is None else size}
        if record_type is not None:
            query["record_type"] = record_type
        return someone.post(
            "/imports/first-look",
            content[:FIRST_BYTES],
            query_string=query,
            content_type=content_type,
            headers={"Accept": "application/json", **(headers or {})},
        )

    return look


def test_a_file_says_what_it_is_read_as_and_its_record_type(look, session):
    told = look(CONTACTS).get_json()
    assert told["reads_as"] == "semicolons between cells, UTF-8"
    assert (told["best"], told["record_type"]) == ("contacts", "contacts")
    assert (told["refused"], told["questions"]) == (None, [])
    assert told["columns"] == [
        {"name": "E-Mail", "field": "email"},
        {"name": "Name", "field": "name"},
        {"name": "Shoe size", "field": None},
    ]
    assert told["ignored"] == ["Shoe size"]
    fits = {fit["name"]: (fit["label"], fit["filled"], fit["is_complete"]) for fit in told["types"]}
    assert fits == {"airports": ("Airports", 1, False), "contacts": ("Contacts", 2, True)}
    assert session.query(Import).count() == 0


def test_the_chosen_record_type_counts_and_the_better_one_is_named(look):
    told = look(CONTACTS, record_type="airports").get_json()
    assert (told["record_type"], told["best"]) == ("airports", "contacts")
    assert "icao" in told["questions"][0]["text"]


def test_a_record_type_that_the_file_can_never_be_is_refused(look):
    told = look(b"icao,iata\nEDDF,FRA\n", record_type="contacts").get_json()
    assert (told["best"], told["refused"]["code"]) == ("airports", "no_known_column")


def test_questions_are_told_before_they_are_asked(look):
    told = look(SPANISH).get_json()
    assert [question["id"] for question in told["questions"]] == ["encoding"]
    assert "encoding" in told["questions"][0]["text"]
    assert told["refused"] is None


def test_what_was_answered_for_such_a_file_is_not_told_as_a_question(look, operator, session):
    digest = layouts.header_digest(["email", "name"], has_header=True)
    layouts.remember(session, "contacts", digest, operator.id, {"encoding": "cp1252"})
    session.commit()
    assert look(SPANISH).get_json()["questions"] == []


def test_a_file_without_a_known_record_type_tells_what_is_asked_of_the_whole_file(look):
    told = look(SPANISH.replace(b"email,name", b"size,colour")).get_json()
    assert (told["best"], told["record_type"], told["columns"]) == (None, None, [])
    assert [question["id"] for question in told["questions"]] == ["encoding"]


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty"), (b"%PDF-1.7\n%\xe2\xe3", "pdf"), (b"email,name\n", "no_rows")]
)
def test_a_file_that_cannot_be_imported_is_refused_at_once(content, code, look):
    refused = look(content).get_json()["refused"]
    assert refused["code"] == code
    assert refused["message"].endswith(".")


def test_a_file_over_the_limit_is_refused_by_the_size_that_it_will_have(look):
    assert look(CONTACTS, size=2_000_001).get_json()["refused"]["code"] == "too_large"
    assert look(CONTACTS, size=2_000_000).get_json()["refused"] is None


def test_a_workbook_is_named_and_asks_nothing_yet(look):
    member = b"PK\x03\x04" + b"\0" * 22 + b"\x0b\x00\x00\x00" + b"xl/workbook"
    told = look(member).get_json()
    assert (told["reads_as"], told["refused"], told["types"], told["questions"]) == (
        "an Excel workbook",
        None,
        [],
        [],
    )


def test_a_text_in_utf_16_says_its_record_type_too(look):
    told = look(CONTACTS.decode().encode("utf-16")).get_json()
    assert (told["best"], told["refused"], told["questions"]) == ("contacts", None, [])
    assert told["reads_as"] == "semicolons between cells, UTF-16-LE"


def test_a_first_row_that_is_cut_by_the_first_bytes_is_no_fault(look):
    rows = b"ann@example.com;Ann;38\n" * 20_000
    told = look(CONTACTS + rows).get_json()
    assert (told["best"], told["refused"], told["questions"]) == ("contacts", None, [])


@pytest.mark.parametrize("size", ["", "x", "-1", "1", "9" * 20])
def test_a_size_that_cannot_be_is_refused(size, look):
    answer = look(CONTACTS, size=size)
    assert (answer.status_code, "size must be" in answer.get_json()["error"]["message"]) == (400, True)


def test_more_than_the_first_bytes_are_not_taken(someone):
    path = f"/imports/first-look?size={FIRST_BYTES + 1}"
    answer = someone.post(path, b"x" * (FIRST_BYTES + 1), content_type="application/octet-stream")
    assert answer.status_code == 413


def test_a_form_is_refused_for_it_would_be_parsed(look):
    assert look(CONTACTS, content_type="text/csv").status_code == 415


def test_a_record_type_that_there_is_not_is_refused(look):
    answer = look(CONTACTS, record_type="nonsense")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "unknown_record_type")


def test_the_token_in_the_address_counts_for_uploads_alone(someone, operator):
    path = f"/imports/first-look?size=1&csrf_token={someone.token}"
    answer = someone.client.post(path, data=b"x", content_type="application/octet-stream")
    assert answer.status_code == 400


def test_what_is_told_is_what_becomes_of_the_upload(look, session, services, operator):
    for content in (CONTACTS, SPANISH):
        told = look(content, record_type="contacts").get_json()
        import_, _ = begin_upload(
            session, services, operator, record_type="contacts", filename="a.csv", idempotency_key=None
        )
        receive(session, services, import_, [content])
        assert [question["id"] for question in import_.questions] == [q["id"] for q in told["questions"]]
        assert import_.columns == [column["field"] for column in told["columns"]]


@pytest.mark.parametrize(
    "content",
    [
        b"email,name\n" + b"a@example.com,Mu\xf1oz M\xe1laga\n" * 12_000,
        (",".join(f"c{n}" for n in range(16_000)) + ",email,name\n").encode() + b"x,y,z\n" * 30_000,
        b"email,name\n" + b'"a,"b",c"\n' * 30_000,
        (",".join(f"c{n}" for n in range(900)) + ",email,name\n").encode() + (b"x," * 900 + b"a@b.de,Ann\n") * 200,
    ],
    ids=["letters of several encodings", "16,000 columns", "broken quotes", "900 columns of values"],
)
def test_a_look_is_quick_whatever_the_file(content, look):
    begun = time.process_time()
    assert look(content, size=1_900_000).status_code == 200
    assert time.process_time() - begun < 1
