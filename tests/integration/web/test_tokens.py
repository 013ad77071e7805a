"""API tokens: made and revoked on the page of the account, each with what it may and until when."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from importer.control import tokens
from importer.errors import AccountError
from importer.models import ApiToken, Scope
from importer.statuses import Status

FORM = {"name": "nightly", "scope": "write", "expires": "30"}


@pytest.fixture
def someone(operator, visitor):
    return visitor(operator)


def secret_on(page):
    return re.search(r'value="(imp_[^"]+)"', page)[1]


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_is_made_shown_once_and_works(someone, client):
    made = someone.post("/account/tokens", FORM)
    assert made.status_code == 201
    secret = secret_on(made.get_data(as_text=True))
    assert client.get("/api/imports", headers=bearer(secret)).status_code == 200
    page = someone.page("/account")
    assert secret not in page
    assert "nightly" in page


@pytest.mark.parametrize(("expires", "days"), [("30", 30), ("90", 90), ("365", 365), ("never", None)])
def test_a_token_expires_when_it_was_said(expires, days, someone, session):
    someone.post("/account/tokens", {**FORM, "expires": expires})
    token = session.query(ApiToken).one()
    if days is None:
        assert token.expires_at is None
    else:
        assert abs(token.expires_at - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=1)


def test_an_expired_token_is_refused_and_shown_as_such(someone, client, session):
    secret = secret_on(someone.post("/account/tokens", FORM).get_data(as_text=True))
    session.execute(update(ApiToken).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    session.commit()
    assert client.get("/api/imports", headers=bearer(secret)).status_code == 401
    assert "Expired" in someone.page("/account")


def test_a_token_that_reads_changes_nothing(operator, client, session, make_import):
    import_ = make_import(operator, Status.PAUSED)
    headers = bearer(tokens.create_token(session, operator, "dashboard", scope=Scope.READ))
    assert client.get(f"/api/imports/{import_.id}", headers=headers).status_code == 200
    upload = {"record_type": "airports", "file": (io.BytesIO(b"icao\nEDDB\n"), "a.csv")}
    for refused in (
        client.post("/api/imports", data=upload, headers=headers),
        client.post(f"/api/imports/{import_.id}/resume", headers=headers),
        client.delete(f"/api/imports/{import_.id}", headers=headers),
    ):
        assert refused.status_code == 403
        assert "may only read" in refused.get_json()["error"]["message"]
    session.refresh(import_)
    assert (import_.status, import_.deleted_at) == (Status.PAUSED, None)


def test_tokens_of_before_may_write_and_do_not_expire(operator, client, session, make_import):
    import_ = make_import(operator, Status.PAUSED)
    secret = tokens.create_token(session, operator, "old")
    assert client.delete(f"/api/imports/{import_.id}", headers=bearer(secret)).status_code == 204
    assert session.query(ApiToken).one().expires_at is None


def test_the_last_use_is_written_once_a_minute(operator, client, session):
    secret = tokens.create_token(session, operator, "script")
    token = session.query(ApiToken).one()
    assert token.last_used_at is None
    seen = []
    for _ in range(2):
        client.get("/api/imports", headers=bearer(secret))
        session.refresh(token)
        seen.append(token.last_used_at)
    assert seen[0] == seen[1] is not None


def test_a_revoked_token_is_refused_and_gone_from_the_page(someone, client, session):
    secret = secret_on(someone.post("/account/tokens", FORM).get_data(as_text=True))
    token_id = session.query(ApiToken).one().id
    assert someone.post(f"/account/tokens/{token_id}/revoke").status_code == 303
    assert client.get("/api/imports", headers=bearer(secret)).status_code == 401
    assert "nightly" not in someone.page("/account").replace("“nightly”", "")
    assert someone.post(f"/account/tokens/{token_id}/revoke").status_code == 422


def test_nobody_revokes_somebody_elses_token(someone, other, client, session):
    secret = tokens.create_token(session, other, "theirs")
    token_id = session.query(ApiToken).one().id
    assert someone.post(f"/account/tokens/{token_id}/revoke").status_code == 422
    assert someone.post(f"/account/tokens/{10**30}/revoke").status_code == 422
    assert client.get("/api/imports", headers=bearer(secret)).status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": " "}, 422),
        ({"name": "x" * 101}, 422),
        ({"name": "a\0b"}, 422),
        ({"scope": "all"}, 400),
        ({"expires": "1"}, 400),
    ],
)
def test_a_token_that_cannot_be_made_is_refused(change, status, someone, session):
    assert someone.post("/account/tokens", {**FORM, **change}).status_code == status
    assert session.query(ApiToken).count() == 0


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_a_token_ends_within_ten_years(days, operator, session):
    with pytest.raises(AccountError, match="1 to 3650 days"):
        tokens.create_token(session, operator, "x", expires_days=days)


def test_nobody_has_more_than_a_hundred(operator, session, monkeypatch):
    monkeypatch.setattr(tokens, "MOST_TOKENS", 2)
    for name in ("a", "b"):
        tokens.create_token(session, operator, name)
    with pytest.raises(AccountError, match="2 tokens already"):
        tokens.create_token(session, operator, "c")
    tokens.revoke_tokens(session, operator, "a")
    tokens.create_token(session, operator, "c")


def test_the_command_line_says_scope_and_end(operator, runner, client):
    made = runner.invoke(
        args=["users", "token", operator.email, "--name", "s", "--scope", "read", "--expires-days", "7"]
    )
    headers = bearer(made.output.strip())
    assert client.get("/api/imports", headers=headers).status_code == 200
    assert client.post("/api/imports", headers=headers).status_code == 403
