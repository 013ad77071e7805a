"""From an import to its records, from a record to who wrote it, from a mended row to the record that it became."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

SECOND = 1000
IMPORT_PAGE = re.compile(r"/imports/[a-z0-9]{12}$")
PEOPLE = "email,name,signup_date\n" + "".join(f"r{n:03}@example.com,Person {n},2024-03-01\n" for n in range(1, 61))
OTHERS = "email,name\ns002@example.com,Person 2\ns003@example.com,Person 3\n"
ODD = "o'br/ien+a&b@example.com"
LATER = f"email,name,signup_date\ns002@example.com,Person 2,\ns003@example.com,New,\n{ODD},Odd,31.02.2024\n"


def import_file(page: Page, path: Path, content: str, badge: str) -> str:
    """Import a file by the pages; return the address of its import."""
    path.write_text(content)
    page.goto("/imports/new")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("radio", name="Contacts").check()
    page.get_by_role("button", name="Start the import").click()
    page.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)
    expect(page.locator(".badge", has_text=badge).first).to_be_visible(timeout=60 * SECOND)
    return page.url


def keys_on(page: Page) -> list[str]:
    return page.locator("table.records tbody th").all_inner_texts()


def test_from_a_success_to_a_record_and_from_the_record_to_who_wrote_it(logged_in: Page, tmp_path: Path):
    import_file(logged_in, tmp_path / "first.csv", PEOPLE, "Completed")
    logged_in.get_by_role("link", name="View the records").click()
    assert keys_on(logged_in) == [f"r{n:03}@example.com" for n in range(1, 51)]
    logged_in.get_by_role("link", name="Next").click()
    assert keys_on(logged_in) == [f"r{n:03}@example.com" for n in range(51, 61)]
    logged_in.get_by_label("email").fill("R05")
    logged_in.keyboard.press("Enter")
    expect(logged_in.locator(".shown-rows")).to_contain_text("whose key begins with “r05”")
    assert keys_on(logged_in) == [f"r05{n}@example.com" for n in range(10)]
    logged_in.get_by_label("Row of the file").fill("17")
    logged_in.get_by_role("button", name="Find its record").press("Enter")
    expect(logged_in.locator("#row-story")).to_contain_text("Row 17 wrote this record last.")
    logged_in.get_by_role("link", name="r017@example.com").click()
    expect(logged_in.get_by_role("heading", level=1)).to_contain_text("r017@example.com")
    expect(logged_in.locator("#writers li")).to_have_count(1)
    expect(logged_in.locator("#writers")).to_contain_text("Row 17 of first.csv made it.")


def test_a_row_whose_record_others_have_written_since_leads_to_it_and_to_all_of_them(
    logged_in: Page, tmp_path: Path
):
    first = import_file(logged_in, tmp_path / "march.csv", "email,name\nw@example.com,Wim\n", "Completed")
    april = "email,name\nx@example.com,X\ny@example.com,Y\nw@example.com,Wilhelm\n"
    import_file(logged_in, tmp_path / "april.csv", april, "Completed")
    import_file(logged_in, tmp_path / "may.csv", "email,name\nw@example.com,Wilhelm\n", "Completed")
    logged_in.goto(f"{first}/records?row=1")
    expect(logged_in.locator("#row-story")).to_contain_text("another row has written it since")
    expect(logged_in.locator("#row-story")).to_contain_text("Row 1 of may.csv wrote it last")
    logged_in.get_by_role("link", name="See the record").press("Enter")
    lines = logged_in.locator("#writers li")
    expect(lines).to_have_count(3)
    expect(lines.nth(0)).to_contain_text("Row 1 of may.csv changed nothing in it.")
    expect(lines.nth(1)).to_contain_text("Row 3 of april.csv changed values of it.")
    expect(lines.nth(2)).to_contain_text("Row 1 of march.csv made it.")
    logged_in.goto(f"{first}/records?key=w@example.com")
    expect(logged_in.locator("#written-since")).to_contain_text("another one has written it since")


def test_a_failed_row_is_mended_and_leads_to_the_record_that_it_became(logged_in: Page, tmp_path: Path):
    import_file(logged_in, tmp_path / "others.csv", OTHERS, "Completed")
    address = import_file(logged_in, tmp_path / "later.csv", LATER, "Completed, 1 failed")
    logged_in.goto(f"{address}/failed-rows/3/edit")
    expect(logged_in.locator("#target")).to_contain_text("once it is mended, it makes a new one")
    logged_in.get_by_label("signup_date").fill("2024-02-29")
    logged_in.get_by_role("button", name="Save and try the row").click()
    logged_in.get_by_role("link", name="See its record").click(timeout=30 * SECOND)
    expect(logged_in.locator("#row-story")).to_contain_text("Before, it had failed and was corrected")
    logged_in.get_by_role("link", name=ODD).click()
    expect(logged_in.get_by_role("heading", level=1)).to_contain_text(ODD)
    expect(logged_in.locator("main")).to_contain_text("31.02.2024")
    logged_in.get_by_role("link", name="Records").click()
    expect(logged_in.locator("table.records")).to_contain_text("unchanged by this row; row 1 of others.csv")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen(logged_in: Page, tmp_path: Path, theme: str):
    long = "x" * 60 + "@" + "y" * 60 + ".example.com"
    address = import_file(logged_in, tmp_path / "long.csv", f"email,name\n{long},{theme * 30}\n", "Completed")
    logged_in.set_viewport_size({"width": 390, "height": 800})
    logged_in.emulate_media(color_scheme=theme)
    for path in (f"{address}/records", f"{address}/records?row=1", f"/records/contacts?key={long}"):
        logged_in.goto(path)
        assert logged_in.evaluate("document.documentElement.scrollWidth") <= 390, path
