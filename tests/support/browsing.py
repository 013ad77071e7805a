"""Who uses the browser of the tests, and how it is started."""

QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")
EMAIL = "ann@example.com"
PASSWORD = "a long password"
