"""How much memory a converting process may take, whatever its file asks for."""

from __future__ import annotations

import resource
from pathlib import Path

MORE_BYTES = 512 * 1024**2
"""So much more address space than at its beginning; a sheet of a million rows needs a tenth of it."""

STATM = Path("/proc/self/statm")


def bound() -> None:
    """Let this process fail with `MemoryError` rather than fill the machine; only Linux can."""
    if not STATM.exists():
        return
    used = int(STATM.read_text().split()[0]) * resource.getpagesize()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + MORE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))
