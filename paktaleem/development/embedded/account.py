"""Whom the server runs as. PostgreSQL refuses to run as root, so root lends it an account without rights."""

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
"""Seconds a single program (initdb on a slow disk, say) may take."""


@dataclass(frozen=True)
class Account:
    """The account of the server; borrowed when it is not our own."""

    uid: int
    gid: int
    borrowed: bool

    @property
    def owner(self) -> tuple[int, int] | None:
        """The (uid, gid) files for the server must be given to; None when they are born right."""
        return (self.uid, self.gid) if self.borrowed else None

    def can_enter(self, folder: Path) -> bool:
        """Say whether this account may walk down to a folder; parts of it that are missing do not count."""
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
        """Run a program as this account, in a session of its own, and return what it said.

        The session keeps Ctrl-C in our terminal from reaching the server. Settings for PostgreSQL in our
        environment (PGDATA, PGPORT ...) do not reach it, and of our open files only those to be kept open.
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
    """Choose whom the server runs as: ourselves; if we are root, the owner of its data, else UNPRIVILEGED.

    Raises ClusterError if we are root and there is no account to lend.
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
        "PostgreSQL refuses to run as root, and this host has neither an account 'postgres' nor 'nobody'."
        " Make one (useradd --system postgres), or run as an ordinary user.",
    )


def _plain_environment() -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return environment | {"LC_ALL": "C"}
