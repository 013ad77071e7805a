"""The API's verbs, answers and errors."""

import io
from unittest.mock import Mock

import pytest
from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.unreader import IterUnreader
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from importer.connections import RedisCertificateError
from importer.files.cells.outcomes import ALTERATIONS
from importer.models import Alteration
from importer.statuses import Status


@pytest.fixture
def someone(operator, visitor):
    return visitor(operator)


def code_of(answer):
    return answer.get_json()["error"]["code"]


def test_an_import_is_told_with_every_count_and_its_page(someone, operator, make_import):
    import_ = make_import(operator, total_rows=3, created_rows=2, failed=[["X", "Y"]])
    told = someone.get(f"/api/imports/{import_.id}").get_json()
    assert (told["total_rows"], told["imported_rows"], told["failed_rows"]) == (3, 2, 1)
    assert told["url"] == f"/imports/{import_.id}"


def test_what_was_read_otherwise_is_told_with_examples_and_empty_cells_are_counted(
    someone, operator, make_import, session
):
    import_ = make_import(operator, empty_cells_kept=1, empty_cells_cleared=2, blank_rows=3)
    of_balance = {"field": "balance", "kind": "no_value", "count": 7}
    session.add(Alteration(import_sequence=import_.sequence, examples=[[3, "NULL", None]], **of_balance))
    session.commit()
    told = someone.get(f"/api/imports/{import_.id}").get_json()
    assert (told["empty_cells_kept"], told["empty_cells_cleared"], told["blank_rows"]) == (1, 2, 3)
    assert told["alterations"] == [
        {
            **of_balance,
            "meaning": ALTERATIONS["no_value"],
            "examples": [{"row_number": 3, "before": "NULL", "after": None}],
        }
    ]
    assert "alterations" not in someone.get("/api/imports").get_json()["imports"][0]


def test_rate_and_time_left_come_from_the_time_that_an_import_was_running(someone, operator, make_import):
    counts = {"created_rows": 200, "total_rows": 600, "seconds_running": 40.0}
    import_ = make_import(operator, Status.RUNNING, **counts)
    told = someone.get(f"/api/imports/{import_.id}").get_json()
    assert (told["seconds_running"], told["rows_per_second"], told["seconds_left"]) == (40, 5, 80)


def test_an_import_is_paused_resumed_cancelled_and_deleted(someone, operator, make_import):
    import_ = make_import(operator, Status.RUNNING)
    path = f"/api/imports/{import_.id}"
    assert someone.post(f"{path}/pause").get_json()["status"] == "pausing"
    resumed = someone.post(f"{path}/resume").get_json()
    assert (resumed["status"], resumed["reason"]) == ("queued", None)
    assert someone.post(f"{path}/cancel").get_json()["status"] == "cancelled"
    assert someone.delete(path).status_code == 204
    assert someone.get(path).status_code == 404


def test_what_the_status_forbids_is_refused(someone, operator, make_import):
    import_ = make_import(operator, Status.COMPLETED)
    for verb in ("pause", "resume", "cancel"):
        answer = someone.post(f"/api/imports/{import_.id}/{verb}")
        assert (answer.status_code, code_of(answer)) == (409, "refused_transition")


def test_a_verb_that_an_address_does_not_take_is_answered_with_those_it_does(someone):
    assert set(someone.post("/api/imports/aaaaaaaaaaaa").headers["Allow"].split(", ")) >= {"GET", "DELETE"}


def test_failed_rows_come_in_pages(someone, operator, make_import):
    import_ = make_import(operator, failed=[["X", "\0\udc80"], ["Y", "b"], ["Z", "c"]])
    first = someone.get(f"/api/imports/{import_.id}/failed-rows?limit=2").get_json()
    assert [row["row_number"] for row in first["failed_rows"]] == [1, 2]
    assert first["failed_rows"][0]["cells"] == ["X", "\0\udc80"]
    second = someone.get(first["next"]).get_json()
    assert [row["row_number"] for row in second["failed_rows"]] == [3]
    assert second["next"] is None


def test_one_row_or_all_of_them_are_retried(someone, operator, make_import):
    import_ = make_import(operator, failed=[["X", "a"], ["Y", "b"]])
    path = f"/api/imports/{import_.id}/retry"
    assert someone.post(path, json={"row_number": 2}).get_json()["retried_rows"] == 1
    assert someone.post(path).get_json()["retried_rows"] == 2


@pytest.mark.parametrize(
    "body", [{"row_number": "x"}, {"row_number": 0}, {"row_number": 2**31}, {"rownumber": 1}, [1]]
)
def test_a_row_number_that_is_none_is_refused_and_nothing_is_retried(body, someone, operator, make_import):
    import_ = make_import(operator, failed=[["X", "a"]])
    assert someone.post(f"/api/imports/{import_.id}/retry", json=body).status_code == 400
    (row,) = someone.get(f"/api/imports/{import_.id}/failed-rows").get_json()["failed_rows"]
    assert row["retry_requested_at"] is None


def test_a_body_without_a_length_is_read_all_the_same(someone, operator, make_import):
    import_ = make_import(operator, failed=[["X", "a"], ["Y", "b"]])
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    body = {"input_stream": io.BytesIO(b'{"row_number": 2}'), "content_type": "application/json"}
    answer = someone.post(f"/api/imports/{import_.id}/retry", **body, environ_overrides=chunked)
    assert answer.get_json()["retried_rows"] == 1


