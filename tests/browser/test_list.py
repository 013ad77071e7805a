"""The live list, and the title of a tab: what needs a browser."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from embedded.application import Application

SECOND = 1000
ROWS = 200_000
"""Several seconds of work: a page looks once a second."""
IMPORT_PAGE = re.compile(r"/imports/[a-z0-9]{12}$")


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    path = tmp_path / "large file.csv"
    lines = (f"person{n}@example.com,Person {n}\n" for n in range(ROWS))
    path.write_text("email,name\n" + "".join(lines) + "no address,Nobody\n")
    return path


@pytest.fixture
def beside(logged_in: Page, application: Application) -> Page:
    """A second window of the same person, in another zone."""
    context = logged_in.context.browser.new_context(
        storage_state=logged_in.context.storage_state(),
        base_url=application.base_url,
        timezone_id="Asia/Tokyo",
        locale="en-GB",
    )
    return context.new_page()


def start(page: Page, file: Path) -> None:
    page.goto("/imports/new")
    page.get_by_role("radio", name="Contacts").check()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Start the import").click()
    page.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)


def wait_for_titles(page: Page, last: str) -> list[str]:
    """The titles that a page has had, up to this one."""
    seen = [page.title()]
    deadline = time.monotonic() + 90
    while not seen[-1].startswith(last):
        assert time.monotonic() < deadline, seen
        page.wait_for_timeout(100)
        if page.title() != seen[-1]:
            seen.append(page.title())
    return seen


def test_the_title_of_the_tab_and_the_list_show_how_far_an_import_is_and_what_it_came_to(
    logged_in: Page, beside: Page, large_file: Path
):
    start(logged_in, large_file)
    beside.goto("/imports")
    row = beside.locator("#selection tbody tr", has_text="large file.csv").first
    expect(row.locator(".bar-imported")).not_to_have_attribute("width", "0.0", timeout=30 * SECOND)
    seen = wait_for_titles(logged_in, "Completed, 1 failed · large file.csv")
    assert any(re.match(r"\d+% · large file\.csv · ", title) for title in seen), seen
    expect(row).to_contain_text("Completed, 1 failed", timeout=10 * SECOND)
    expect(logged_in.get_by_role("link", name="Repair 1 row")).to_have_attribute("href", "#failed-rows")


def import_small(page: Page, tmp_path: Path, name: str, body: str = "email,name\na@example.com,Ann\n") -> None:
    file = tmp_path / name
    file.write_text(body.replace("Ann", f"Ann {tmp_path.name} {name}"))  # the same file again would be asked about
    start(page, file)
    expect(page.locator("main")).to_contain_text("Completed", timeout=60 * SECOND)


def test_what_is_selected_stays_selected_while_the_list_is_refreshed(
    logged_in: Page, beside: Page, tmp_path: Path
):
    import_small(logged_in, tmp_path, "first.csv")
    logged_in.goto("/imports")
    logged_in.get_by_label("Select first.csv").first.check()
    import_small(beside, tmp_path, "second.csv")
    expect(logged_in.get_by_label("Select second.csv")).to_be_visible(timeout=15 * SECOND)
    expect(logged_in.get_by_label("Select first.csv").first).to_be_checked()
    button = logged_in.get_by_role("button", name="Delete 1 selected…")
    logged_in.get_by_label("Select second.csv").check()
    expect(button).to_have_count(0)
    logged_in.get_by_role("button", name="Delete 2 selected…").click()
    expect(logged_in.get_by_role("heading", level=1)).to_have_text("Delete 2 imports?")
    logged_in.get_by_role("button", name="Delete 2 imports").click()
    expect(logged_in.get_by_role("status")).to_contain_text("2 imports are deleted.")
    expect(logged_in.get_by_label("Select second.csv")).to_have_count(0)


def test_a_search_stands_in_the_address_without_what_was_left_empty(logged_in: Page, tmp_path: Path):
    import_small(logged_in, tmp_path, "needle.csv")
    logged_in.goto("/imports")
    logged_in.get_by_role("searchbox").fill("needle")
    logged_in.get_by_role("button", name="Search").click()
    logged_in.wait_for_url("**/imports?text=needle")
    expect(logged_in.locator("#selection tbody tr")).to_have_count(1)


def test_days_are_those_of_the_browsers_zone_and_times_are_exact_there(
    logged_in: Page, beside: Page, tmp_path: Path
):
    import_small(logged_in, tmp_path, "zoned.csv")
    beside.goto("/imports")
    beside.get_by_text("More filters").click()
    beside.get_by_label("From").fill("2020-01-01")
    beside.get_by_role("button", name="Search").click()
    beside.wait_for_url("**/imports?zone=Asia%2FTokyo&since=2020-01-01")
    expect(beside.locator("[data-zone-name]")).to_have_text("Asia/Tokyo")
    moment = beside.locator("#selection time").first
    expect(moment).to_have_text(re.compile("ago|just now"))
    assert "UTC" not in moment.get_attribute("title")


def test_a_dialog_focuses_the_button_that_does_no_harm(logged_in: Page, tmp_path: Path):
    import_small(logged_in, tmp_path, "kept.csv")
    logged_in.get_by_text("More", exact=True).click()
    logged_in.get_by_role("link", name="Delete this import…").click()
    expect(logged_in.get_by_role("link", name="Keep it")).to_be_focused()
    logged_in.keyboard.press("Enter")
    expect(logged_in.locator("dialog[open]")).to_have_count(0)


def test_no_filter_is_cut_off_on_a_phone(logged_in: Page):
    logged_in.set_viewport_size({"width": 390, "height": 844})
    logged_in.goto("/imports")
    for link in logged_in.get_by_role("navigation", name="Show").get_by_role("link").all():
        box = link.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_no_column_of_the_list_is_cut_off_between_a_phone_and_a_wide_screen(logged_in: Page, tmp_path: Path):
    file = tmp_path / "contacts of a name that takes some place.csv"
    file.write_text(f"email,name\n{tmp_path.name}@example.com,Ann\nno address,Nobody\n")
    start(logged_in, file)
    expect(logged_in.locator(".badge").first).to_have_text("Completed, 1 failed", timeout=60 * SECOND)
    logged_in.goto("/imports")
    for width in (1100, 1000, 800, 721):
        logged_in.set_viewport_size({"width": width, "height": 844})
        card = logged_in.locator("#selection")
        assert card.evaluate("card => card.scrollWidth <= card.clientWidth"), width
