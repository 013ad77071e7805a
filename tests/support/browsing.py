"""Who uses the browser of the tests, and how it is started."""

from playwright.sync_api import Page

QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")
EMAIL = "ann@example.com"
PASSWORD = "a long password"


def log_in(page: Page) -> None:
    """Fill in the form that a page shows, and send it."""
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/imports")
