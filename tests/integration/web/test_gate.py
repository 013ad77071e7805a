"""Who gets in, and what nobody may do on somebody else's behalf."""

import pytest
from flask import request

from importer.app import create_app
from importer.control import accounts, tokens
from importer.statuses import Status
from importer.web.auth import OPEN

VALUES = {
    "import_id": "abcdefghjkmn",
    "name": "airports",
    "verb": "delete",
    "instance_number": 0,
    "queue_name": "low",
    "registry_name": "failed",
    "per_page": 8,
    "order": "asc",
    "page": 1,
    "job_id": "x",
    "filename": "style.css",
    "secret": "x",
    "ending": "csv",
    "user_id": 1,
    "token_id": 1,
    "row_number": 1,
    "record_type": "contacts",
}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def addresses(app, methods):
    """Every route that takes one of these methods, with an address of it."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {name: VALUES[name] for name in rule.arguments}
        for method in sorted(rule.methods & methods):
            yield rule.endpoint, method, adapter.build(rule.endpoint, values, method=method)


def test_no_route_answers_a_stranger_but_login_and_health(app, client):
    seen = 0
    for endpoint, method, path in addresses(app, UNSAFE | {"GET"}):
        if endpoint in OPEN:
            continue
        answer = client.open(path, method=method)
        away = answer.status_code == 302 and answer.location.startswith("/login")
        assert answer.status_code == 401 or away, (method, path, answer.status)
        seen += 1
    assert seen > 40


def test_addresses_that_do_not_exist_tell_a_stranger_nothing(client):
    assert client.get("/nowhere").status_code == 302
    assert client.get("/api/nowhere").status_code == 401


def test_only_these_routes_are_open(app):
    assert {
        "static",
        "sessions.new",
        "sessions.create",
        "sessions.use_link",
        "passwords.new",
        "passwords.create",
        "health.alive",
        "health.ready",
    } == OPEN
    assert set(app.view_functions) >= OPEN


def test_no_change_is_made_without_the_pages_csrf_token(app, admin, visitor, session, make_import):
    someone = visitor(admin)
    import_ = make_import(admin, Status.PAUSED)
    for endpoint, method, path in addresses(app, UNSAFE):
        mine = path.replace(VALUES["import_id"], import_.id)
        for headers in ({}, {"X-CSRFToken": "wrong"}):
            answer = someone.client.open(mine, method=method, headers=headers)
            assert answer.status_code == 400, (endpoint, method, answer.status)
    session.refresh(import_)
    assert import_.status == Status.PAUSED
    assert import_.deleted_at is None


def test_a_csrf_token_of_another_session_is_refused(admin, operator, visitor):
    theirs = visitor(operator).token
    assert visitor(admin).client.post("/logout", headers={"X-CSRFToken": theirs}).status_code == 400


@pytest.mark.parametrize("path", ["", "/live", "/confirm/cancel", "/confirm/delete"])
def test_an_operator_sees_only_their_own_imports(path, operator, other, admin, visitor, make_import):
    import_ = make_import(other)
    assert visitor(operator).get(f"/imports/{import_.id}{path}").status_code == 404
    assert visitor(other).get(f"/imports/{import_.id}{path}").status_code == 200
    assert visitor(admin).get(f"/imports/{import_.id}{path}").status_code == 200


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "delete", "retry"])
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_an_operator_changes_only_their_own_imports(verb, prefix, operator, other, visitor, make_import, session):
    import_ = make_import(other, Status.PAUSED, failed=[["X", "Y"]])
    someone = visitor(operator)
    path = f"{prefix}/imports/{import_.id}"
    answer = someone.delete(path) if (prefix, verb) == ("/api", "delete") else someone.post(f"{path}/{verb}")
    assert answer.status_code == 404
    session.refresh(import_)
    assert import_.status == Status.PAUSED
    assert import_.deleted_at is None


def test_the_lists_hold_only_what_the_person_may_see(operator, other, admin, visitor, make_import):
    mine, theirs = make_import(operator), make_import(other)
    for path in ("/imports", "/imports/live", "/api/imports"):
        assert mine.id in visitor(operator).page(path)
        assert theirs.id not in visitor(operator).page(path)
        assert theirs.id in visitor(admin).page(path)


def test_rq_dashboard_is_for_admins(operator, admin, visitor):
    for path in ("/rq/", "/rq/0/view/jobs", "/rq/0/data/queues.json"):
        assert visitor(operator).get(path).status_code == 403
        assert visitor(admin).get(path).status_code == 200


def test_whoever_is_disabled_is_out_at_once(operator, visitor, session):
    someone = visitor(operator)
    token = tokens.create_token(session, operator, "script")
    accounts.disable(session, operator)
    assert someone.get("/imports").location.startswith("/login")
    answer = someone.client.get("/api/imports", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_a_token_works_until_it_is_revoked(operator, client, session):
    headers = {"Authorization": f"Bearer {tokens.create_token(session, operator, 'script')}"}
    assert client.get("/api/imports", headers=headers).status_code == 200
    tokens.revoke_tokens(session, operator, "script")
    answer = client.get("/api/imports", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_opens_no_page(operator, client, session):
    headers = {"Authorization": f"Bearer {tokens.create_token(session, operator, 'script')}"}
    assert client.get("/imports", headers=headers).status_code == 302


def test_a_wrong_token_is_refused_even_where_a_session_would_do(operator, visitor):
    answer = visitor(operator).get("/api/imports", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401


def test_every_answer_forbids_framing_sniffing_and_foreign_scripts(admin, visitor, client):
    for answer in (client.get("/login"), visitor(admin).get("/imports"), client.get("/healthz")):
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("proxies", [0, 1])
def test_only_proxies_that_are_trusted_say_how_and_from_where_a_request_came(proxies, settings, app):
    app = create_app(settings.model_copy(update={"trusted_proxies": proxies}))
    seen = []
    app.before_request(lambda: seen.append(request.remote_addr))
    forwarded = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    answer = app.test_client().get("/login", headers=forwarded)
    assert ("Strict-Transport-Security" in answer.headers) == bool(proxies)
    assert seen == ["192.0.2.7" if proxies else "127.0.0.1"]
