"""Finding out who asks, before any client context exists, and listing staff."""

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
    """One membership a user may work under."""

    id: UUID
    client_id: UUID
    client_name: str
    role: str

    def actor(self, user_id: UUID) -> Actor:
        """Make the actor of the user under this membership."""
        return user_actor(user_id, self.role, self.client_id)


def actor_of_key(secret: str, *, at: datetime) -> Actor | None:
    """Return the actor of a live API key, or None for anything else, without saying which."""
    rows = read_alone("SELECT id, client_id, scopes FROM accounts_live_key(%s, %s)", [key_digest(secret), at])
    return key_actor(*rows[0]) if rows else None


def is_test_key(secret: str) -> bool:
    """Say whether a key shows that it is a sandbox's; the database lets no live key of another client show it."""
    return secret.startswith(TEST_MARK)


def memberships_of(user_id: UUID, *, at: datetime) -> Sequence[MembershipChoice]:
    """List the memberships in force of an active user, PakTaleem's first."""
    rows = read_alone("SELECT id, client_id, client_name, role FROM accounts_memberships(%s, %s)", [user_id, at])
    return [MembershipChoice(*row) for row in rows]


def client_with_code(code: str) -> UUID | None:
    """Return the id of the client with this code, for commands and public pages, or None."""
    [[client_id]] = read_alone("SELECT accounts_client_with_code(%s)", [code])
    found: UUID | None = client_id
    return found


def all_client_ids() -> list[UUID]:
    """List the id of every client, for commands and tasks that open each one's context in turn."""
    return [client_id for (client_id,) in read_alone("SELECT accounts_all_clients()", [])]


def clients_to_look_at(due: Callable[..., Iterable[UUID]], *, at: datetime) -> list[UUID]:
    """List the clients for whom something may be due at a moment of the machine's clock, in the officers' view.

    Those that ``due`` finds, and every sandbox whose clock stands ahead: what is not due by the machine's clock may be
    by its own, so that it must look for itself. Few are, and where nothing is due looking changes nothing.
    """
    ahead = Client.objects.filter(clock_offset__gt=timedelta()).values_list("id", flat=True)
    return sorted({*due(at=at), *ahead})


def staff_of(client_id: UUID, role: Role, *, at: datetime) -> list[User]:
    """List the active users with a role at a client now, in its context: those to whom letters about it go."""
    members = Membership.objects.active(at).filter(client_id=client_id, role=role.value).select_related("user")
    return [one.user for one in members if one.user.is_active]