@pytest.mark.parametrize("body", [b"no size\r\n{}", b"2\r\n{}too long\r\n0\r\n\r\n", b"2\r\n{", b""])
def test_chunks_that_do_not_fit_together_are_a_bad_request(body, someone, operator, make_import):
    import_ = make_import(operator, failed=[["X", "a"]])
    stream = Body(ChunkedReader(None, IterUnreader([body])))
    chunked = {"wsgi.input": stream, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = someone.post(f"/api/imports/{import_.id}/retry", environ_overrides=chunked)
    assert (answer.status_code, code_of(answer)) == (400, "bad_request")
    assert (
        someone.get(f"/api/imports/{import_.id}/failed-rows").get_json()["failed_rows"][0]["retry_requested_at"]
        is None
    )


def test_json_nested_without_end_is_refused(someone, operator, make_import):
    import_ = make_import(operator, failed=[["X", "a"]])
    nested = {"data": "[" * 100_000, "content_type": "application/json"}
    assert someone.post(f"/api/imports/{import_.id}/retry", **nested).status_code == 400


def test_imports_come_in_pages_the_latest_first(someone, operator, make_import):
    made = [make_import(operator).id for _ in range(3)]
    first = someone.get("/api/imports?limit=2").get_json()
    assert [told["id"] for told in first["imports"]] == made[:0:-1]
    assert [told["id"] for told in someone.get(first["next"]).get_json()["imports"]] == made[:1]


def test_every_error_under_api_is_json_with_a_code(someone, client, operator, make_import):
    import_ = make_import(operator, failed=[["X", "a"]])
    path = f"/api/imports/{import_.id}"
    text = {"data": "no json", "content_type": "text/plain"}
    expected = [
        (client.get("/api/imports"), 401, "unauthorized"),
        (client.get("/api/nowhere"), 401, "unauthorized"),
        (someone.get("/api/nowhere"), 404, "not_found"),
        (someone.get("/api/imports/aaaaaaaaaaaa"), 404, "unknown_import"),
        (someone.get("/api/imports/a%00"), 404, "not_found"),
        (someone.post(path), 405, "method_not_allowed"),
        (someone.post(f"{path}/retry", **text), 415, "unsupported_media_type"),
        (someone.post(f"{path}/retry", "x" * 1_100_000), 413, "request_entity_too_large"),
        (someone.client.post(f"{path}/pause"), 400, "csrf"),
    ]
    for answer, status, code in expected:
        assert (answer.status_code, code_of(answer)) == (status, code)
        assert answer.get_json()["error"]["message"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("x", {}, Exception()), "database_away"),
        (PoolTimeoutError(), "database_away"),
        (RedisError("secret"), "redis_away"),
    ],
)
def test_what_is_away_is_said_with_503(error, code, someone, monkeypatch):
    monkeypatch.setattr("importer.api.imports.page_of_imports", Mock(side_effect=error))
    answer = someone.get("/api/imports")
    assert (answer.status_code, code_of(answer)) == (503, code)
    assert "secret" not in answer.get_data(as_text=True)


def test_a_certificate_of_redis_that_is_refused_is_said_with_503_and_the_setting(someone, monkeypatch, caplog):
    error = RedisCertificateError("Hostname mismatch, certificate is not valid for 'secret'.")
    monkeypatch.setattr("importer.api.imports.page_of_imports", Mock(side_effect=error))
    answer = someone.get("/api/imports")
    assert (answer.status_code, code_of(answer)) == (503, "redis_away")
    assert "set REDIS_TLS_VERIFY=false" in answer.get_json()["error"]["message"]
    assert "secret" not in answer.get_data(as_text=True)
    assert "Hostname mismatch" in caplog.text


def test_an_unexpected_error_is_json_too_and_tells_no_details(someone, app, monkeypatch):
    app.testing = False
    monkeypatch.setattr("importer.api.imports.page_of_imports", lambda *_, **__: 1 / 0)
    answer = someone.get("/api/imports")
    assert (answer.status_code, code_of(answer)) == (500, "internal")
    assert "division" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=abc", "limit must be a whole number from 1 to 100"),
        ("limit=0", "limit must be"),
        ("limit=5000", "limit must be"),
        ("limit=", "limit must be"),
        ("limit=²", "limit must be"),
        (f"limit={'9' * 5000}", "limit must be"),
        ("limit=5&limit=x", "limit must be"),
        ("page=-1", "page must be a whole number"),
        ("status=failed", "no parameter 'status' here. There are: page, limit, show, text,"),
    ],
)
def test_a_parameter_that_means_nothing_is_refused(someone, query, words):
    answer = someone.get(f"/api/imports?{query}")
    assert (answer.status_code, code_of(answer)) == (400, "bad_request")
    assert words in answer.get_json()["error"]["message"]


def test_failed_rows_after_a_row_that_cannot_be_are_refused(someone, operator, make_import):
    import_ = make_import(operator, failed=[["X", "a"]])
    path = f"/api/imports/{import_.id}/failed-rows"
    assert someone.get(f"{path}?after=1&limit=1000").get_json() == {"failed_rows": [], "next": None}
    assert [someone.get(f"{path}?{query}").status_code for query in ("after=x", "after=2147483648", "row=1")] == [
        400
    ] * 3
