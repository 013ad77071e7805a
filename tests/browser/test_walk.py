"""A person imports 100,000 rows, finds six kinds of fault and repairs them all, while processes die."""

from __future__ import annotations

import csv
import io
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from browsing import EMAIL, PASSWORD
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text
from stage import settings_of
from supervisor import Crew, Processes

from embedded.application import Application
from embedded.servers import EmbeddedServers

CHECKOUT = Path(__file__).parents[2]
SECOND = 1000
ROWS = 100_000
KILLS, SECONDS_BETWEEN = 12, 3.0
IMPORT_PAGE = re.compile(r"/imports/[a-z0-9]{12}(#.*)?$")

HEADER = ["email", "name", "company", "phone", "signup_date", "balance"]
SIX = {1: ("email", "nobody"), 2: ("name", ""), 3: ("phone", "4.91512E+12")}
SIX |= {4: ("signup_date", "31.02.2024"), 5: ("balance", "12.345"), 6: ("balance", "n/a?")}
"""By the remainder of a row's number by 125: the field at fault, and its cell."""

FAILED = sum(number % 125 in SIX for number in range(1, ROWS + 1))


def contacts() -> str:
    written = io.StringIO()
    rows = csv.DictWriter(written, HEADER, lineterminator="\n")
    rows.writeheader()
    for number in range(1, ROWS + 1):
        good = (f"p{number}@example.com", f"Person {number}", "ACME", "+49 30 1234567", "2024-03-01", "12.50")
        faulty = dict([SIX[number % 125]]) if number % 125 in SIX else {}
        rows.writerow(dict(zip(HEADER, good, strict=True)) | faulty)
    return written.getvalue()


@pytest.fixture(scope="module")
def application(
    chromium: str, servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """The web process alone: the others are the crew's."""
    redis.Redis.from_url(servers.valkey.url).flushdb()
    with servers.postgres.passing_database() as database:
        log = tmp_path_factory.mktemp("application") / "processes.log"
        running = Application(CHECKOUT, log, settings_of(servers, database), {"web": 1})
        running.migrate()
        running.flask("users", "create", EMAIL, "--role", "admin", "--password-stdin", typed=PASSWORD)
        try:
            running.start()
            yield running
        finally:
            running.stop()


@pytest.fixture
def storm(application: Application, tmp_path: Path) -> Iterator[list[str]]:
    """A dispatcher, a converter and workers, of which one is killed every few seconds; the names of the killed."""
    killed: list[str] = []
    is_over = threading.Event()
    chance = random.Random(16)

    def blow(crew: Crew) -> None:
        while not is_over.wait(0.2):
            crew.tend()
            if len(killed) < KILLS and time.monotonic() > begun + SECONDS_BETWEEN * (len(killed) + 1):
                victim = chance.choice(crew.dispatchers + crew.workers)
                victim.send(signal.SIGKILL)
                killed.append(victim.name)

    with Processes(application.environment, tmp_path) as processes:
        crew = Crew(processes, dispatchers=1, workers=2, converters=1)
        begun = time.monotonic()
        storm = threading.Thread(target=blow, args=[crew])
        storm.start()
        yield killed
        is_over.set()
        storm.join()


def status_is(page: Page, words: str) -> None:
    expect(page.locator("main h1 ~ .badge, main .badge").first).to_have_text(words, timeout=150 * SECOND)


def repair_by(page: Page, group: str, kind: str, **fields: str) -> None:
    """Repair a group of failed rows by a rule, and see that it says how many are imported."""
    address = page.url.split("#")[0].split("?")[0]
    page.goto(f"{address}/repair?{group}")
    page.get_by_role("radio", name=kind).check()
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name=re.compile("Apply and try 800 rows")).click(timeout=60 * SECOND)
    page.wait_for_url(IMPORT_PAGE)
    expect(page.locator("#live-repairs")).to_contain_text("800 imported", timeout=150 * SECOND)


def corrected(downloaded: Path, path: Path) -> Path:
    """The downloaded file, with every row as it should be."""
    with downloaded.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= {"email": f"p{row['row']}@example.com", "name": f"Person {row['row']}", "balance": "12.34"}
    with path.open("w", encoding="utf-8", newline="") as file:
        written = csv.DictWriter(file, list(rows[0]), delimiter=";")
        written.writeheader()
        written.writerows(rows)
    return path


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_every_row_is_imported_in_the_end(
    logged_in: Page, storm: list[str], application: Application, tmp_path: Path
):
    page, file = logged_in, tmp_path / "contacts.csv"
    file.write_text(contacts())
    page.goto("/imports/new")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("radio", name="Contacts").check()
    page.get_by_role("button", name="Start the import").click()
    page.wait_for_url(IMPORT_PAGE, timeout=60 * SECOND)
    status_is(page, f"Completed, {FAILED:,} failed")
    expect(page.get_by_role("table", name="Kinds of fault").locator("tbody tr")).to_have_count(6)

    page.get_by_role("link", name="Edit row 1", exact=True).click()
    page.get_by_role("textbox", name="email of row 1", exact=True).fill("p1@example.com")
    page.get_by_role("textbox", name="email of row 1", exact=True).press("Enter")
    expect(page.locator("#row-1")).to_contain_text("✓ Imported", timeout=90 * SECOND)

    date = {"Find": "31.02.", "Replace_by": "28.02."}
    repair_by(page, "field=signup_date&code=impossible_date", "Find and replace", **date)
    repair_by(page, "field=phone&code=invalid_phone", "Leave the cell empty")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download failed rows as CSV").click()
    mended = corrected(Path(download.value.path()), tmp_path / "mended.csv")
    page.get_by_role("link", name="Upload corrected rows").click()
    page.locator("input[type=file]").set_input_files(mended)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(IMPORT_PAGE)
    status_is(page, "Completed")
    expect(page.locator("main")).to_contain_text("100,000 imported")
    assert len(storm) >= 4
    assert books(application) == (ROWS, ROWS, 0, 0, ROWS)


def books(application: Application) -> tuple[int, ...]:
    """Records, rows imported and failed by the import's counters, failed rows, and rows of the ledger."""
    engine = create_engine(application.environment["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:"))
    wanted = """
        SELECT (SELECT count(*) FROM contacts),
            created_rows + updated_rows + unchanged_rows + superseded_rows, failed_rows,
            (SELECT count(*) FROM failed_rows),
            (SELECT sum(upper(part) - lower(part)) FROM ledger, unnest(rows) AS part)
        FROM imports
    """
    with engine.connect() as connection:
        return tuple(int(number) for number in connection.execute(text(wanted)).one())
