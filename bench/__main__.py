"""Measures this product, what Postgres itself needs, and other job systems, in one run on the same file."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.figures import answers_table, figures_table, rates_table
from bench.measurements import FULL, QUICK, SECTIONS, Bench
from embedded.servers import EmbeddedServers


def measure(chosen: list[str], *, is_full: bool) -> Bench:
    """Take the measurements of the sections chosen."""
    folder = Path(tempfile.mkdtemp(prefix="bulk-importer-bench-"))
    folder.chmod(0o755)
    try:
        with EmbeddedServers(folder / "servers") as servers:
            bench = Bench(servers, folder, FULL if is_full else QUICK)
            for section in chosen:
                print(f"{section} ...", file=sys.stderr, flush=True)
                SECTIONS[section](bench)
            servers.postgres.remove()
    finally:
        shutil.rmtree(folder)
    return bench


def _processor() -> str:
    """The processor's name; `platform.processor` knows none on Linux."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="5,000,000 rows, a file of 1 GB (20 minutes)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="some of it")
    arguments = parser.parse_args()
    bench = measure(arguments.only, is_full=arguments.full)
    machine = (
        f"{os.cpu_count()} CPUs ({_processor()}), {psutil.virtual_memory().total / 1e9:.0f} GB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )
    if arguments.json:
        lines = {"machine": machine, "rates": bench.rates, "answers": bench.answers, "figures": bench.figures}
        print(json.dumps(lines, default=lambda line: line._asdict(), indent=2))
    else:
        answers = f"{answers_table(bench.answers)}\n\n" if bench.answers else ""
        print(f"{machine}\n\n{rates_table(bench.rates)}\n\n{answers}{figures_table(bench.figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
