"""What mails about imports say, and that nothing from a file gets into their headers."""

from dataclasses import replace

import pytest

from importer.mail.letters import Letter, as_message
from importer.mail.servers import MailAddress

LETTER = Letter(
    mail_id=7,
    to="ann@example.com",
    sender="importer@example.com",
    filename="people.csv",
    status="completed",
    reason=None,
    total_rows=100_000,
    imported_rows=95_100,
    failed_rows=4_900,
    address="https://importer.example/imports/abcdefghjkmn",
    account="https://importer.example/account",
    groups=[(4_000, "email", "invalid_email"), (900, None, "too_few_cells")],
)


def test_a_mail_says_what_happened_and_where_to_look():
    message = as_message(LETTER)
    assert message["Subject"] == "people.csv: completed, 4,900 failed"
    assert message.get_content().splitlines() == [
        "The import of people.csv is completed: every row of the file is imported or failed.",
        "",
        "Rows in the file:     100,000",
        "Imported:              95,100",
        "Failed:                 4,900",
        "",
        "Failed rows by field and reason:",
        "        4,000  email: invalid_email",
        "          900  the row: too_few_cells",
        "",
        "Its page:",
        "https://importer.example/imports/abcdefghjkmn",
        "",
        "You get this mail because you asked for it, with the upload or on the page of your account.",
        "https://importer.example/account",
    ]


def test_a_mail_about_questions_has_no_counts():
    message = as_message(replace(LETTER, status="waiting", filename="people.xlsx", groups=[]))
    assert message["Subject"] == "people.xlsx: waiting for answers"
    first, *others = message.get_content().splitlines()
    assert "once the questions about it are answered" in first
    assert others[:2] == ["", "Its page:"]


@pytest.mark.parametrize(
    "evil", ["a\r\nBcc: eve@example.com", "a\nBcc: eve@example.com", "a\u2028Bcc: x", "\0\x07"]
)
def test_no_name_of_a_file_adds_a_header(evil):
    message = as_message(replace(LETTER, filename=evil, reason=evil, status="stopped"))
    assert message["Bcc"] is None
    for line in message.as_bytes().decode().partition("\n\n")[0].splitlines():
        assert not line.startswith("Bcc")
    assert "\nBcc" not in message.get_content()


@pytest.mark.parametrize("field", ["to", "sender"])
def test_no_address_adds_a_header(field):
    with pytest.raises(ValueError, match="CR or LF"):
        as_message(replace(LETTER, **{field: "a@example.com\r\nBcc: eve@example.com"}))


def test_the_same_mail_has_the_same_number():
    assert as_message(LETTER)["Message-ID"] == "<mail-7.abcdefghjkmn@example.com>"


@pytest.mark.parametrize(
    ("url", "host", "port", "password"),
    [
        ("smtps://ann:p%40ss@mail.example", "mail.example", 465, "p@ss"),
        ("smtp://mail.example:587", "mail.example", 587, ""),
        ("smtp://[::1]", "::1", 25, ""),
    ],
)
def test_the_setting_names_a_server(url, host, port, password):
    address = MailAddress.parse(url)
    assert (address.host, address.port, address.password) == (host, port, password)


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "file://x/y", "smtp://a:99999"])
def test_another_setting_is_refused(url):
    with pytest.raises(ValueError, match=r"should|out of range"):
        MailAddress.parse(url)
