"""What each table says of itself: whose rows it holds, what the app may do to them, which text is personal.

Every model carries ``wall`` and, where it has text, JSON or file fields, ``personal``. A system check
(``paktaleem.foundation.tenancy.checks``) refuses a model that forgets, so forgetting fails the build and opens no door.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["APPEND", "EDIT", "READ", "Personal", "Scope", "Wall"]

READ = frozenset({"SELECT"})
APPEND = frozenset({"SELECT", "INSERT"})
EDIT = frozenset({"SELECT", "INSERT", "UPDATE"})


class Scope(StrEnum):
    """Who owns the rows of a table."""

    TENANT = "tenant"
    """each row belongs to one client, and only that client's context sees it"""
    CATALOGUE = "catalogue"
    """as TENANT, but rows owned by PakTaleem may be read by every client"""
    GLOBAL = "global"
    """no client: only for tables on the short list, each with its reason"""


class Personal(StrEnum):
    """What a text, JSON, binary or file field may hold (DESIGN §4)."""

    NONE = "none"
    """nothing about a person: codes, register texts, settings"""
    PSEUDONYM = "pseudonym"
    """an identifier without a name: an id, a keyed hash"""
    SEALED = "sealed"
    """personal data, as ciphertext under the person's own key"""
    STAFF = "staff"
    """a staff member's working address or name, needed to sign in"""
    SECRET = "secret"  # noqa: S105 -- a classification, not a password
    """a credential, kept only as a digest or wrapped by a key outside the database"""


@dataclass(frozen=True)
class Wall:
    """The wall's declaration for one table.

    ``rights`` are the SQL privileges of the app role; evidence gets no more than APPEND. ``looked_up`` opens the
    table to the owner's SECURITY DEFINER look-ups that precede a client context (API key, membership).
    ``owner_column`` names the client column. ``officer`` says whether the all-clients view may read it.
    """

    scope: Scope
    rights: frozenset[str]
    reason: str = ""
    looked_up: bool = False
    owner_column: str = "client_id"
    officer: bool = True
    personal: Mapping[str, Personal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a global table without a reason."""
        if self.scope is Scope.GLOBAL and not self.reason:
            raise ValueError("A global table needs the reason why it has no client.")
