"""The upload page looks at a file before it sends it, and works without a script as well."""

import re
import zipfile
from pathlib import Path

import pytest
from browsing import EMAIL, log_in
from playwright.sync_api import Browser, Page, expect

SECOND = 1000
CONTACTS = "email,name,Shoe size\nann@example.com,Ann,38\n"
IMPORT_PAGE = re.compile(r"/imports/[a-z0-9]{12}$")
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"x" * 5000


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.csv"
    path.write_text(f"{CONTACTS}{tmp_path.name}@example.com,Bob,40\n")  # a file that nobody has imported yet
    return path


@pytest.fixture
def uploads(logged_in: Page) -> list[str]:
    """The addresses of the files that were sent whole."""
    sent: list[str] = []
    logged_in.on("request", lambda request: sent.append(request.url) if is_upload(request) else None)
    return sent


def is_upload(request) -> bool:
    return request.method == "POST" and re.search(r"/imports(\?|$)", request.url) is not None


def choose(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)


def test_the_file_says_its_record_type_and_what_it_is_read_as(logged_in: Page, contacts: Path):
    logged_in.goto("/imports/new")
    expect(logged_in.locator("input[type=radio]:checked")).to_have_count(0)
    choose(logged_in, contacts)
    expect(logged_in.get_by_role("radio", name="Contacts")).to_be_checked()
    found = logged_in.get_by_role("status").first
    expect(found).to_contain_text("This looks like Contacts")
    expect(found).to_contain_text("commas between cells, UTF-8")
    expect(found).to_contain_text("2 of 3 are imported. Not imported: “Shoe size”.")
    logged_in.get_by_role("button", name="Start the import").click()
    logged_in.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)


def test_a_chosen_record_type_stays_and_the_better_one_is_offered(logged_in: Page, contacts: Path):
    logged_in.goto("/imports/new")
    logged_in.get_by_role("radio", name="Airports").check()
    choose(logged_in, contacts)
    expect(logged_in.get_by_role("status").first).to_contain_text("This looks like Contacts")
    expect(logged_in.get_by_role("radio", name="Airports")).to_be_checked()
    logged_in.get_by_role("button", name="Use Contacts").click()
    expect(logged_in.get_by_role("radio", name="Contacts")).to_be_checked()
    expect(logged_in.get_by_role("status").first).to_contain_text("2 of 3 are imported")


def test_a_pdf_is_refused_before_it_is_sent(logged_in: Page, tmp_path: Path, uploads: list[str]):
    (tmp_path / "a.csv").write_bytes(PDF)
    logged_in.goto("/imports/new")
    choose(logged_in, tmp_path / "a.csv")
    expect(logged_in.get_by_role("alert")).to_contain_text("The file is a PDF")
    logged_in.get_by_role("radio", name="Contacts").check()
    logged_in.get_by_role("button", name="Start the import").click()
    expect(logged_in.get_by_role("alert")).to_contain_text("The file is a PDF")
    assert uploads == []


def test_a_file_that_says_nothing_is_not_sent_as_any_record_type(
    logged_in: Page, tmp_path: Path, uploads: list[str]
):
    (tmp_path / "a.csv").write_text("name\nAnn\n")
    logged_in.goto("/imports/new")
    choose(logged_in, tmp_path / "a.csv")
    expect(logged_in.get_by_role("status").first).to_contain_text(
        "What its rows are cannot be told: choose it above."
    )
    logged_in.get_by_role("button", name="Start the import").click()
    expect(logged_in.get_by_role("alert")).to_contain_text("Say what the rows are")
    assert uploads == []


def test_questions_are_told_before_the_file_is_sent(logged_in: Page, tmp_path: Path):
    (tmp_path / "a.csv").write_bytes("email,name\na@example.com,Málaga\nb@example.com,Muñoz\n".encode("cp1252"))
    logged_in.goto("/imports/new")
    choose(logged_in, tmp_path / "a.csv")
    found = logged_in.get_by_role("status").first
    expect(found).to_contain_text("Before its rows are read, you will be asked:")
    expect(found.get_by_role("listitem")).to_contain_text("In which encoding is the file?")
    logged_in.get_by_role("button", name="Start the import").click()
    logged_in.wait_for_url(re.compile(r"/imports/[a-z0-9]{12}/file$"), timeout=30 * SECOND)


def test_a_session_that_has_ended_does_not_lose_the_chosen_file(logged_in: Page, contacts: Path, application):
    logged_in.goto("/imports/new")
    choose(logged_in, contacts)
    expect(logged_in.get_by_role("radio", name="Contacts")).to_be_checked()
    logged_in.context.clear_cookies()
    logged_in.get_by_role("button", name="Start the import").click()
    expect(logged_in.get_by_role("alert")).to_contain_text("You are logged out. Log in in another tab")
    with logged_in.expect_popup() as opened:
        logged_in.get_by_role("link", name="Log in in another tab").click()
    opened.value.goto(application.login_link(EMAIL))
    logged_in.get_by_role("button", name="Start the import").click()
    logged_in.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)


