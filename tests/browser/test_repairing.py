"""What a person does with failed rows: finds a kind of fault, edits a cell in place, and sees the row imported."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from test_browser import SECOND, upload

FILE = """email,name,signup_date
ann@example.com,Ann,2024-01-31
nonsense,Bob,2024-02-01
cleo@example.com,,2024-02-30
more nonsense,,2024-03-01
"""


@pytest.fixture
def failed(logged_in: Page, tmp_path: Path) -> Page:
    """The page of an import of which three rows have failed."""
    path = tmp_path / "people.csv"
    path.write_text(FILE.replace("Ann", tmp_path.name))  # the same file again would be asked about
    upload(logged_in, "Contacts", path)
    expect(logged_in.locator("main")).to_contain_text("Completed", timeout=60 * SECOND)
    return logged_in


def row(page: Page, number: int) -> Locator:
    return page.locator(f"#row-{number}")


def choose_group(page: Page, name: str) -> None:
    page.get_by_role("table", name="Kinds of fault").get_by_role("link", name=name).click()
    page.wait_for_url(re.compile(r"code=[a-z_]+"))


def test_a_kind_of_fault_is_chosen_and_its_address_shows_the_same_to_others(failed: Page):
    expect(failed.locator("#failed-tools")).to_contain_text("1\u20133 of 3")
    choose_group(failed, "invalid_email")
    address = failed.url
    assert "field=email" in address
    expect(failed.locator("#failed-rows-table tbody tr")).to_have_count(2)
    failed.goto("/imports")
    failed.goto(address)
    expect(failed.locator("#failed-tools")).to_contain_text("1\u20132 of 2")
    failed.get_by_role("link", name="Show all failed rows").click()
    expect(failed.locator("#failed-rows-table tbody tr")).to_have_count(3)


def test_a_cell_is_edited_where_it_stands_checked_as_one_types_and_its_row_imported(failed: Page):
    failed.get_by_role("link", name="Edit email of row 2").click()
    field = failed.get_by_role("textbox", name="email of row 2")
    expect(field).to_be_focused()
    field.fill("bob@")
    expect(row(failed, 2)).to_contain_text("should be one e-mail address", timeout=5 * SECOND)
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("bob@example.com")
    expect(row(failed, 2)).to_contain_text("✓ Passes the checks", timeout=5 * SECOND)
    scrolled = failed.evaluate("window.scrollY")
    field.press("Enter")
    expect(row(failed, 2)).to_contain_text("✓ Imported", timeout=30 * SECOND)
    expect(row(failed, 2)).to_be_focused()
    expect(row(failed, 2).locator("ins")).to_have_text("bob@example.com")
    assert abs(failed.evaluate("window.scrollY") - scrolled) < 200
    expect(failed.locator("#failed-tools")).to_contain_text("1\u20132 of 2")
    failed.get_by_role("link", name="1 correction by hand").click()
    expect(failed.locator("main")).to_contain_text("bob@example.com")
    expect(failed.locator("main")).to_contain_text("Imported")


def test_every_cell_of_a_row_is_edited_at_once_and_what_is_still_wrong_shows_in_it(failed: Page):
    failed.get_by_role("link", name="Edit row 4").click()
    failed.get_by_role("textbox", name="email of row 4").fill("dan@example.com")
    failed.get_by_role("button", name="Save and try").click()
    expect(row(failed, 4)).to_contain_text("tried 2 times", timeout=30 * SECOND)
    expect(row(failed, 4)).to_contain_text("a value is required")
    expect(row(failed, 4)).to_contain_text("was more nonsense, changed by")
    expect(row(failed, 4)).to_be_focused()


def test_escape_leaves_a_cell_as_it_was(failed: Page):
    failed.get_by_role("link", name="Edit name of row 3").click()
    field = failed.get_by_role("textbox", name="name of row 3")
    field.fill("Cleo")
    field.press("Escape")
    expect(field).to_have_count(0)
    expect(row(failed, 3)).to_contain_text("(empty)")
    expect(row(failed, 3)).to_be_focused()


def test_after_a_retry_the_notice_says_what_came_of_it_and_the_row_keeps_the_focus(failed: Page):
    failed.get_by_role("button", name="Try row 2 again unchanged").click()
    expect(failed.locator("#retry-result")).to_have_text(
        "Row 2 was tried again, and failed again.", timeout=30 * SECOND
    )
    expect(row(failed, 2)).to_be_focused()
    failed.locator("#retry-all-unchanged summary").click()
    failed.get_by_role("button", name="Try all 3 again unchanged").click()
    expect(failed.locator("#retry-result")).to_have_text(
        "3 failed rows were tried again: 0 imported, 3 failed again.", timeout=30 * SECOND
    )


def test_on_a_phone_a_row_is_a_card_with_its_actions_and_nothing_is_cut_off(failed: Page):
    failed.set_viewport_size({"width": 390, "height": 844})
    assert failed.evaluate("document.documentElement.scrollWidth") <= 390
    card = row(failed, 3).bounding_box()
    for action in ("Edit row 3", "Edit name of row 3"):
        place = failed.get_by_role("link", name=action).bounding_box()
        assert card["y"] <= place["y"]
        assert place["y"] + place["height"] <= card["y"] + card["height"]
    expect(row(failed, 3).locator("td.well").first).to_be_hidden()
    failed.get_by_role("link", name="Edit row 3").click()
    expect(failed.get_by_role("textbox", name="email of row 3")).to_be_visible()
    assert failed.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_a_script_a_row_is_edited_on_a_page_of_its_own(failed: Page):
    address = failed.url
    failed.goto(f"{address}/failed-rows/2/edit")
    failed.get_by_label("email").fill("")
    failed.get_by_label("email").fill("bob@example.com")
    failed.get_by_role("button", name="Save and try the row").click()
    failed.wait_for_url(re.compile("retried_row=2"))
    expect(failed.locator("#retry-result")).to_contain_text(
        "Row 2 was tried again, and is imported.", timeout=30 * SECOND
    )
