"""Operating system account of the server; PostgreSQL does not run as root, so root uses an unprivileged one."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paktaleem.development.embedded.errors import ClusterError

if TYPE_CHECKING:
    from pathlib import Path

UNPRIVILEGED = ("postgres", "nobody")
PATIENCE = 180
"""Time limit in seconds for one program, such as initdb on a slow disk."""


@dataclass(frozen=True)
class Account:
    """The account of the server; ``borrowed`` if it is not that of this process."""

    uid: int
    gid: int
    borrowed: bool

    @property
    def owner(self) -> tuple[int, int] | None:
        """Return the (uid, gid) that the server's files need, or None if this process creates them correctly."""
        return (self.uid, self.gid) if self.borrowed else None

    def can_enter(self, folder: Path) -> bool:
        """Return True if this account can traverse to a folder; missing parts are ignored."""
        resolved = folder.resolve()
        return not self.borrowed or all(
            self._can_traverse(part.stat()) for part in (resolved, *resolved.parents) if part.exists()
        )

    def _can_traverse(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)

    def run(self, *command: str | Path, cwd: Path, keep_open: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, in a new session, and return its result.

        The session keeps Ctrl-C in the terminal from reaching the server. PostgreSQL's environment variables
        (PGDATA, PGPORT …) are removed, and only the file descriptors in ``keep_open`` are inherited.
        """
        return subprocess.run(  # noqa: S603 - found by binaries.py; no shell text is built
            [str(part) for part in command],
            cwd=cwd,
            env=_plain_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=PATIENCE,
            start_new_session=True,
            pass_fds=keep_open,
            umask=0o077,
            user=self.uid if self.borrowed else None,
            group=self.gid if self.borrowed else None,
            extra_groups=[] if self.borrowed else None,
        )


def server_account(data: Path) -> Account:
    """Return the account for the server: this process's; for root, the owner of the data, else UNPRIVILEGED.

    Raises ClusterError for root if no such account exists.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), borrowed=False)
    if data.is_dir() and (status := data.stat()).st_uid != 0:
        return Account(status.st_uid, status.st_gid, borrowed=True)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, borrowed=True)
    raise ClusterError(
        "PostgreSQL does not run as root, and this host has no account 'postgres' or 'nobody'."
        " Create one (useradd --system postgres), or run as an ordinary user.",
    )


def _plain_environment() -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return environment | {"LC_ALL": "C"}
