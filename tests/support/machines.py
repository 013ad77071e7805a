"""Dispatchers and workers on machines of their own: network namespaces that reach three addresses, nothing else.

`python -m machines FOLDER high|low` is what runs inside: it passes the ports named by the sockets in FOLDER on to
these sockets, through which the other side reaches the servers, and then runs `python -m jobs high|low`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import runpy
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from embedded.processes import Program

ROOT = Path(__file__).parents[2]
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "AWS_ENDPOINT_URL_S3")
SECRETS = ("SECRET_KEY", "S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
INTERFACE_FLAGS, SET_INTERFACE_FLAGS, UP = 0x8913, 0x8914, 1
"""SIOCGIFFLAGS, SIOCSIFFLAGS and IFF_UP (Linux, netdevice(7))."""

Connect = Callable[[], socket.socket]


def unshare_command() -> list[str]:
    """What puts a program into a network namespace of its own; empty where this system or user cannot."""
    command = ["unshare", "--net", "--uts", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], check=False).returncode:
        return []
    return command


@contextlib.contextmanager
def wires(ports: list[int]) -> Iterator[Path]:
    """A folder of Unix sockets, named by the ports of this machine that they lead to."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as listeners:
        for port in ports:
            listener = listeners.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(f"{folder}/{port}")
            listener.listen()
            listeners.callback(listener.shutdown, socket.SHUT_RDWR)
            pass_on(listener, lambda port=port: socket.create_connection(("127.0.0.1", port)))
        yield Path(folder)


def start(queue: str, settings: dict[str, str], folder: Path, ports: Path) -> Program:
    """A dispatcher or worker on a machine of its own, in an empty folder, with nothing but these settings.

    Args:
        folder: where its log goes, and its files.
        ports: what `wires` made.
    """
    folder.mkdir()
    environment = {
        **{name: settings[name] for name in ADDRESSES + SECRETS},
        "PATH": os.defpath,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
    }
    command = [*unshare_command(), sys.executable, "-m", "machines", ports, queue]
    program = Program(folder.name, command, folder / "log", environment=environment, folder=folder)
    program.start()
    return program


def pass_on(listener: socket.socket, connect: Connect) -> None:
    """Pass every connection on, until the listener is shut down."""

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = connect()
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_copy, args=(source, target), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _connect(path: Path) -> socket.socket:
    wire = socket.socket(socket.AF_UNIX)
    wire.connect(str(path))
    return wire


def _bring_up_loopback() -> None:
    """In a new namespace even 127.0.0.1 is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh14x", b"lo", 0)
        name, flags = struct.unpack("16sh14x", fcntl.ioctl(probe, INTERFACE_FLAGS, request))
        fcntl.ioctl(probe, SET_INTERFACE_FLAGS, struct.pack("16sh14x", name, flags | UP))


def main() -> None:
    folder, queue = sys.argv[1:]
    _bring_up_loopback()
    socket.sethostname("importer")  # every machine has the same name
    for path in Path(folder).iterdir():
        listener = socket.create_server(("127.0.0.1", int(path.name)))
        pass_on(listener, lambda path=path: _connect(path))  # type: ignore[misc]
    sys.argv = ["jobs", queue]
    runpy.run_module("jobs", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
