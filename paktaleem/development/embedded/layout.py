"""What lies where in the folder of one embedded PostgreSQL, and which folder that is."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from paktaleem.development.embedded.account import server_account

SHELTER = Path("/var/lib/paktaleem")
"""Where a cluster goes that root wants in a place no other account can reach, such as below /root."""

LOCK = "paktaleem.lock"


@dataclass(frozen=True)
class Layout:
    """The paths of one cluster."""

    home: Path

    @property
    def lock(self) -> Path:
        """Makes the folder ours; held while a server is made, started, stopped or removed."""
        return self.home / LOCK

    @property
    def passwords(self) -> Path:
        """The passwords of the roles, 0600 and never the server's."""
        return self.home / "passwords.json"

    @property
    def data(self) -> Path:
        """The cluster itself, 0700, owned by the account the server runs as."""
        return self.home / "data"

    @property
    def discarded(self) -> Path:
        """A cluster on its way to being removed."""
        return self.home / "data.discarded"

    @property
    def finished(self) -> Path:
        """Written last; without it what is there is half-made and is made again."""
        return self.home / "finished"

    @property
    def port(self) -> Path:
        """The port of the last start, to be taken again."""
        return self.home / "port"

    @property
    def log(self) -> Path:
        """What the server says; no personal data."""
        return self.home / "server.log"

    @property
    def binaries(self) -> Path:
        """A copy of the programs, only if the server's account cannot reach them where they are."""
        return self.home / "binaries"


def layout_for(wanted: Path) -> Layout:
    """Use the wanted folder, or a sheltered one if the server's account could not walk down to it."""
    if (wanted / LOCK).exists() or server_account(wanted / "data").can_enter(wanted.parent):
        return Layout(wanted)
    return Layout(SHELTER / hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16])
