"""Places that an account without rights can use, for servers that refuse to run as root.

A checkout under a folder that only root may enter (/root, `mktemp -d`) is out of that account's reach. Nobody
wants the modes of such a folder changed, so what the account needs goes to a folder of its own in the system's
temporary folder. Its name is a hash of what it is for: a second call finds it again, and it is at most one per
version of the binaries and one per data folder.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from embedded.processes import EmbeddedError

USER = "nobody"


def user_if_root() -> str | None:
    """The account to run as, if this process is root; None for everybody else, who run it themselves."""
    return USER if os.geteuid() == 0 else None


def can_pass(user: str, folder: Path) -> bool:
    """Whether the account may reach what lies in `folder`.

    The account itself tries it, so that modes, access lists and mounts all count.
    """
    answer = subprocess.run(
        ["/bin/sh", "-c", 'cd "$0"', str(folder)],
        user=user,
        group=pwd.getpwnam(user).pw_gid,
        extra_groups=[],
        cwd="/",
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return answer.returncode == 0


def give(user: str, folder: Path) -> None:
    """Make the account the owner of a folder of ours."""
    account = pwd.getpwnam(user)
    os.chown(folder, account.pw_uid, account.pw_gid)


def place_for(user: str, purpose: str) -> Path:
    """A folder of root's in the system's temporary folder that the account may pass through; the same each time.

    Raises:
        EmbeddedError: no temporary folder is open to the account, or somebody else made ours.
    """
    name = f"bulk-importer-{hashlib.sha256(purpose.encode()).hexdigest()[:16]}"
    for parent in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        if can_pass(user, parent):
            return _own_folder(parent / name)
    raise EmbeddedError(f"The account {user} cannot enter any temporary folder. Set TMPDIR to one that it can.")


def _own_folder(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    state = folder.lstat()
    # A temporary folder is everybody's: whoever guessed the name could have put programs there for us to run.
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise EmbeddedError(f"{folder} belongs to somebody else. Remove it and start again.")
    folder.chmod(0o711)  # whatever the umask is
    return folder


def copy_once(source: Path, target: Path) -> Path:
    """Copy a folder for everybody to read, unless the copy exists.

    Two at once do no harm: the copy appears whole, by renaming.
    """
    if target.exists():
        return target
    fresh = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        shutil.copytree(source, fresh / target.name, symlinks=True, copy_function=_copy_readable)
        for folder, _, _ in os.walk(fresh / target.name):
            os.chmod(folder, 0o755)
        (fresh / target.name).rename(target)
    except OSError:
        if not target.exists():
            raise
    finally:
        shutil.rmtree(fresh)
    return target


def _copy_readable(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    os.chmod(target, os.stat(source).st_mode | 0o755)
