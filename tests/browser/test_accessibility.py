"""axe finds nothing serious on any page of the product, in both themes, on a wide screen and on a phone."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SECOND = 1000
IMPORT_PAGE = re.compile(r"/imports/[a-z0-9]{12}$")
CHECK = re.compile(r"/imports/[a-z0-9]{12}/file$")
GRAVE = ("serious", "critical")

FAULTY = "email,name,company,signup_date\n" + "".join(
    f"p{n}@example.com,Ann {n},ACME,{'31.02.2024' if n % 4 == 1 else '2024-03-01'}\n" for n in range(120)
)
ASKED = "email,name,signup_date\n" + "".join(f"q{n}@example.com,Bo {n},03/04/2024\n" for n in range(10))


def upload(page: Page, path: Path, content: str, then: re.Pattern[str]) -> str:
    """Upload a file by the page; return the address that this leads to."""
    path.write_text(content)
    page.goto("/imports/new")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("radio", name="Contacts").check()
    page.get_by_role("button", name="Start the import").click()
    page.wait_for_url(then, timeout=30 * SECOND)
    return page.url


OF_IMPORT = (
    "",
    "/history",
    "/corrections",
    "/corrected-rows/new",
    "/confirm/delete",
    "/failed-rows/2/edit",
    "/records",
    "/records?row=3",
    "/records?row=2",
    "/records?order=key",
    "/records?key=nobody",
    "/repair?field=signup_date&code=impossible_date",
    "?field=signup_date&code=impossible_date",
    "?discarded=1",
)

OTHERS = (
    "/imports",
    "/imports?show=refused",
    "/imports/new",
    "/people",
    "/account",
    "/records/contacts?key=p2%40example.com",
    "/login",
)


@pytest.fixture
def addresses(logged_in: Page, tmp_path: Path) -> list[str]:
    """Every kind of page."""
    asked = upload(logged_in, tmp_path / "asked.csv", ASKED, CHECK)
    failed = upload(logged_in, tmp_path / "failed.csv", FAULTY, IMPORT_PAGE)
    logged_in.locator(".badge", has_text="Completed, 30 failed").first.wait_for(timeout=60 * SECOND)
    job = f"{failed.rpartition('/')[2]}_2"
    of_rq = (
        "/rq/",
        "/rq/0/view/jobs",
        "/rq/0/view/jobs/low/failed/5/asc/2",
        "/rq/0/view/jobs/high/queued/50/asc/1",
        f"/rq/0/view/job/{job}",
        "/rq/0/view/workers",
        f"/rq/job/{job}/delete",
        "/rq/queue/low/failed/empty",
    )
    return [asked, *(failed + path for path in OF_IMPORT), *OTHERS, *of_rq]


def complaints(page: Page, address: str) -> list[str]:
    """What axe says of a page that matters: the rule, the first element, and how to mend it."""
    page.goto(address)
    found = Axe().run(page).response["violations"]
    return [
        f"{address}: {one['id']}: {one['nodes'][0]['target']}: {one['nodes'][0]['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
    ]


def test_axe_finds_nothing_serious_on_any_page(logged_in: Page, addresses: list[str]):
    faults = []
    for width in (1280, 390):
        for theme in ("light", "dark"):
            logged_in.set_viewport_size({"width": width, "height": 900})
            logged_in.emulate_media(color_scheme=theme)
            faults += [f"{theme} {width} {one}" for address in addresses for one in complaints(logged_in, address)]
    assert faults == []


def test_axe_finds_what_is_wrong(logged_in: Page):
    logged_in.goto("/imports")
    logged_in.evaluate("document.querySelector('main').innerHTML = '<button></button><select></select>'")
    found = {one["id"] for one in Axe().run(logged_in).response["violations"] if one["impact"] in GRAVE}
    assert {"button-name", "select-name"} <= found
