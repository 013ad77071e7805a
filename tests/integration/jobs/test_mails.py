"""Mails about imports: each once, whatever dies, and no mail server holds up anything."""

import smtplib
import threading
import time
from email import message_from_string
from email.policy import default

import pytest
from mail_catcher import Mailbox
from samples import FORMS
from sqlalchemy import select, text, update
from world import many_contacts

from importer.control import imports, uploads
from importer.control.answers import answer
from importer.control.intake import Options
from importer.lifecycle import mails
from importer.mail import servers
from importer.models import Import, Mail, Notify, User
from importer.statuses import Reason, Status
from jobs.postman import Postman

OPEN = """
SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()
"""
"""Transactions that wait for something other than the database."""

FAULTY = "email,name\nann@example.com,Ann\nnobody,Bob\n"


@pytest.fixture
def mailbox(world):
    with Mailbox().open() as opened:
        changed = {
            "smtp_url": opened.url,
            "mail_from": "importer@example.com",
            "base_url": "https://importer.example",
        }
        world.services.settings = world.services.settings.model_copy(update=changed)
        yield opened


@pytest.fixture
def post(world, mailbox):
    """Lets recovery's postman make his round, and waits for it."""
    postman = Postman(world.services)

    def run():
        postman.run()
        postman.wait()

    return run


def upload(world, csv=FAULTY, notify=Notify.ALWAYS, filename="people.csv"):
    with world.session() as session:
        import_, _ = uploads.begin_upload(
            session,
            world.services,
            session.scalars(select(User)).one(),
            record_type="contacts",
            filename=filename,
            idempotency_key=None,
        )
        options = Options(notify=notify)
        body = csv.encode() if isinstance(csv, str) else csv
        uploads.receive(session, world.services, import_, [body], says_options=lambda: options)
        return import_.id


def moved(world, import_id, status, **values):
    with world.session() as session:
        session.execute(update(Import).where(Import.id == import_id).values(status=status, **values))
        session.commit()


def make_due(world):
    with world.session() as session:
        session.execute(text("UPDATE mails SET due_at = now()"))
        session.commit()


def left(world):
    with world.session() as session:
        return session.scalars(select(Mail)).all()


def read(raw):
    return message_from_string(raw, policy=default)


def test_who_began_an_import_is_written_to_once_at_its_end(world, mailbox, post):
    import_id = upload(world)
    post()
    assert mailbox.texts == []
    world.run()
    for _ in range(3):
        post()
    (raw,) = mailbox.texts
    mail = read(raw)
    assert mail["To"] == "ann@example.com"
    assert mail["From"] == "Bulk importer <importer@example.com>"
    assert mail["Subject"] == "people.csv: completed, 1 failed"
    body = mail.get_content()
    assert "The import of people.csv is completed" in body
    assert f"https://importer.example/imports/{import_id}" in body
    assert "1  email: invalid_email" in body
    assert left(world) == []


@pytest.mark.parametrize(
    ("notify", "csv", "subjects"),
    [
        (Notify.ALWAYS, many_contacts(3)[0], ["people.csv: completed"]),
        (Notify.PROBLEMS, many_contacts(3)[0], []),
        (Notify.PROBLEMS, FAULTY, ["people.csv: completed, 1 failed"]),
        (Notify.NEVER, FAULTY, []),
        (Notify.ALWAYS, "email,name\nnobody,Bob\n", ["people.csv: nothing imported"]),
    ],
)
def test_mails_come_as_they_were_wanted(notify, csv, subjects, world, mailbox, post):
    upload(world, csv, notify)
    world.run()
    post()
    assert [read(raw)["Subject"] for raw in mailbox.texts] == subjects
    with world.session() as session:
        assert session.scalars(select(Import.notify)).all() == [None]


def test_without_a_word_the_persons_own_choice_counts(world, mailbox, post):
    with world.session() as session:
        session.execute(update(User).values(notify=Notify.PROBLEMS))
        session.commit()
    upload(world, notify=None)
    world.run()
    post()
    assert len(mailbox.texts) == 1


