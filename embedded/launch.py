"""The last step before a server: tie this process to its parent's life, drop root, become the server.

`embedded.processes` runs this file as a program (`launch.py PARENT SIGNAL USER WATCHED COMMAND...`). It is a
program of its own because `preexec_fn` may deadlock in a parent with threads. It imports little, so that it starts
quickly, and nothing of this package, so that any working directory will do.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import select
import sys

NONE = "-"
PR_SET_PDEATHSIG = 1
"""From Linux's `prctl.h`; see prctl(2)."""


def drop_root(user: str) -> None:
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def end_with_parent(parent: int, signum: int) -> None:
    """Let the kernel signal this process when its parent dies. Call it after `drop_root`: setuid clears it."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it died before the call: no signal will come
        sys.exit("the parent is gone")


def watch_parent(pipe: int, signum: int) -> None:
    """Fork a watcher that signals this process once nobody holds the other end of `pipe`."""
    os.set_inheritable(pipe, False)
    server = os.getpid()
    if os.fork() != 0:
        return
    os.setsid()
    ignore_standard_streams()
    while os.getppid() == server:  # the server is our parent, so its number cannot be somebody else's
        readable, _, _ = select.select([pipe], [], [], 0.5)
        if readable and os.getppid() == server:
            with contextlib.suppress(ProcessLookupError):
                os.kill(server, signum)
            break
    os._exit(0)


def ignore_standard_streams() -> None:
    """Let go of the server's streams: whoever reads them would wait for the watcher to end, too."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)


def main() -> None:
    parent, signum, user, watched, *command = sys.argv[1:]
    if user != NONE:
        drop_root(user)
    if watched == NONE:
        end_with_parent(int(parent), int(signum))
    else:
        watch_parent(int(watched), int(signum))
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
