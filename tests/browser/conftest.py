"""The whole product from its Procfile, and a real browser in front of it."""

from __future__ import annotations

import os
import secrets
import shutil
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from browsing import EMAIL, PASSWORD, QUIET, log_in
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from embedded.application import Application
from embedded.servers import EmbeddedServers

CHECKOUT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
HOW = "install one with `apt-get install chromium` (Debian), `brew install --cask google-chrome` (macOS)"


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and MAC.exists():
        found = str(MAC)
    if found is None:
        pytest.skip(f"NO BROWSER TEST WAS RUN: there is no Chromium here; {HOW}")
    return found


@pytest.fixture(scope="package")
def installed(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with the product's tables and one admin, to be cloned."""
    database = servers.postgres.create_database("installed")
    settings = {**servers.environment(), "DATABASE_URL": database, "SECRET_KEY": secrets.token_hex(32)}
    product = Application(CHECKOUT, tmp_path_factory.mktemp("installed") / "processes.log", settings)
    product.migrate()
    product.flask("users", "create", EMAIL, "--role", "admin", "--password-stdin", typed=PASSWORD)
    return "installed"


@pytest.fixture(scope="module")
def application(
    chromium: str, servers: EmbeddedServers, installed: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    redis.Redis.from_url(servers.valkey.url).flushdb()
    with servers.postgres.passing_database(installed) as database:
        settings = {**servers.environment(), "DATABASE_URL": database, "SECRET_KEY": secrets.token_hex(32)}
        running = Application(CHECKOUT, tmp_path_factory.mktemp("application") / "processes.log", settings)
        try:
            running.start()
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for the tests of this folder; each has a profile of its own in it."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=[*QUIET, *sandbox])
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, application: Application) -> Iterator[Page]:
    """A page whose errors fail the test."""
    page = browser.new_page(base_url=application.base_url, viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if _is_fault(message) else None)
    page.on("dialog", lambda dialog: errors.append(f"dialog: {dialog.message}"))
    yield page
    for context in browser.contexts:  # a test may have opened others
        context.close()
    assert errors == []


def _is_fault(message: ConsoleMessage) -> bool:
    """Refusals, ended sessions and used links are answers, although the browser reports them as errors."""
    return message.type == "error" and not any(f"status of {code}" in message.text for code in (401, 410, 422))


@pytest.fixture
def logged_in(page: Page) -> Page:
    page.goto("/imports")
    assert urllib.parse.urlparse(page.url).path == "/login"
    log_in(page)
    return page
