"""Failed rows and the pages of rq-dashboard are one: what is done here shows there."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from waiting import wait_until

SECOND = 1000
IMPORT_PAGE = re.compile(r"/imports/[a-z0-9]{12}$")
FAILED_JOBS = "/rq/0/view/jobs/low/failed/50/dsc/1"
DAYS = ("31.02.2024", "30.02.2024", *40 * ["2024-03-01"])


@pytest.fixture
def faulty(logged_in: Page, tmp_path: Path) -> str:
    """The address of an import of which rows 1 and 2 have failed."""
    path = tmp_path / "faulty.csv"
    company = tmp_path.name  # the same file a second time would be asked about
    rows = "".join(f"p{row}@example.com,Ann,{company},{day}\n" for row, day in enumerate(DAYS))
    path.write_text(f"email,name,company,signup_date\n{rows}")
    logged_in.goto("/imports/new")
    logged_in.locator("input[type=file]").set_input_files(path)
    logged_in.get_by_role("radio", name="Contacts").check()
    logged_in.get_by_role("button", name="Start the import").click()
    logged_in.wait_for_url(IMPORT_PAGE, timeout=30 * SECOND)
    logged_in.locator(".badge", has_text="Completed, 2 failed").first.wait_for(timeout=60 * SECOND)
    return logged_in.url


def job_of(address: str, row: int) -> str:
    return f"{address.rpartition('/')[2]}_{row}"


def open_failed_jobs(page: Page) -> None:
    """By its links, as a person comes there."""
    page.get_by_role("link", name="Queues").first.click()
    page.get_by_role("link", name=re.compile("failed jobs of low")).click()
    expect(page.get_by_role("heading", name="Failed jobs of low")).to_be_visible()


def test_a_row_that_is_corrected_on_its_page_is_gone_among_the_failed_jobs(logged_in: Page, faulty: str):
    page = logged_in
    open_failed_jobs(page)
    page.get_by_role("link", name=job_of(faulty, 1), exact=True).click()
    expect(page.locator("main")).to_contain_text("impossible_date")
    page.get_by_role("link", name="Look at the row and correct it").click()
    page.get_by_label("signup_date").fill("2024-02-29")
    page.get_by_role("button", name="Save and try the row").click()
    page.wait_for_url(re.compile(r"retried_row=1"))
    page.locator(".badge", has_text="Completed, 1 failed").first.wait_for(timeout=60 * SECOND)
    open_failed_jobs(page)
    expect(page.get_by_role("link", name=job_of(faulty, 2), exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=job_of(faulty, 1), exact=True)).to_have_count(0)


def test_a_job_that_is_requeued_shows_on_the_page_of_its_import_and_is_tried(logged_in: Page, faulty: str):
    page = logged_in
    open_failed_jobs(page)
    page.get_by_role("button", name=f"Requeue {job_of(faulty, 2)}").click()
    expect(page.get_by_role("status")).to_contain_text(f"Job {job_of(faulty, 2)} is queued again.")
    expect(page).to_have_url(re.compile(re.escape(FAILED_JOBS)))
    page.goto(faulty)
    expect(page.locator(".timeline")).to_contain_text("ann@example.com had 1 row tried again.")
    rows = f"/api/imports/{faulty.rpartition('/')[2]}/failed-rows"
    wait_until(lambda: '"attempts":2' in page.request.get(rows).text().replace(" ", ""), "row 2 was tried twice")


def test_jobs_are_deleted_by_keyboard_after_a_question(logged_in: Page, faulty: str):
    page = logged_in
    open_failed_jobs(page)
    page.get_by_role("link", name=f"Delete… {job_of(faulty, 1)}").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("No row is lost by it")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Delete the job").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("is deleted")
    expect(page.get_by_role("link", name=job_of(faulty, 1), exact=True)).to_have_count(0)
    page.goto(faulty)
    expect(page.locator(".badge").first).to_contain_text("Completed, 2 failed")


def test_the_lists_keep_up_by_themselves(logged_in: Page, faulty: str):
    page = logged_in
    open_failed_jobs(page)
    mine = page.get_by_role("link", name=job_of(faulty, 1), exact=True)
    expect(mine).to_be_visible()
    token = page.locator("input[name=csrf_token]").first.input_value()
    page.request.post(f"/rq/job/{job_of(faulty, 1)}/delete", form={"csrf_token": token})
    expect(mine).to_have_count(0, timeout=20 * SECOND)


def test_without_a_script_every_page_works(logged_in: Page, faulty: str):
    browser: Browser | None = logged_in.context.browser
    assert browser is not None
    plain = browser.new_context(
        java_script_enabled=False,
        base_url=faulty.partition("/imports")[0],
        storage_state=logged_in.context.storage_state(),
    ).new_page()
    plain.goto("/rq/0/view/workers")
    expect(plain.locator(".workers tbody tr").first).to_contain_text("process")
    open_failed_jobs(plain)
    plain.get_by_role("link", name="Delete all…").click()
    plain.get_by_role("button", name="Delete them").click()
    expect(plain.get_by_role("status")).to_contain_text("The failed jobs of low are deleted.")
    expect(plain.locator("main")).to_contain_text("No job is here.")


LONG_AGO = "for (const time of document.querySelectorAll('.at time')) time.textContent = '11 months ago'"


def test_on_a_phone_nothing_of_a_job_is_cut_off(logged_in: Page, faulty: str):
    logged_in.set_viewport_size({"width": 390, "height": 844})
    logged_in.goto(FAILED_JOBS)
    logged_in.evaluate(LONG_AGO)
    row = logged_in.locator(f'[id="job-{job_of(faulty, 1)}"]')
    card = logged_in.locator(".card:has(.jobs)").bounding_box()
    assert card is not None
    for name in ("Requeue", "Delete…"):
        box = row.get_by_text(name, exact=False).first.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= card["x"] + card["width"], name
