"""The page “Check the file”: a German export is one upload, one screen of choices, and none the second time."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from workbooks import xlsx

SECOND = 1000
HALF_A_SECOND = 500
CHECK = re.compile(r"/imports/[a-z0-9]{12}/file$")
IMPORT_PAGE = re.compile(r"/imports/[a-z0-9]{12}$")
NAMES = "Kundenexport\r\nE-Mail-Adresse;Vor- und Nachname;Firma;Anmeldedatum;Saldo;Notiz\r\n"


def export_of(first: int, count: int) -> bytes:
    rows = (
        f"kunde{n}@example.de;Jürgen Groß {n};Müller, Söhne & Co;{n % 12 + 1:02d}.{n % 9 + 1:02d}.2024;"
        f"1.{n:03d},50;x\r\n"
        for n in range(first, first + count)
    )
    return (NAMES + "".join(rows)).encode("cp1252")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "Kunden.csv"
    path.write_bytes(export_of(0, 30))
    return path


def send(page: Page, path: Path) -> None:
    page.goto("/imports/new")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("radio", name="Contacts").check()
    page.get_by_role("button", name="Start the import").click()


def row(*cells: str) -> str:
    """A row of a sheet in XML."""
    return "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells) + "</row>"


def test_a_german_export_is_asked_about_once(logged_in: Page, export: Path):
    send(logged_in, export)
    logged_in.wait_for_url(CHECK, timeout=30 * SECOND)
    main = logged_in.locator("main")
    expect(main).to_contain_text("One question")
    expect(main).to_contain_text("in which order are the dates written")
    expect(main).to_contain_text("1 column will not be imported: Notiz")
    expect(logged_in.locator("#preview")).to_contain_text("1000.50")
    logged_in.get_by_label("the day first").check()
    logged_in.get_by_role("button", name="Import 30 rows").click()
    logged_in.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)
    expect(main).to_contain_text("Completed", timeout=60 * SECOND)
    expect(logged_in.locator("#alterations-table")).to_contain_text("1.000,50 → 1000.50")
    export.write_bytes(export_of(100, 20))
    send(logged_in, export)
    logged_in.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)
    expect(main).to_contain_text("Completed", timeout=60 * SECOND)


def test_names_of_countries_become_codes_with_one_click_and_one_beyond_the_sample_fails(
    logged_in: Page, tmp_path: Path
):
    file, names = tmp_path / "airports.csv", ("Deutschland", "Frankreich", "U.K.", "DE", "Congo")
    lines = [f"Q{n:05d},{names[n % 5]},{'x' * 100}" for n in range(4_000)] + ["Q99999,Polen,x"]
    file.write_text("\n".join(["icao,country,name", *lines]))
    logged_in.goto("/imports/new")
    logged_in.locator("input[type=file]").set_input_files(file)
    logged_in.get_by_role("radio", name="Airports").check()
    logged_in.get_by_role("button", name="Start the import").click()
    logged_in.wait_for_url(CHECK, timeout=30 * SECOND)
    expect(logged_in.get_by_role("textbox", name="Deutschland")).to_have_value("DE")
    expect(logged_in.get_by_role("textbox", name="U.K.")).to_have_value("GB")
    expect(logged_in.locator("#preview")).to_contain_text("nobody has said what Congo stands for")
    logged_in.get_by_role("textbox", name="Congo").fill("cd")
    logged_in.get_by_role("textbox", name="Congo").blur()
    expect(logged_in.locator("#preview")).not_to_contain_text("nobody", timeout=4 * HALF_A_SECOND)
    logged_in.get_by_role("button", name="Import about").click()
    logged_in.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)
    main = logged_in.locator("main")
    expect(main).to_contain_text("Completed", timeout=60 * SECOND)
    expect(main).to_contain_text("nobody has said what Polen stands for; write the code")
    expect(logged_in.locator("#alterations-table")).to_contain_text("Deutschland → DE")
    expect(logged_in.locator("#alterations-table")).to_contain_text("3,200")


def test_each_choice_shows_at_once_what_it_does(logged_in: Page, tmp_path: Path):
    file = tmp_path / "dates.csv"
    file.write_text("email,name,signup_date,phone\na@example.com,Ann,03/04/2024,0301\n")
    send(logged_in, file)
    logged_in.wait_for_url(CHECK, timeout=30 * SECOND)
    preview = logged_in.locator("#preview")
    expect(preview).to_contain_text("should be a date with one reading")
    for words, date in (("the day first", "2024-04-03"), ("the month first", "2024-03-04")):
        logged_in.get_by_label(words).check()
        expect(preview).to_contain_text(date, timeout=4 * HALF_A_SECOND)
        expect(logged_in.get_by_label(words)).to_be_focused()
    logged_in.locator("#column-4").select_option("none")
    expect(logged_in.locator("main")).to_contain_text("1 column will not be imported: phone", timeout=SECOND)
    assert CHECK.search(logged_in.url)


def test_a_question_without_an_answer_is_shown_and_nothing_begins(logged_in: Page, tmp_path: Path):
    file = tmp_path / "dates.csv"
    file.write_text("email,name,signup_date,company\na@example.com,Ann,03/04/2024,ACME\n")
    send(logged_in, file)
    logged_in.wait_for_url(CHECK, timeout=30 * SECOND)
    with logged_in.expect_response(re.compile("/file$")) as answer:
        logged_in.get_by_role("button", name="Import 1 row").click()
    assert answer.value.status == 422
    expect(logged_in.get_by_role("alert")).to_contain_text("One question is still to be answered.")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_as_wide_as_its_window(logged_in: Page, export: Path, width: int, scheme: str):
    export.write_bytes(export_of(0, 30).replace(b"Notiz", b"Notiz zu %d in %s" % (width, scheme.encode())))
    export.write_bytes(export.read_bytes().replace(b"Saldo", b"Balance of the customer"))
    logged_in.emulate_media(color_scheme=scheme)
    logged_in.set_viewport_size({"width": width, "height": 844})
    send(logged_in, export)
    logged_in.wait_for_url(CHECK, timeout=30 * SECOND)
    assert logged_in.evaluate("document.documentElement.scrollWidth") <= width


def test_a_workbook_of_two_sheets_asks_which_and_is_imported(logged_in: Page, tmp_path: Path):
    file = tmp_path / "book.xlsx"
    others = row("email", "name") + row("s2@example.com", "Bob")
    book = xlsx(row("email", "name"), row("s1@example.com", "Ann"), sheets=(("Others", "visible", others),))
    file.write_bytes(book.getvalue())
    send(logged_in, file)
    logged_in.wait_for_url(CHECK, timeout=60 * SECOND)
    expect(logged_in.locator("main")).to_contain_text("Which table is to be imported?")
    logged_in.get_by_label("Others").check()
    logged_in.get_by_role("button", name="Go on").click()
    logged_in.wait_for_url(IMPORT_PAGE, timeout=60 * SECOND)
    expect(logged_in.locator("main")).to_contain_text("Completed", timeout=60 * SECOND)
    expect(logged_in.locator("main")).to_contain_text("An Excel workbook, of it “Others”")
