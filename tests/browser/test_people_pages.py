"""An admin adds a person, who comes in by a link and makes a token."""

import re
import urllib.request

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def link(logged_in: Page) -> str:
    """The link of a person who was just added."""
    logged_in.get_by_role("link", name="People").click()
    logged_in.get_by_label("E-mail address").fill("bob@example.com")
    logged_in.get_by_label("Operator: sees").check()
    logged_in.get_by_role("button", name="Add, and make a link").click()
    shown = logged_in.get_by_label("One-time link")
    expect(shown).to_be_visible()
    return shown.input_value()


def test_a_person_comes_in_by_the_link_and_makes_a_token_that_reads(logged_in: Page, link: str, application):
    page = logged_in
    page.context.clear_cookies()
    page.goto(link)
    expect(page.locator("main")).to_contain_text("bob@example.com")
    page.get_by_label("New password", exact=False).first.fill("a password of Bob")
    page.get_by_label("New password, again").fill("a password of Bob")
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url("**/imports")
    expect(page.get_by_role("link", name="People")).to_have_count(0)
    page.get_by_role("link", name="bob@example.com").click()
    page.get_by_label("What is the new token for?").fill("nightly")
    page.get_by_role("button", name="Make the token").click()
    secret = page.get_by_label("Token", exact=True).input_value()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    headers = {"Authorization": f"Bearer {secret}"}
    request = urllib.request.Request(f"{application.base_url}/api/imports", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    page.get_by_role("button", name="Revoke the token nightly").click()
    expect(page.get_by_role("status")).to_contain_text("is revoked")
    page.context.clear_cookies()
    page.goto(link)
    expect(page.locator("main")).to_contain_text("This link was used before")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_fit_a_phone_and_name_every_field(logged_in: Page, width: int):
    logged_in.set_viewport_size({"width": width, "height": 800})
    for address in ("/people", "/account", "/imports/new"):
        logged_in.goto(address)
        assert logged_in.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        fields = logged_in.locator("main input:not([type=hidden]):not([hidden]), main select")
        for place in range(fields.count()):
            described = fields.nth(place).evaluate(
                "f => (f.labels.length && f.labels[0].textContent) || f.ariaLabel"
            )
            assert re.search(r"\w", described or ""), (address, place)
