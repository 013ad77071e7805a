"""Eight people log in at once while a file is imported: `python -m tests.attacks.logins`.

Hashing a password takes 64 MiB on purpose. Prints how long the last one waited and the memory of the web process.
The status is 0 only if everybody was let in and the process stayed below its bar.
"""

from __future__ import annotations

import re
import sys
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import contacts_file
from bench.product import EMAIL, Product, running
from embedded.servers import EmbeddedServers
from embedded.visitor import Visitor
from importer.statuses import ENDED
from tests.attacks.site import servers_in_a_folder

PEOPLE = 8
ROWS = 300_000
PASSWORD = "correct horse battery"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')

MEMORY_BAR = 256.0
"""MB of the web process: half of a small machine. An upload and one login bring it to 200."""


def log_in(person: Visitor) -> bool:
    token = TOKEN.search(person.open("/login"))
    form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token[1] if token else ""}
    return "Log out" in person.open("/login", body=urllib.parse.urlencode(form).encode())


def log_in_at_once(product: Product, file: Path) -> list[str]:
    """Log everybody in while a file is imported; return what went wrong."""
    people = [Visitor(product.application.base_url) for _ in range(PEOPLE)]
    import_id = product.visitor.upload(file, "contacts")["id"]
    began = time.monotonic()
    with ThreadPoolExecutor(PEOPLE) as crowd:
        are_in = list(crowd.map(log_in, people))
    print(f"the last of {PEOPLE} was logged in after {time.monotonic() - began:.1f} s")
    is_over = product.visitor.import_state(import_id)["status"] in ENDED
    if not is_over:
        product.visitor.cancel(import_id)
    refused = are_in.count(False)
    return [f"{refused} were not let in"] * bool(refused) + ["no file was imported meanwhile"] * is_over


def attack(servers: EmbeddedServers, folder: Path) -> list[str]:
    """Run it, print figures, and return which bars broke."""
    with running(servers, folder, workers=1) as product:
        product.application.flask("users", "set-password", EMAIL, "--password-stdin", typed=PASSWORD)
        product.visitor.open(product.application.login_link(EMAIL))  # the password has ended the session
        with product.watching() as peaks:
            broken = log_in_at_once(product, contacts_file.write(folder / "contacts.csv", ROWS))
    print(f"web process: {peaks['web']:.0f} MB at its peak")
    return broken + ([f"the web process took {peaks['web']:.0f} MB"] if peaks["web"] > MEMORY_BAR else [])


def main() -> int:
    with servers_in_a_folder() as (servers, folder):
        broken = attack(servers, folder)
    print("\n".join(broken) or "every bar holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
