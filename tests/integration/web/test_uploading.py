"""From the browser to the queue: what is taken, what is refused, and that nothing is left of what is refused."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import pytest
from conftest import AIRPORTS

from importer.control import tokens
from importer.control.uploads import begin_upload
from importer.errors import BusyError, SlowUploadError
from importer.front.arrival import UPLOAD
from importer.models import Import
from importer.queue import queues
from importer.statuses import Status
from importer.web.auth import STREAMED
from importer.web.extensions import db
from importer.web.multipart import CHUNK_BYTES, read_upload


def imports(session):
    session.expire_all()
    return session.query(Import).order_by(Import.sequence).all()


def test_an_upload_becomes_a_queued_import_with_a_slice_on_high(operator, visitor, services, stored):
    answer = visitor(operator).upload()
    assert answer.status_code == 201
    told = answer.get_json()
    assert told["url"] == f"/imports/{told['id']}"
    assert (told["status"], told["created_by"], told["filename"]) == ("queued", operator.email, "airports.csv")
    assert queues.is_slice_queued(services.redis, told["id"])
    assert f"imports/{told['id']}" in stored()


def test_the_same_form_sent_twice_makes_one_import(operator, visitor, session):
    someone = visitor(operator)
    first = someone.upload(headers={"Idempotency-Key": "one"})
    second = someone.upload(headers={"Idempotency-Key": "one"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.get_json()["id"] == second.get_json()["id"]
    assert len(imports(session)) == 1


def test_a_key_used_for_another_record_type_is_refused_in_words(operator, visitor, session):
    someone = visitor(operator)
    someone.upload(headers={"Idempotency-Key": "one"})
    answer = someone.upload(record_type="contacts", headers={"Idempotency-Key": "one"})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "key_reused")
    assert "another record type" in answer.get_json()["error"]["message"]
    assert len(imports(session)) == 1


def test_a_key_used_for_another_file_is_refused_in_words(operator, visitor, session):
    someone = visitor(operator)
    someone.upload(headers={"Idempotency-Key": "one"})
    answer = someone.upload(b"icao,name,lat\nEDDM,Munich,48.4\n", headers={"Idempotency-Key": "one"})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "key_reused")
    assert "another file" in answer.get_json()["error"]["message"]
    assert len(imports(session)) == 1


def test_another_persons_key_is_another_key(operator, other, visitor, session):
    for user in (operator, other):
        assert visitor(user).upload(headers={"Idempotency-Key": "one"}).status_code == 201
    assert len(imports(session)) == 2


def test_a_key_is_free_again_after_the_file_was_refused(operator, visitor):
    someone = visitor(operator)
    assert someone.upload(b"", headers={"Idempotency-Key": "one"}).status_code == 422
    assert someone.upload(headers={"Idempotency-Key": "one"}).status_code == 201


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"icao,name\n", "no rows"),
        (b"name\nBerlin\n", "icao"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", ""),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_in_words_and_leaves_nothing(
    content, words, operator, visitor, session, stored
):
    before = stored()
    answer = visitor(operator).upload(content)
    assert answer.status_code == 422
    assert words in answer.get_json()["error"]["message"].lower()
    assert stored() == before
    assert [found.status for found in imports(session)] == [Status.STOPPED]


def test_a_file_over_the_limit_is_refused_before_it_is_read(operator, visitor, session):
    answer = visitor(operator).upload(b"x" * 3_100_000)
    assert answer.status_code == 413
    assert answer.get_json()["error"]["code"] == "too_large"
    assert imports(session) == []


def test_a_file_just_over_the_limit_is_refused_while_it_is_read(operator, visitor, session, stored):
    before = stored()
    answer = visitor(operator).upload(b"icao,name\n" + b"EDDB,Berlin\n" * 170_000)
    assert answer.status_code == 413
    assert [found.reason_code for found in imports(session)] == ["file_refused"]
    assert stored() == before


@pytest.mark.parametrize("record_type", ["", "nonsense", "a\0b"])
def test_an_unknown_record_type_is_refused(record_type, operator, visitor, session):
    answer = visitor(operator).post(
        "/imports",
        {"file": (io.BytesIO(b"x"), "x.csv")},
        query_string={"record_type": record_type},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.get_json()["error"]["code"] == "unknown_record_type"
    assert imports(session) == []


def test_a_form_without_a_file_is_refused(operator, visitor, session):
    answer = visitor(operator).post(
        "/imports?record_type=airports", {"x": "y"}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 400
    assert imports(session) == []


def test_a_key_that_is_too_long_is_refused(operator, visitor):
    assert visitor(operator).upload(headers={"Idempotency-Key": "x" * 101}).status_code == 400


def test_an_upload_that_breaks_off_says_so_and_leaves_nothing(operator, visitor, session, stored):
    before = stored()
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nicao,name\nEDDB,Berlin\n'
    answer = visitor(operator).post(
        "/imports?record_type=airports",
        body,
        content_type="multipart/form-data; boundary=b",
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 400
    assert [found.reason_code for found in imports(session)] == ["upload_broke_off"]
    assert stored() == before


def test_an_upload_while_s3_is_away_says_so(operator, visitor, session, services):
    services.storage.bucket = "no-such-bucket"
    answer = visitor(operator).upload()
    assert answer.status_code == 503
    assert [found.status for found in imports(session)] == [Status.STOPPED]


def test_scripts_upload_with_the_record_type_in_the_form(operator, client, session):
    headers = {"Authorization": f"Bearer {tokens.create_token(session, operator, 'script')}"}
    data = {"record_type": "airports", "file": (io.BytesIO(b"icao\nEDDB\n"), "a.csv")}
    answer = client.post("/api/imports", data=data, headers=headers)
    assert answer.status_code == 201
    assert answer.get_json()["record_type"] == "airports"


ICAO = b"icao,name\nEDDB,Berlin\n"


def send(client, address, *fields, headers):
    """Send a form whose fields stand in this order; return the answer, as JSON."""
    body = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"'.encode()
        + (b'; filename="a.csv"' if name == "file" else b"")
        + b"\r\n\r\n"
        + value
        + b"\r\n"
        for name, value in fields
    ]
    form = b"".join(body) + b"--b--\r\n"
    return client.post(address, data=form, content_type="multipart/form-data; boundary=b", headers=headers)


@pytest.fixture
def ways(operator, visitor, session, client):
    """How scripts and the page send a form: their browser, the address, and its headers."""
    someone = visitor(operator)
    token = tokens.create_token(session, operator, "script")
    return [
        (client, "/api/imports", {"Authorization": f"Bearer {token}"}),
        (someone.client, "/imports", {"X-CSRFToken": someone.token, "Accept": "application/json"}),
    ]


@pytest.mark.parametrize("content", [ICAO, b"icao,name\n" + b"EDDB,Berlin\n" * 150_000], ids=["small", "large"])
def test_the_record_type_may_stand_behind_the_file(content, ways, session, services):
    for client, address, headers in ways:
        answer = send(client, address, ("file", content), ("record_type", b"airports"), headers=headers)
        assert answer.status_code == 201
        assert answer.get_json()["record_type"] == "airports"
        import_ = imports(session)[-1]
        assert (import_.record_type, import_.columns) == ("airports", ["icao", "name"])
        assert queues.is_slice_queued(services.redis, import_.id)


@pytest.mark.parametrize(
    ("late", "code"),
    [
        ([], "unknown_record_type"),
        ([("record_type", b"")], "unknown_record_type"),
        ([("record_type", b"a\0b")], "unknown_record_type"),
        ([("record_type", b"contacts")], "missing_column"),
        ([("record_type", b"x" * 70_000)], "upload"),
        ([(f"f{number}", b"") for number in range(21)], "upload"),
    ],
)
def test_what_is_refused_only_behind_the_file_leaves_nothing_of_it(late, code, ways, session, stored):
    before = stored()
    for client, address, headers in ways:
        answer = send(client, address, ("file", ICAO), *late, headers=headers)
        assert answer.status_code in (400, 422)
        assert answer.get_json()["error"]["code"] == code
    assert {found.status for found in imports(session)} == {Status.STOPPED}
    assert stored() == before


def test_two_record_types_on_both_sides_of_the_file_are_refused(ways, session):
    client, address, headers = ways[0]
    sides = ("record_type", b"airports"), ("file", ICAO), ("record_type", b"contacts")
    answer = send(client, address, *sides, headers=headers)
    assert answer.status_code == 400
    assert "two record types, 'airports' and 'contacts'" in answer.get_json()["error"]["message"]
    assert [found.status for found in imports(session)] == [Status.STOPPED]


def test_a_key_holds_for_a_record_type_behind_the_file_as_well(ways, session):
    client, address, headers = ways[0]
    headers = {**headers, "Idempotency-Key": "one"}
    late = ("file", ICAO), ("record_type", b"airports")
    assert send(client, address, *late, headers=headers).status_code == 201
    assert send(client, address, *late, headers=headers).status_code == 200
    assert send(client, address, *reversed(late), headers=headers).status_code == 200
    other = send(client, address, ("file", ICAO), ("record_type", b"contacts"), headers=headers)
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "key_reused")
    assert len(imports(session)) == 1


def test_an_import_whose_record_type_is_not_said_yet_can_be_looked_at(ways, operator, visitor, session, services):
    import_, _ = begin_upload(
        session, services, operator, record_type=None, filename="a.csv", idempotency_key="one"
    )
    for path in ("/imports", f"/imports/{import_.id}", f"/api/imports/{import_.id}"):
        assert "(unknown)" in visitor(operator).page(path)
    client, address, headers = ways[0]
    headers = {**headers, "Idempotency-Key": "one"}
    assert send(client, address, ("record_type", b"airports"), ("file", ICAO), headers=headers).status_code == 200


def test_without_a_csrf_token_the_body_is_not_read(operator, visitor, session):
    answer = visitor(operator).upload(headers={"X-CSRFToken": ""})
    assert answer.status_code == 400
    assert answer.get_json()["error"]["code"] == "csrf"
    assert imports(session) == []


def sent_without_script(someone, content=AIRPORTS, *, path="/imports", **more):
    data = {"record_type": "airports", "file": (io.BytesIO(content), "airports.csv")}
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    return someone.client.post(f"{path}?csrf_token={someone.token}", data=data, headers=headers, **more)


def test_a_form_without_a_script_leads_to_the_page_of_its_import(operator, visitor, session):
    answer = sent_without_script(visitor(operator))
    (import_,) = imports(session)
    assert (answer.status_code, answer.location) == (303, f"/imports/{import_.id}")
    assert (import_.record_type, import_.status) == ("airports", Status.QUEUED)


def test_without_a_script_a_refusal_is_a_page_with_a_way_back(operator, visitor):
    answer = sent_without_script(visitor(operator), b"%PDF-1.7")
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert "The file is a PDF" in page
    assert 'href="/imports/new"' in page


def test_the_token_in_the_address_must_be_that_of_the_session_and_counts_on_the_page_alone(
    operator, other, visitor, session
):
    someone = visitor(operator)
    assert sent_without_script(someone, path="/api/imports").status_code == 400
    someone.token = visitor(other).token
    assert sent_without_script(someone).status_code == 400
    assert imports(session) == []


def test_the_upload_page_chooses_no_record_type_by_itself(operator, visitor):
    someone = visitor(operator)
    assert "checked" not in someone.page("/imports/new")
    assert re.search(r'value="contacts" required checked', someone.page("/imports/new?record_type=contacts"))


BEGINNING = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nicao,name\n'


@pytest.fixture
def arriving(operator, visitor):
    """Upload what arrives piece by piece, or does not."""

    def upload(*pieces, accept="application/json"):
        return visitor(operator).post(
            "/imports?record_type=airports",
            headers={"Accept": accept},
            content_type="multipart/form-data; boundary=b",
            input_stream=io.BytesIO(),
            environ_overrides={
                "wsgi.input": Mock(spec=["read"], read=Mock(side_effect=pieces)),
                "CONTENT_LENGTH": "999999",
            },
        )

    return upload


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_an_upload_beyond_those_that_are_taken_at_once_is_told_when_to_come_again(accept, arriving, session):
    answer = arriving(BusyError, accept=accept)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Wait a moment, then upload the file again" in answer.get_data(as_text=True)
    assert imports(session) == []


def test_an_upload_that_is_too_slow_says_so_and_leaves_nothing(arriving, session, stored):
    before = stored()
    answer = arriving(BEGINNING.ljust(CHUNK_BYTES), SlowUploadError)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "slow_upload")
    (import_,) = imports(session)
    assert (import_.reason_code, import_.reason) == ("upload_broke_off", SlowUploadError().message)
    assert stored() == before


def test_the_worker_before_the_application_knows_every_address_that_takes_a_file(app):
    adapter = app.url_map.bind("localhost")
    for endpoint in STREAMED:
        path = adapter.build(endpoint, {"import_id": "abcdefghjkmn"}, append_unknown=False)
        assert UPLOAD.match(f"POST {path}?record_type=x HTTP/1.1".encode())
        assert UPLOAD.match(f"POST {path} HTTP/1.1".encode())


def test_no_transaction_is_open_while_the_file_arrives(operator, visitor, monkeypatch):
    open_ = []

    def watched(*arguments):
        open_.append(db.session().in_transaction())
        return read_upload(*arguments)

    monkeypatch.setattr("importer.web.uploads.read_upload", watched)
    assert visitor(operator).upload().status_code == 201
    assert open_ == [False]


def test_a_path_in_a_filename_is_dropped(operator, visitor):
    answer = visitor(operator).upload(name="../../etc/<b>\u202e.csv")
    assert answer.get_json()["filename"] == "<b>.csv"


def test_the_same_form_sent_20_times_at_once_makes_one_import(operator, visitor, session, stored):
    visitors = [visitor(operator) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda someone: someone.upload(headers={"Idempotency-Key": "one"}), visitors))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    (import_,) = imports(session)
    assert {answer.get_json()["id"] for answer in answers} == {import_.id}
    assert f"imports/{import_.id}" in stored()
