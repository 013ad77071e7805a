"""Files of large failed rows, and everybody asks for all lists at once: `python -m tests.attacks.answers`.

Prints the largest answers and the memory of the web process. The status is 0 only if every answer and the growth
of the process stay below their bars, and if the pages of the API give failed row after failed row.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.product import Product, running
from embedded.servers import EmbeddedServers
from importer.statuses import ENDED
from tests.attacks.site import servers_in_a_folder

ROWS = 1020
CELL_BYTES = 33_000
WIDE_ROWS, WIDE_CELLS = 300, 16_000
APOSTROPHES = "'" * 100
AT_ONCE = 4
ROUNDS = 3
WALKED_ROWS = 200

FAILED_JOBS = "/rq/0/data/jobs/low/failed/1000/asc/1.json"

ANSWER_BAR = 2_000_000
"""Bytes of any answer."""

GROWTH_BAR = 64.0
"""MB that the web process may grow by."""

CELLS = {"letters": "x" * CELL_BYTES, "control": "\x01" * CELL_BYTES, "quotes": '"' * CELL_BYTES}
"""Each row's cell. JSON makes six bytes of a control character, HTML five of a quote."""


def files(folder: Path, kinds: Iterable[str]) -> Iterator[Path]:
    for name in kinds:
        quoted = CELLS[name].replace('"', '""')
        path = folder / f"{name}{APOSTROPHES}.csv"
        path.write_text("email,name\n" + f'nobody,"{quoted}"\n' * ROWS)
        yield path
    wide = folder / "wide.csv"
    wide.write_text(f"email,name{',' * WIDE_CELLS}\n" + f"nobody,{',' * WIDE_CELLS}\n" * WIDE_ROWS)
    yield wide


def addresses(import_id: str) -> list[str]:
    """Every list, page and report that shows something of an import."""
    return [
        "/imports",
        "/imports/live",
        "/imports?show=failures",
        f"/imports/{import_id}",
        f"/imports/{import_id}/live",
        f"/imports/{import_id}/live?after={ROWS // 2}",
        f"/imports/{import_id}/confirm/delete",
        "/api/imports?limit=100",
        f"/api/imports/{import_id}",
        f"/api/imports/{import_id}/failed-rows",
        f"/api/imports/{import_id}/failed-rows?limit=1000",
        FAILED_JOBS,
        "/rq/",
        "/rq/0/view/jobs/low/failed/1000/asc/1",
        "/rq/0/view/workers",
        "/rq/0/data/workers.json",
    ]


def rows_after(product: Product, import_id: str, after: int) -> list[int]:
    """The numbers of the failed rows after one of them, page after page."""
    numbers: list[int] = []
    following = f"/api/imports/{import_id}/failed-rows?after={after}&limit=1000"
    while following:
        page = json.loads(product.visitor.open(following))
        numbers += [row["row_number"] for row in page["failed_rows"]]
        following = page["next"]
    return numbers


def upload(product: Product, path: Path) -> str:
    import_id: str = product.visitor.upload(path, "contacts")["id"]
    while product.visitor.import_state(import_id)["status"] not in ENDED:
        time.sleep(0.1)
    return import_id


def size_of(product: Product, address: str) -> int:
    return len(product.visitor.open(address).encode())


def ask(product: Product, imports: dict[str, str]) -> list[str]:
    """Ask every address alone, then the heaviest several times at once; return which bars broke."""
    job = json.loads(product.visitor.open(FAILED_JOBS))["jobs"][0]["id"]
    asked = [address for import_id in imports.values() for address in addresses(import_id)]
    asked += [f"/rq/0/data/job/{job}.json", f"/rq/0/view/job/{job}"]
    sizes = {address: size_of(product, address) for address in asked}
    print("bytes of the largest answers:")
    for address in sorted(sizes, key=lambda address: sizes[address], reverse=True)[:12]:
        print(f"  {sizes[address]:12,}  {address}")
    heaviest = sorted(sizes, key=lambda address: sizes[address])[-2 * AT_ONCE :]
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        list(crowd.map(lambda address: size_of(product, address), heaviest * ROUNDS))
    return [f"{address} answered {size:,} bytes" for address, size in sizes.items() if size > ANSWER_BAR]


def attack(servers: EmbeddedServers, folder: Path, kinds: Iterable[str] = CELLS) -> list[str]:
    """Run it with some kinds of cells, print figures, and return which bars broke."""
    with running(servers, folder, workers=1) as product:
        imports = {path.name: upload(product, path) for path in files(folder, kinds)}
        for address in addresses(upload(product, small(folder))):
            size_of(product, address)
        before = product.memory_of("web")
        with product.watching() as peaks:
            broken = ask(product, imports)
            for name, import_id in imports.items():
                last = product.visitor.import_state(import_id)["failed_rows"]
                after = max(last - WALKED_ROWS, 0)
                if rows_after(product, import_id, after) != list(range(after + 1, last + 1)):
                    broken.append(f"the pages of {name} do not give every failed row once")
    growth = peaks["web"] - before
    print(f"web process: {before:.0f} MB before, {peaks['web']:.0f} MB at its peak")
    return broken + ([f"the web process grew by {growth:.0f} MB"] if growth > GROWTH_BAR else [])


def small(folder: Path) -> Path:
    path = folder / "small.csv"
    path.write_text("email,name\nnobody,x\n")
    return path


def main() -> int:
    with servers_in_a_folder() as (servers, folder):
        broken = attack(servers, folder)
    print("\n".join(broken) or "every bar holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
