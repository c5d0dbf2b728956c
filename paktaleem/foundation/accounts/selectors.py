"""Selectors that identify the actor before a client context is open, and list clients and staff."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from paktaleem.foundation.accounts.actors import Actor, key_actor, user_actor
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.services import compute_key_digest
from paktaleem.foundation.tenancy.context import read_in_one_statement


@dataclass(frozen=True, slots=True)
class MembershipChoice:
    """A membership that a user may work under. ``time_zone`` is the client's; ``school_ids`` None: no limit."""

    id: UUID
    client_id: UUID
    client_name: str
    role: str
    time_zone: str
    school_ids: Sequence[UUID] | None

    def actor(self, user_id: UUID) -> Actor:
        """Return the user as an actor under this membership."""
        return user_actor(user_id, self.role, self.client_id, schools=self.school_ids)


def find_key_actor(secret: str, *, at: datetime) -> Actor | None:
    """Return the actor of a valid API key, or None without a reason."""
    rows = read_in_one_statement(
        "SELECT id, client_id, scopes FROM accounts_live_key(%s, %s)", [compute_key_digest(secret), at]
    )
    return key_actor(*rows[0]) if rows else None


def list_memberships(user_id: UUID, *, at: datetime) -> Sequence[MembershipChoice]:
    """Return the current memberships of an active user, PakTaleem's first."""
    rows = read_in_one_statement(
        "SELECT id, client_id, client_name, role, time_zone, school_ids FROM accounts_memberships(%s, %s)",
        [user_id, at],
    )
    return [MembershipChoice(*row) for row in rows]


def find_client_by_code(code: str) -> UUID | None:
    """Return the id of the client with this code, or None; works outside any context."""
    if "\0" in code:  # PostgreSQL stores no NUL
        return None
    client_id: UUID | None = read_in_one_statement("SELECT accounts_client_with_code(%s)", [code])[0][0]
    return client_id


def list_client_ids() -> list[UUID]:
    """Return the ids of all clients, for commands and tasks that open each client's context in turn."""
    return [client_id for (client_id,) in read_in_one_statement("SELECT accounts_all_clients()", [])]


def list_due_clients(due: Callable[..., Iterable[UUID]], *, at: datetime) -> list[UUID]:
    """Return the clients that may have due work at ``at`` (system clock); needs an officer context.

    These are the clients that ``due`` finds, and every sandbox whose clock is ahead: work may be due there by its
    own clock, and a check without due work changes nothing.
    """
    ahead = Client.objects.filter(clock_offset__gt=timedelta()).values_list("id", flat=True)
    return sorted({*due(at=at), *ahead})


def list_staff(client_id: UUID, role: Role, *, at: datetime) -> list[User]:
    """Return the active users with a role at a client at ``at``, as recipients of emails; needs its context.

    Staff limited to schools are left out: these emails concern the whole client.
    """
    members = Membership.objects.active(at).filter(client_id=client_id, role=role.value, school_ids=None)
    return [member.user for member in members.filter(user__is_active=True).select_related("user")]
