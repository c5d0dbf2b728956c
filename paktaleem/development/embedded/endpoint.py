"""Where the running server is, and the names of the roles that may enter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

SUPERUSER = "paktaleem_bootstrap"
OWNER = "paktaleem_owner"
APP = "paktaleem_app"
OFFICER = "paktaleem_officer"
BACKUP = "paktaleem_backup"

LOGIN_ROLES = (SUPERUSER, OWNER, APP, BACKUP)
"""The roles that have a password. OFFICER cannot log in: it is entered from APP by SET LOCAL ROLE."""


@dataclass(frozen=True)
class Endpoint:
    """A running server: its address, its postmaster and the password of each role that may log in."""

    host: str
    port: int
    pid: int
    passwords: Mapping[str, str] = field(repr=False)

    def url(self, role: str, database: str) -> str:
        """Write the address of a database as Django and libpq read it."""
        password = quote(self.passwords[role], safe="")
        return f"postgres://{role}:{password}@{self.host}:{self.port}/{quote(database, safe='')}"
