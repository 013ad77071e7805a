"""What a person does: log in, upload a file, watch it, look at a row that failed, and have it tried again."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from embedded.application import Application
from embedded.wheels import package_folder

SECOND = 1000
BROKEN = """email,name,signup_date
ann@example.com,Ann,2024-01-31
<script>document.title = 'run'</script>,<img src=x onerror="alert(1)">,2024-02-30
bob@example.com,Bob,2024-03-01
"""


def upload(page: Page, record_type: str, file: Path) -> None:
    page.goto("/imports/new")
    page.get_by_role("radio", name=record_type).check()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Start the import").click()
    page.wait_for_url(re.compile(r"/imports/[a-z0-9]{12}$"), timeout=30 * SECOND)


@pytest.fixture
def broken_file(tmp_path: Path) -> Path:
    path = tmp_path / "broken <b>.csv"
    path.write_text(f"{BROKEN}{tmp_path.name}@example.com,Cid,2024-03-02\n")  # nobody has imported this one yet
    return path


def test_a_person_uploads_a_real_file_and_sees_what_became_of_every_row(logged_in: Page):
    upload(logged_in, "Airports", package_folder("airportsdata") / "airports.csv")
    main = logged_in.locator("main")
    expect(main).to_contain_text("Completed", timeout=90 * SECOND)
    expect(main).to_contain_text("28,298 rows in the file = 28,297 imported + 1 failed.")
    expect(main).to_contain_text("has two decimals; this field keeps one")
    logged_in.goto("/imports")
    expect(logged_in.locator("main")).to_contain_text("airports.csv")


def test_a_broken_row_is_shown_with_its_line_its_reason_and_its_cells_as_text(logged_in: Page, broken_file: Path):
    upload(logged_in, "Contacts", broken_file)
    expect(logged_in.locator("main")).to_contain_text("Completed", timeout=60 * SECOND)
    rows = logged_in.locator("#failed-rows-table tbody tr")
    expect(rows).to_have_count(1)
    for text in (
        "should be one e-mail address such as ann@example.com",
        "<script>document.title = 'run'</script>",
        '<img src=x onerror="alert(1)">',
    ):
        expect(rows.first).to_contain_text(text)
    expect(rows.first.get_by_role("rowheader")).to_contain_text("Row 2")
    expect(rows.first.get_by_role("rowheader")).to_contain_text("line 3")
    assert logged_in.title() != "run"


def test_a_retried_row_that_is_still_wrong_fails_again_and_says_how_often_it_was_tried(
    logged_in: Page, broken_file: Path
):
    upload(logged_in, "Contacts", broken_file)
    expect(logged_in.locator("main")).to_contain_text("Completed", timeout=60 * SECOND)
    logged_in.get_by_role("button", name="Try row 2 again unchanged").click()
    expect(logged_in.locator("#failed-rows-table")).to_contain_text("tried 2 times", timeout=60 * SECOND)


def test_a_refused_file_says_why_beside_the_form(logged_in: Page, tmp_path: Path):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("Ort;Straße\nKöln;Domplatz\n")
    logged_in.goto("/imports/new")
    logged_in.get_by_role("radio", name="Contacts").check()
    logged_in.locator("input[type=file]").set_input_files(wrong)
    logged_in.get_by_role("button", name="Start the import").click()
    expect(logged_in.get_by_role("alert")).to_contain_text("names no known column", timeout=30 * SECOND)


def test_an_export_of_a_german_spreadsheet_is_read_as_it_is_written(logged_in: Page, tmp_path: Path):
    export = tmp_path / "Kontakte.csv"
    export.write_bytes(
        "Kontakte 2026\r\nE-Mail;Name;Company\r\nj@example.com;Jürgen Groß;Müller, Söhne & Co\r\n".encode("cp1252")
    )
    upload(logged_in, "Contacts", export)
    expect(logged_in.locator("main")).to_contain_text("Completed", timeout=60 * SECOND)
    expect(logged_in.locator("main")).to_contain_text("semicolons between cells, Windows-1252")


def test_what_was_read_otherwise_than_written_is_shown_and_fits_a_phone(logged_in: Page, tmp_path: Path):
    file = tmp_path / "contacts.csv"
    file.write_text('email,name,balance\na@example.com, Ann ,"1,234.56"\nb@example.com,B\u200bo,$5.50\n')
    upload(logged_in, "Contacts", file)
    expect(logged_in.locator("main")).to_contain_text("Completed", timeout=60 * SECOND)
    rows = logged_in.locator("#alterations-table tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.filter(has_text="invisible characters removed")).to_contain_text("B\\u200bo → Bo")
    logged_in.set_viewport_size({"width": 390, "height": 844})
    assert logged_in.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_pages_fit_a_phone(logged_in: Page, broken_file: Path):
    upload(logged_in, "Contacts", broken_file)
    expect(logged_in.locator("main")).to_contain_text("Completed", timeout=60 * SECOND)
    address = logged_in.url
    logged_in.set_viewport_size({"width": 390, "height": 844})
    for path in (address, "/imports", "/imports/new", "/account"):
        logged_in.goto(path)
        width = logged_in.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, path


SLOW = """
INSERT INTO rate_points (import_sequence, mark, seconds, imported_rows, failed_rows)
SELECT sequence, second, second, 900000 * second, 10000 * second FROM imports, generate_series(2, 8) AS second
WHERE id = :id
"""


def test_the_chart_of_an_import_fits_a_phone(logged_in: Page, application: Application, broken_file: Path):
    upload(logged_in, "Contacts", broken_file)
    expect(logged_in.locator("main")).to_contain_text("Completed", timeout=60 * SECOND)
    engine = create_engine(application.environment["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:"))
    with engine.begin() as connection:
        connection.execute(sql(SLOW), {"id": logged_in.url.rpartition("/")[2]})
    engine.dispose()
    logged_in.set_viewport_size({"width": 390, "height": 844})
    logged_in.reload()
    logged_in.get_by_text("Rows per second", exact=True).first.click()  # folded, since a row has failed
    expect(logged_in.get_by_text("without pauses and waiting")).to_be_visible()
    assert logged_in.evaluate("document.documentElement.scrollWidth") <= 390
