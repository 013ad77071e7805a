"""Logging in and out."""

import re

import pytest
from redis import Redis

from importer.app import create_app
from importer.control import accounts, links
from importer.models import Purpose
from importer.web.throttle import TRIES_PER_EMAIL

PASSWORD = "correct horse battery"
AWAY = [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "javascript:x",
    "//[evil.example",
    "/imports\r\nSet-Cookie: a=b",
]
"""Where nobody may be led, and what is no address at all."""


def try_login(client, email, password=PASSWORD, **more):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").get_data(as_text=True))[1]
    return client.post("/login", data={"email": email, "password": password, "csrf_token": token, **more})


def test_the_right_password_opens_the_list(operator, client):
    assert try_login(client, "Operator@Example.com").location == "/imports"
    assert client.get("/imports").status_code == 200


@pytest.mark.parametrize("email", ["operator@example.com", "nobody@example.com", "a\0b@example.com", ""])
def test_a_wrong_password_is_refused_in_the_same_words(email, operator, client):
    answer = try_login(client, email, "wrong")
    assert answer.status_code == 401
    assert "do not fit together" in answer.get_data(as_text=True)


def test_after_ten_wrong_passwords_even_the_right_one_has_to_wait(operator, other, client):
    for _ in range(TRIES_PER_EMAIL):
        assert try_login(client, operator.email, "wrong").status_code == 401
    assert try_login(client, operator.email).status_code == 429
    assert try_login(client, other.email).status_code == 302


def test_the_current_password_cannot_be_guessed_from_a_session_that_was_left_open(operator, visitor, client):
    someone = visitor(operator)
    wrong = {"current": "wrong", "new": "another long one", "again": "another long one"}
    for _ in range(TRIES_PER_EMAIL):
        assert someone.post("/account/password", wrong).status_code == 422
    assert someone.post("/account/password", {**wrong, "current": PASSWORD}).status_code == 429
    assert try_login(client, operator.email).status_code == 429


def test_tries_in_parallel_are_counted_before_their_passwords_are_checked(operator, client, monkeypatch):
    inside = []

    def another_try_meanwhile(*_):
        inside.append(1)
        try_login(client, operator.email, "wrong")

    monkeypatch.setattr(accounts, "check_password", another_try_meanwhile)
    assert try_login(client, operator.email, "wrong").status_code == 401
    assert len(inside) == TRIES_PER_EMAIL


def test_logins_that_succeed_use_up_no_tries(operator, client, services):
    for _ in range(2):
        try_login(client, operator.email, "wrong")
        assert try_login(client, operator.email).status_code == 302
        client.delete_cookie("session")
    counts = {int(services.redis.get(key)) for key in services.redis.keys("importer:login:*")}
    assert counts == {2}  # the failed ones, of the network address


def test_nobody_is_locked_out_while_redis_is_away(operator, services, client, monkeypatch, caplog):
    monkeypatch.setattr(services, "redis", Redis(host="127.0.0.1", port=1))
    assert try_login(client, operator.email).status_code == 302
    assert "not counted" in caplog.text


@pytest.mark.parametrize("away", AWAY)
def test_logging_in_leads_nowhere_else(away, operator, client):
    assert try_login(client, operator.email, next=away).location == "/imports"


def test_logging_in_leads_to_the_page_that_was_wanted(operator, client):
    wanted = client.get("/imports/new?record_type=contacts").location
    assert wanted == "/login?next=/imports/new?record_type%3Dcontacts"
    assert try_login(client, operator.email, next="/imports/new").location == "/imports/new"


def test_logging_in_leaves_nothing_of_the_session_before(operator, client):
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    try_login(client, operator.email)
    with client.session_transaction() as session:
        assert "planted" not in session


@pytest.mark.parametrize("secure", [True, False])
def test_the_session_is_kept_from_scripts_other_sites_and_plain_http(secure, settings, app):
    client = create_app(settings.model_copy(update={"session_cookie_secure": secure})).test_client()
    cookie = client.get("/login").headers["Set-Cookie"]
    assert "; HttpOnly; " in cookie
    assert "; SameSite=Lax" in cookie
    assert ("; Secure; " in cookie) == secure


def test_a_session_ends_after_its_time_even_where_a_page_refreshes_itself(operator, client):
    assert "; Expires=" in try_login(client, operator.email).headers["Set-Cookie"]
    assert "Set-Cookie" not in client.get("/imports/live").headers


def test_logging_out_ends_the_session(operator, visitor):
    someone = visitor(operator)
    thief = visitor(operator)
    thief.client.set_cookie("session", someone.client.get_cookie("session").value)
    assert thief.get("/imports").status_code == 200
    someone.post("/logout")
    assert someone.get("/imports").status_code == 302
    assert thief.get("/imports").status_code == 302


def test_a_one_time_link_works_once(operator, client, app, session):
    secret = links.make_link(session, operator, Purpose.LOGIN)
    assert client.head(f"/login-link/{secret}").status_code == 405
    assert client.get(f"/login-link/{secret}").location == "/imports"
    assert client.get("/imports").status_code == 200
    again = app.test_client().get(f"/login-link/{secret}")
    assert again.status_code == 401
    assert "used before" in again.get_data(as_text=True)


def test_changing_the_password_ends_the_other_sessions(operator, visitor):
    here, there = visitor(operator), visitor(operator)
    data = {"current": PASSWORD, "new": "another long one", "again": "another long one"}
    assert here.post("/account/password", data).status_code == 302
    assert here.get("/imports").status_code == 200
    assert there.get("/imports").status_code == 302


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"current": "wrong"}, "current password is wrong"),
        ({"new": "short", "again": "short"}, "at least 10"),
        ({"again": "something else"}, "differ"),
    ],
)
def test_a_password_is_not_changed_to_what_is_wrong(change, words, operator, visitor):
    data = {"current": PASSWORD, "new": "another long one", "again": "another long one", **change}
    answer = visitor(operator).post("/account/password", data)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
