"""Who may come in: the page for admins, and the links by which people set their passwords."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from importer.control import accounts, links, tokens
from importer.errors import AccountError
from importer.models import OneTimeLink, Purpose, Role, User
from importer.web.extensions import db

PASSWORD = "correct horse battery"
NEW = {"new": "a password of mine", "again": "a password of mine"}


def link_on(page):
    """The path of the link that a page shows."""
    return re.search(r'value="https://importer.example(/password-link/[^"]+)"', page)[1]


def token_of(client, path):
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).get_data(as_text=True))[1]


def set_password(client, path, data=NEW):
    return client.post(path, data={**data, "csrf_token": token_of(client, path)})


@pytest.fixture
def boss(admin, visitor):
    return visitor(admin)


def test_operators_find_no_page_of_people(operator, visitor):
    someone = visitor(operator)
    assert someone.get("/people").status_code == 403
    assert someone.post("/people", {"email": "new@example.com", "role": "admin"}).status_code == 403
    assert "/people" not in someone.page("/imports")


def test_a_person_is_added_and_sets_their_password_by_the_link(boss, app):
    added = boss.post("/people", {"email": "new@example.com", "role": "operator"})
    assert added.status_code == 201
    path = link_on(added.get_data(as_text=True))
    theirs = app.test_client()
    assert theirs.head(path).status_code == 200
    assert "new@example.com" in theirs.get(path).get_data(as_text=True)
    assert set_password(theirs, path).location == "/imports"
    assert theirs.get("/imports").status_code == 200
    with app.app_context():
        assert accounts.check_password(db.session(), "new@example.com", NEW["new"]).role == Role.OPERATOR


def test_the_link_is_shown_once_and_kept_as_a_hash(boss, session):
    path = link_on(boss.post("/people", {"email": "new@example.com", "role": "admin"}).get_data(as_text=True))
    secret = path.rsplit("/", 1)[1]
    assert secret not in boss.page("/people")
    assert session.query(OneTimeLink).one().secret_hash != secret


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"email": "operator@example.com", "role": "admin"}, "exists already"),
        ({"email": "nobody", "role": "admin"}, "no e-mail address"),
        ({"email": "a\0b@example.com", "role": "admin"}, "no e-mail address"),
    ],
)
def test_a_person_who_cannot_be_added_is_told_why(data, words, boss, operator):
    answer = boss.post("/people", data)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)


def test_a_used_an_old_a_withdrawn_and_an_unknown_link_say_so(operator, app, session):
    used = links.make_link(session, operator, Purpose.PASSWORD)
    set_password(app.test_client(), f"/password-link/{used}")
    withdrawn = links.make_link(session, operator, Purpose.PASSWORD)
    old = links.make_link(session, operator, Purpose.PASSWORD)
    last = update(OneTimeLink).where(OneTimeLink.secret_hash == accounts.hashed(old))
    session.execute(last.values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    session.commit()
    for secret, words in (
        (used, "was used before"),
        (withdrawn, "was withdrawn"),
        (old, "older than 7 days"),
        ("x", "no such link"),
    ):
        answer = app.test_client().get(f"/password-link/{secret}")
        assert answer.status_code == 410
        assert words in answer.get_data(as_text=True)


def test_a_link_lasts_seven_days(operator, session):
    links.make_link(session, operator, Purpose.PASSWORD)
    left = session.query(OneTimeLink).one().expires_at - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_a_link_to_log_in_sets_no_password_and_the_other_way_round(operator, client, session):
    secret = links.make_link(session, operator, Purpose.LOGIN)
    assert client.get(f"/password-link/{secret}").status_code == 410
    other = links.make_link(session, operator, Purpose.PASSWORD)
    assert client.get(f"/login-link/{other}").status_code == 401


@pytest.mark.parametrize(
    ("change", "words"),
    [({"new": "short", "again": "short"}, "at least 10"), ({"again": "something else"}, "differ")],
)
def test_a_password_that_is_refused_does_not_use_up_the_link(change, words, operator, client, session):
    path = f"/password-link/{links.make_link(session, operator, Purpose.PASSWORD)}"
    refused = set_password(client, path, {**NEW, **change})
    assert refused.status_code == 422
    assert words in refused.get_data(as_text=True)
    assert set_password(client, path).status_code == 302


def test_of_two_who_use_a_link_at_once_one_gets_in(operator, services):
    with Session(services.engine) as mine, Session(services.engine) as theirs:
        secret = links.make_link(mine, mine.get(User, operator.id), Purpose.PASSWORD)
        link = links.find_link(theirs, secret, Purpose.PASSWORD)
        links.use_password_link(mine, secret, "the password of one")
        with pytest.raises(AccountError, match="used before"):
            links._use(theirs, link)


def test_a_new_link_for_who_forgot_their_password_ends_their_sessions_when_it_is_used(
    boss, operator, visitor, app
):
    someone = visitor(operator)
    path = link_on(boss.post(f"/people/{operator.id}/link").get_data(as_text=True))
    assert someone.get("/imports").status_code == 200
    set_password(app.test_client(), path)
    assert someone.get("/imports").status_code == 302


def test_whoever_is_disabled_loses_sessions_tokens_and_links_and_gets_none_of_them_back(
    boss, operator, visitor, app, session
):
    someone = visitor(operator)
    headers = {"Authorization": f"Bearer {tokens.create_token(session, operator, 'script')}"}
    secret = links.make_link(session, operator, Purpose.PASSWORD)
    assert boss.post(f"/people/{operator.id}/disable").status_code == 303
    for _ in range(2):
        assert someone.get("/imports").status_code == 302
        assert app.test_client().get("/api/imports", headers=headers).status_code == 401
        assert app.test_client().get(f"/password-link/{secret}").status_code == 410
        boss.post(f"/people/{operator.id}/enable")
    assert visitor(operator).get("/imports").status_code == 200


def test_a_disabled_person_gets_no_link(boss, operator):
    boss.post(f"/people/{operator.id}/disable")
    answer = boss.post(f"/people/{operator.id}/link")
    assert answer.status_code == 422
    assert "is disabled" in answer.get_data(as_text=True)


def test_a_new_role_holds_from_the_next_click_on(boss, operator, visitor):
    someone = visitor(operator)
    assert someone.get("/people").status_code == 403
    assert boss.post(f"/people/{operator.id}/role", {"role": "admin"}).status_code == 303
    assert someone.get("/people").status_code == 200
    assert boss.post(f"/people/{operator.id}/role", {"role": "king"}).status_code == 400


@pytest.mark.parametrize(("verb", "data"), [("disable", None), ("role", {"role": "operator"})])
def test_nobody_takes_away_their_own_rights(verb, data, boss, admin):
    answer = boss.post(f"/people/{admin.id}/{verb}", data)
    assert answer.status_code == 422
    assert "Another admin has to do this" in answer.get_data(as_text=True)
    assert boss.get("/people").status_code == 200


@pytest.mark.parametrize("user_id", [0, 2**31, 10**30])
def test_a_person_that_there_is_not_is_not_found(user_id, boss):
    assert boss.post(f"/people/{user_id}/disable").status_code == 404


def test_the_last_admin_stays_one(admin, session):
    with pytest.raises(AccountError, match="is the last admin"):
        accounts.disable(session, admin)
    with pytest.raises(AccountError, match="is the last admin"):
        accounts.change_role(session, admin, Role.OPERATOR)


def test_two_admins_who_disable_each_other_at_once_do_not_both_succeed(admin, session, services):
    second = accounts.create_user(session, email="second@example.com", role=Role.ADMIN)
    both, refused = threading.Barrier(2), []

    def disable(user_id):
        with Session(services.engine) as own:
            user = own.get(User, user_id)
            own.commit()
            both.wait()
            try:
                accounts.disable(own, user)
            except AccountError as error:
                refused.append(error.message)

    threads = [threading.Thread(target=disable, args=(one.id,)) for one in (admin, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert session.query(User).filter(User.disabled_at.is_(None)).count() == 1


def test_the_last_use_of_an_account_is_shown_and_written_once_a_minute(boss, operator, visitor, session):
    assert boss.page("/people").count("never") == 1
    someone = visitor(operator)
    session.refresh(operator)
    first = operator.last_used_at
    someone.page("/imports")
    session.refresh(operator)
    assert operator.last_used_at == first is not None
    session.execute(update(User).values(last_used_at=first - timedelta(minutes=2)))
    session.commit()
    someone.page("/imports")
    session.refresh(operator)
    assert operator.last_used_at > first - timedelta(minutes=1)


def test_a_database_that_takes_no_writes_keeps_nobody_from_the_pages(operator, visitor, session, caplog):
    someone = visitor(operator)
    session.execute(update(User).values(last_used_at=None))
    database = session.connection().engine.url.database
    session.execute(db.text(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on'))
    session.commit()
    with someone.client.application.app_context():
        db.engine.dispose()
    assert someone.get("/imports").status_code == 200
    assert "not noted" in caplog.text
