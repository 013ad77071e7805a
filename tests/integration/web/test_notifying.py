"""When people are written to: what they choose for all their imports, and for one."""

import io

import pytest

from importer.models import Import, Notify


@pytest.fixture
def settings(settings, tmp_path):
    return settings.model_copy(update={"smtp_url": (tmp_path / "mails.txt").as_uri()})


@pytest.fixture
def someone(operator, visitor):
    return visitor(operator)


def upload(visitor, **fields):
    data = {**fields, "record_type": "airports", "file": (io.BytesIO(b"icao,name\nEDDB,Berlin\n"), "a.csv")}
    return visitor.post("/imports", data, headers={"Accept": "application/json"})


def kept(session):
    session.rollback()
    return session.query(Import.notify).order_by(Import.sequence.desc()).first()[0]


def test_at_first_nobody_is_written_to(someone, session):
    upload(someone)
    assert kept(session) is None


@pytest.mark.parametrize(("chosen", "said"), [("problems", "stops or pauses by itself"), ("always", "")])
def test_what_is_chosen_counts_for_the_imports_that_come(chosen, said, someone, session):
    assert someone.post("/account/notify", {"notify": chosen}).status_code == 303
    page = someone.page("/account")
    assert f'value="{chosen}" checked' in page
    assert said in page
    upload(someone)
    assert kept(session) == chosen
    someone.post("/account/notify", {"notify": "never"})
    upload(someone)
    assert kept(session) is None


@pytest.mark.parametrize(("field", "expected"), [("always", "always"), ("problems", "problems"), ("never", None)])
def test_an_upload_may_say_otherwise(field, expected, someone, session):
    someone.post("/account/notify", {"notify": "problems"})
    upload(someone, notify=field)
    assert kept(session) == expected


@pytest.mark.parametrize(
    ("chosen", "unchecked", "is_checked"),
    [(Notify.NEVER, "never", False), (Notify.PROBLEMS, "problems", False), (Notify.ALWAYS, "never", True)],
)
def test_the_box_on_the_upload_page_shows_and_changes_what_was_chosen(chosen, unchecked, is_checked, someone):
    someone.post("/account/notify", {"notify": chosen})
    page = someone.page("/imports/new")
    assert f'<input type="hidden" name="notify" value="{unchecked}">' in page
    assert ('value="always" checked' in page) == is_checked


def test_a_form_without_a_script_sends_both_fields_and_the_box_counts(someone, session):
    upload(someone, notify=["never", "always"])
    assert kept(session) == "always"


def test_a_choice_that_there_is_not_is_refused(someone, session):
    answer = upload(someone, notify="sometimes")
    assert answer.status_code == 400
    assert "never, problems, always" in answer.get_json()["error"]["message"]
    assert someone.post("/account/notify", {"notify": "x"}).status_code == 400


def test_where_there_is_no_mail_server_nothing_is_offered(someone, services):
    services.settings = services.settings.model_copy(update={"smtp_url": ""})
    assert "Write to me" not in someone.page("/imports/new")
    assert "No mails are sent from here" in someone.page("/account")