@pytest.fixture
def page_without_script(browser: Browser, application):
    page = browser.new_page(base_url=application.base_url, java_script_enabled=False)
    page.goto("/imports")
    log_in(page)
    yield page
    page.context.close()


def test_a_file_is_uploaded_without_a_script(page_without_script: Page, contacts: Path):
    page = page_without_script
    page.goto("/imports/new")
    page.get_by_role("radio", name="Contacts").check()
    choose(page, contacts)
    page.get_by_role("button", name="Start the import").click()
    page.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)
    expect(page.locator("main")).to_contain_text("contacts.csv")


def test_without_a_script_a_refusal_is_a_page_with_a_way_back(page_without_script: Page, tmp_path: Path):
    page = page_without_script
    (tmp_path / "a.csv").write_bytes(PDF)
    page.goto("/imports/new")
    page.get_by_role("radio", name="Contacts").check()
    choose(page, tmp_path / "a.csv")
    page.get_by_role("button", name="Start the import").click()
    expect(page.locator("main")).to_contain_text("The file is a PDF")
    page.get_by_role("link", name="Back to the upload page").click()
    page.wait_for_url("**/imports/new")


def test_a_workbook_is_named_and_sent_as_the_chosen_record_type(logged_in: Page, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("xl/workbook.xml", "")
    logged_in.goto("/imports/new")
    choose(logged_in, tmp_path / "a.xlsx")
    found = logged_in.get_by_role("status").first
    expect(found).to_contain_text("Read as: an Excel workbook.")
    logged_in.get_by_role("radio", name="Contacts").check()
    expect(found).not_to_contain_text("choose it above")
    logged_in.get_by_role("button", name="Start the import").click()
    logged_in.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)


def test_after_back_the_page_shows_the_file_that_start_would_send(logged_in: Page, tmp_path: Path):
    (tmp_path / "back.csv").write_text("email,name\nback@example.com,Back\n")
    logged_in.goto("/imports/new")
    choose(logged_in, tmp_path / "back.csv")
    logged_in.get_by_role("button", name="Start the import").click()
    logged_in.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)
    logged_in.go_back()
    logged_in.wait_for_url("**/imports/new")
    held = logged_in.locator("input[type=file]").evaluate("field => field.files.length")
    expect(logged_in.locator("[data-chosen]")).to_have_text("back.csv" if held else "Choose a file")
    expect(logged_in.get_by_role("button", name="Start the import")).to_be_enabled()
    if not held:
        logged_in.get_by_role("button", name="Start the import").click()
        expect(logged_in.get_by_role("alert")).to_contain_text("Choose a file first.")


def test_a_file_that_the_browser_kept_is_shown_when_the_page_is_shown_again(logged_in: Page, contacts: Path):
    logged_in.goto("/imports/new")
    choose(logged_in, contacts)
    expect(logged_in.locator("[data-chosen]")).to_have_text("contacts.csv")
    logged_in.evaluate("document.querySelector('[data-chosen]').textContent = 'Choose a file'")
    logged_in.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(logged_in.locator("[data-chosen]")).to_have_text("contacts.csv")


def test_the_same_file_is_imported_again_only_where_a_person_says_so(logged_in: Page, tmp_path: Path):
    (tmp_path / "same.csv").write_text("email,name\nsame@example.com,Same\n")
    for turn in range(2):
        logged_in.goto("/imports/new")
        choose(logged_in, tmp_path / "same.csv")
        logged_in.get_by_role("button", name="Start the import").click()
        if turn == 0:
            logged_in.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)
            expect(logged_in.locator("h1")).to_contain_text("Completed", timeout=30 * SECOND)
    logged_in.wait_for_url(re.compile(r"/imports/[a-z0-9]{12}/file$"), timeout=30 * SECOND)
    expect(logged_in.get_by_role("heading", name="The same file again")).to_be_visible()
    expect(logged_in.locator("main")).to_contain_text("by you as “same.csv” (1 row).")
    logged_in.get_by_role("button", name="Import it again").click()
    logged_in.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)
    expect(logged_in.locator("h1")).to_contain_text("Completed", timeout=30 * SECOND)


def test_without_a_script_the_chosen_file_is_seen(page_without_script: Page, contacts: Path):
    page_without_script.goto("/imports/new")
    choose(page_without_script, contacts)
    field = page_without_script.locator("input[type=file]")
    assert field.evaluate("field => getComputedStyle(field).opacity") == "1"
    expect(page_without_script.get_by_text("or drop it here")).to_be_hidden()