def test_each_pause_by_the_product_is_told_and_none_by_a_person(world, mailbox, post):
    import_id = upload(world, many_contacts(3)[0], Notify.PROBLEMS)
    moved(world, import_id, Status.PAUSED, reason_code=Reason.BY_PERSON, reason="By Ann.")
    post()
    assert mailbox.texts == []
    for count in (1, 2):
        moved(world, import_id, Status.PAUSED, reason_code=Reason.TOO_MANY_FAILED, reason="Too many rows failed.")
        for _ in range(2):
            post()
        assert len(mailbox.texts) == count
        world.verb(imports.resume, import_id)
    assert read(mailbox.texts[0])["Subject"] == "people.csv: paused"
    assert "Too many rows failed." in mailbox.texts[0]


def test_an_import_that_stopped_is_told_and_a_file_that_was_refused_is_not(world, mailbox, post):
    import_id = upload(world, many_contacts(3)[0])
    values = {"reason_code": Reason.OBJECT_MISSING, "reason": "The stored file is gone."}
    moved(world, import_id, Status.STOPPED, **values)
    other = upload(world, many_contacts(3)[0])
    moved(world, other, Status.STOPPED, uploaded_at=None, **values)
    post()
    assert [read(raw)["Subject"] for raw in mailbox.texts] == ["people.csv: stopped"]


def test_who_cancels_is_not_written_to(world, mailbox, post):
    world.verb(imports.cancel, upload(world))
    post()
    assert (mailbox.texts, left(world)) == ([], [])


@pytest.mark.parametrize("is_disabled", [True, False])
def test_nobody_is_written_to_who_is_disabled_or_whose_import_is_deleted(is_disabled, world, mailbox, post):
    import_id = upload(world)
    world.run()
    with world.services.engine.begin() as connection:
        mails.note_mails(connection)
    if is_disabled:
        with world.session() as session:
            session.execute(text("UPDATE users SET disabled_at = now()"))
            session.commit()
    else:
        world.verb(imports.delete, import_id)
    post()
    assert (mailbox.texts, left(world)) == ([], [])


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "."])
def test_a_mail_that_the_server_refuses_is_tried_again_later(command, world, mailbox, post):
    upload(world)
    world.run()
    mailbox.refuses = command
    post()
    post()  # it is not due yet
    (mail,) = left(world)
    assert (mail.tries, mail.handed_over_at) == (1, None)
    mailbox.refuses = None
    make_due(world)
    post()
    assert len(mailbox.texts) == 1
    assert left(world) == []


