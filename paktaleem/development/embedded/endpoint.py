"""Endpoint of the running server and the names of its roles."""

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
LIMITED = "paktaleem_limited"
BACKUP = "paktaleem_backup"

LOGIN_ROLES = (SUPERUSER, OWNER, APP, BACKUP)
"""Roles with a password. OFFICER and LIMITED cannot log in: APP switches to them by SET LOCAL ROLE."""


@dataclass(frozen=True)
class Endpoint:
    """A running server: address, postmaster and the passwords of its login roles."""

    host: str
    port: int
    pid: int
    passwords: Mapping[str, str] = field(repr=False)

    def url(self, role: str, database: str) -> str:
        """Return the URL of a database for Django and libpq."""
        password = quote(self.passwords[role], safe="")
        return f"postgres://{role}:{password}@{self.host}:{self.port}/{quote(database, safe='')}"
