"""Paths of an embedded PostgreSQL, and the choice of its folder."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from paktaleem.development.embedded.account import server_account

FALLBACK_FOLDER = Path("/var/lib/paktaleem")
"""Folder for clusters of root whose own folder the server's account cannot reach, such as below /root."""

LOCK = "paktaleem.lock"


@dataclass(frozen=True)
class Layout:
    """The paths of one cluster."""

    home: Path

    @property
    def lock(self) -> Path:
        """Return the lock file, which marks the folder as ours and is held while the server is created or stopped."""
        return self.home / LOCK

    @property
    def passwords(self) -> Path:
        """Return the file of role passwords (mode 0600, not readable by the server)."""
        return self.home / "passwords.json"

    @property
    def data(self) -> Path:
        """Return the data folder (mode 0700), owned by the server's account."""
        return self.home / "data"

    @property
    def discarded(self) -> Path:
        """Return the folder of a cluster that is being removed."""
        return self.home / "data.discarded"

    @property
    def finished(self) -> Path:
        """Return the file that marks a complete cluster; written last."""
        return self.home / "finished"

    @property
    def port(self) -> Path:
        """Return the file with the port of the last start, which is reused."""
        return self.home / "port"

    @property
    def log(self) -> Path:
        """Return the server's log file; it has no personal data."""
        return self.home / "server.log"

    @property
    def binaries(self) -> Path:
        """Return the folder for a copy of the programs, needed if the server's account cannot reach the originals."""
        return self.home / "binaries"


def layout_for(wanted: Path) -> Layout:
    """Return the layout of the given folder, or of one below SHELTER if the server's account cannot reach it."""
    if (wanted / LOCK).exists() or server_account(wanted / "data").can_enter(wanted.parent):
        return Layout(wanted)
    return Layout(FALLBACK_FOLDER / hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16])