def test_a_server_that_is_away_is_asked_ever_more_seldom(world, mailbox, post):
    upload(world)
    world.run()
    mailbox.hangs_up_at = "EHLO"
    waits = []
    for _ in range(8):
        make_due(world)
        post()
        with world.session() as session:
            waits.append(float(session.scalar(text("SELECT extract(epoch FROM due_at - now()) FROM mails"))))
    assert [round(wait / 60) for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_mail_whose_text_the_server_got_is_not_sent_again_without_its_answer(world, mailbox, post):
    upload(world)
    world.run()
    mailbox.hangs_up_at = "."
    post()
    mailbox.hangs_up_at = None
    make_due(world)
    post()
    assert len(mailbox.texts) == 1


def test_a_process_that_dies_before_it_hands_the_mail_over_loses_none(world, mailbox, post):
    upload(world)
    world.run()
    with world.services.engine.begin() as connection:
        mails.note_mails(connection)
    assert mails.claim_mail(world.services.engine) is not None  # and dies
    post()
    assert mailbox.texts == []
    make_due(world)
    post()
    assert len(mailbox.texts) == 1


def test_a_process_that_wakes_up_late_sends_nothing_that_another_has(world, mailbox, post):
    upload(world)
    world.run()
    with world.services.engine.begin() as connection:
        mails.note_mails(connection)
    late = mails.claim_mail(world.services.engine)
    make_due(world)
    other = mails.claim_mail(world.services.engine)
    assert not mails.hand_over(world.services.engine, late)
    mails.forget_mail(world.services.engine, late)
    assert len(left(world)) == 1
    assert mails.hand_over(world.services.engine, other)


def test_two_processes_send_each_mail_once(world, mailbox):
    for _ in range(8):
        upload(world)
    world.run()
    postmen = [Postman(world.services) for _ in range(2)]
    for _ in range(3):
        threads = [threading.Thread(target=postman.run) for postman in postmen]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for postman in postmen:
            postman.wait()
    assert len(mailbox.texts) == len(set(mailbox.texts)) == 8


def test_after_a_day_a_mail_is_given_up_and_that_is_logged(world, mailbox, post, caplog):
    upload(world)
    world.run()
    mailbox.refuses = "MAIL"
    post()
    with world.session() as session:
        session.execute(text("UPDATE mails SET noted_at = now() - interval '25 hours', due_at = now()"))
        session.commit()
    post()
    assert left(world) == []
    assert "could not be sent within a day" in caplog.text


def test_a_server_that_drips_holds_up_neither_recovery_nor_others_for_long(world, mailbox, monkeypatch):
    monkeypatch.setattr(servers, "MAIL_SECONDS", 0.5)
    upload(world)
    world.run()
    mailbox.drips = True
    postman = Postman(world.services)
    begun = time.monotonic()
    postman.run()
    postman.run()
    assert time.monotonic() - begun < 0.4
    with world.session() as session:
        assert session.scalar(text(OPEN)) == 0
    postman.wait()
    mailbox.drips = False
    assert time.monotonic() - begun < 3
    assert len(left(world)) == 1


def test_recovery_sends_mails(world, mailbox):
    upload(world)
    world.run()
    world.recover()
    deadline = time.monotonic() + 5
    while not mailbox.texts and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(mailbox.texts) == 1


def test_without_a_mail_server_nothing_is_kept_to_be_sent(world):
    import_id = upload(world)
    assert world.find(import_id).notify is None
    world.run()
    Postman(world.services).run()
    assert left(world) == []


def test_a_file_takes_mails_as_well(world, mailbox, tmp_path):
    changed = {"smtp_url": (tmp_path / "mails.txt").as_uri()}
    world.services.settings = world.services.settings.model_copy(update=changed)
    upload(world, filename="Größe.csv")
    world.run()
    postman = Postman(world.services)
    postman.run()
    postman.wait()
    assert "The import of Größe.csv is completed" in (tmp_path / "mails.txt").read_text()
    assert left(world) == []


def test_a_password_goes_over_no_line_that_is_not_encrypted(mailbox):
    address = servers.MailAddress.parse(mailbox.url.replace("smtp://", "smtp://user:secret@"))
    with pytest.raises(smtplib.SMTPNotSupportedError):
        servers.SmtpServer(address)._log_in(_connected(address))


def _connected(address):
    client = smtplib.SMTP(timeout=2)
    client._host = address.host
    client.connect(address.host, address.port)
    return client


# Questions about a converted file


def workbook(world, notify=Notify.PROBLEMS):
    """Upload a workbook whose balances can be read in two ways, and convert it."""
    rows = "".join(f"{name}@example.com,{name},1.500\n" for name in ("ann", "bob", "cy"))
    import_id = upload(world, FORMS["xlsx"](f"email,name,balance\n{rows}"), notify, "people.xlsx")
    world.convert()
    assert world.status(import_id) == Status.WAITING
    return import_id


def test_who_went_away_is_told_that_a_converted_file_waits_for_answers(world, mailbox, post):
    import_id = workbook(world)
    post()
    assert mailbox.texts == []  # they may still be at the page
    make_due(world)
    for _ in range(3):
        post()
    (told,) = map(read, mailbox.texts)
    assert told["Subject"] == "people.xlsx: waiting for answers"
    assert f"https://importer.example/imports/{import_id}" in told.get_content()


def test_who_answers_at_once_gets_no_mail_about_questions_but_one_about_the_end(world, mailbox, post):
    import_id = workbook(world, Notify.ALWAYS)
    post()
    with world.session() as session:
        import_ = session.get(Import, import_id)
        person = session.scalars(select(User)).one()
        answer(session, world.services, import_, person, Options({"decimal_mark-3": "."}))
    make_due(world)
    post()
    assert mailbox.texts == []
    moved(world, import_id, Status.PAUSED, reason_code=Reason.TOO_MANY_FAILED, reason="Too many.")
    post()
    moved(world, import_id, Status.COMPLETED)
    post()
    assert [read(raw)["Subject"] for raw in mailbox.texts] == ["people.xlsx: paused", "people.xlsx: completed"]


def test_questions_about_a_file_that_was_read_at_once_are_no_mail(world, mailbox, post):
    import_id = upload(world, "email,name,balance\nann@example.com,Ann,1.500\n")
    assert world.status(import_id) == Status.WAITING
    post()
    make_due(world)
    post()
    assert mailbox.texts == []
