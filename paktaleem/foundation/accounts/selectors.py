"""Selectors that identify the actor before a client context is open, and list clients and staff."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from paktaleem.foundation.accounts.actors import Actor, key_actor, user_actor
from paktaleem.foundation.accounts.models import TEST_MARK, Client, Membership, User
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.services import key_digest
from paktaleem.foundation.tenancy.context import read_alone

__all__ = [
    "MembershipChoice",
    "actor_of_key",
    "all_client_ids",
    "client_with_code",
    "clients_to_look_at",
    "is_test_key",
    "memberships_of",
    "staff_of",
]


@dataclass(frozen=True, slots=True)
class MembershipChoice:
    """A membership that a user may work under."""

    id: UUID
    client_id: UUID
    client_name: str
    role: str

    def actor(self, user_id: UUID) -> Actor:
        """Return the user as an actor under this membership."""
        return user_actor(user_id, self.role, self.client_id)


def actor_of_key(secret: str, *, at: datetime) -> Actor | None:
    """Return the actor of a valid API key, or None without a reason."""
    rows = read_alone("SELECT id, client_id, scopes FROM accounts_live_key(%s, %s)", [key_digest(secret), at])
    return key_actor(*rows[0]) if rows else None


def is_test_key(secret: str) -> bool:
    """Return True if a key has the prefix of sandbox keys (enforced by a database constraint)."""
    return secret.startswith(TEST_MARK)


def memberships_of(user_id: UUID, *, at: datetime) -> Sequence[MembershipChoice]:
    """Return the current memberships of an active user, PakTaleem's first."""
    rows = read_alone("SELECT id, client_id, client_name, role FROM accounts_memberships(%s, %s)", [user_id, at])
    return [MembershipChoice(*row) for row in rows]


def client_with_code(code: str) -> UUID | None:
    """Return the id of the client with this code, or None; works outside any context."""
    [[client_id]] = read_alone("SELECT accounts_client_with_code(%s)", [code])
    found: UUID | None = client_id
    return found


def all_client_ids() -> list[UUID]:
    """Return the ids of all clients, for commands and tasks that open each client's context in turn."""
    return [client_id for (client_id,) in read_alone("SELECT accounts_all_clients()", [])]


def clients_to_look_at(due: Callable[..., Iterable[UUID]], *, at: datetime) -> list[UUID]:
    """Return the clients that may have due work at ``at`` (system clock); needs an officer context.

    These are the clients that ``due`` finds, and every sandbox whose clock is ahead: work may be due there by its
    own clock, and a check without due work changes nothing.
    """
    ahead = Client.objects.filter(clock_offset__gt=timedelta()).values_list("id", flat=True)
    return sorted({*due(at=at), *ahead})


def staff_of(client_id: UUID, role: Role, *, at: datetime) -> list[User]:
    """Return the active users with a role at a client at ``at``, as recipients of emails; needs its context."""
    members = Membership.objects.active(at).filter(client_id=client_id, role=role.value).select_related("user")
    return [one.user for one in members if one.user.is_active]
