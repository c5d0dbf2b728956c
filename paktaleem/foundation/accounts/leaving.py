"""The end of a member's access to a client: their sessions and API keys end at once, and one administrator remains."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.apps import apps

from paktaleem.foundation.accounts.models import ApiKey, Client, Membership, User
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.staff_accounts import Stamp
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import advisory_lock, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


@dataclass(frozen=True, slots=True)
class WaysIn:
    """Whether passwords count at a client, and which members of its staff (ids of users) need none."""

    passwords: bool = True
    without_password: frozenset[UUID] = frozenset()


ways_in: ExtensionPoint[Callable[[UUID, Collection[UUID], datetime], WaysIn]] = ExtensionPoint(
    "accounts.ways_in", "Ways into a client for these members of its staff; called in the context of the client."
)


class LastAdministrator(PortalError):
    """The membership is that of the client's last administrator who can sign in."""

    console_message = (
        "This is the institution’s last administrator who can sign in. Invite another one first, and wait until they "
        "have signed in."
    )


class LastWayIn(PortalError):
    """After the act no administrator of the client could sign in."""

    console_message = (
        "After this, no administrator of the institution could sign in. First let passwords in, and have an "
        "administrator set one with the link for a forgotten password, or have another one sign in with the school’s "
        "account."
    )


def lock_last_administrator(membership: Membership, *, at: datetime) -> None:
    """Serialize the acts that take administrators from a client, and require that another one can sign in.

    ``membership`` is the stored row. Does nothing for other roles, for administrators limited to schools, and for
    PakTaleem, whose host can appoint officers. Raises LastAdministrator.
    """
    is_administrator = membership.role == Role.CLIENT_ADMIN and membership.school_ids is None
    if not is_administrator or membership.client_id == PAKTALEEM:
        return
    _lock_administrators(membership.client_id)
    if not list_able(membership.client_id, at=at) - {membership.pk}:
        raise LastAdministrator


@contextmanager
def keep_a_way_in(client_id: UUID, *, at: datetime, even_if_none: bool = False) -> Iterator[None]:
    """Serialize an act on ways to sign in with the acts that take administrators from a client; in a transaction.

    Raises LastWayIn if no administrator can sign in after the act within; but not if none could before it either,
    unless ``even_if_none`` is set.
    """
    _lock_administrators(client_id)
    is_needed = even_if_none or bool(list_able(client_id, at=at))
    yield
    if is_needed and not list_able(client_id, at=at):
        raise LastWayIn


def list_clients_left_without(user: User, *, at: datetime) -> list[Client]:
    """List the clients of which no administrator could sign in without this account, and lock them; for officers."""
    with in_client(PAKTALEEM):
        User.objects.select_for_update().get(pk=user.pk)  # before the clients' locks, as the end of a membership does
    own = Membership.objects.active(at).filter(user_id=user.pk, role=Role.CLIENT_ADMIN, school_ids=None)
    found = []
    for one in own.exclude(client_id=PAKTALEEM).select_related("client").order_by("client_id"):
        with in_client(one.client_id):
            _lock_administrators(one.client_id)
            if list_able(one.client_id, at=at) == {one.pk}:
                found.append(one.client)
    return found


def _lock_administrators(client_id: UUID) -> None:
    advisory_lock(f"administrators/{client_id}")


def list_able(client_id: UUID, *, at: datetime) -> set[UUID]:
    """List the memberships of the administrators of the whole client who can sign in (decision 0093)."""
    admins = Membership.objects.active(at).filter(client_id=client_id, role=Role.CLIENT_ADMIN, school_ids=None)
    enabled = [*admins.filter(user__is_active=True).select_related("user")]
    ways = [rule(client_id, [one.user_id for one in enabled], at) for rule in ways_in]
    passwords_count = all(way.passwords for way in ways)
    return {
        one.pk
        for one in enabled
        if any(one.user_id in way.without_password for way in ways)
        or (passwords_count and one.user.has_usable_password())
    }


def list_held_keys(user_id: UUID, client_id: UUID) -> list[ApiKey]:
    """List a client's keys whose secret was shown to this person: those they issued or rotated, unless revoked."""
    versions = apps.get_model("accounts", "HistoricalApiKey")._default_manager
    shown = versions.filter(client_id=client_id, actor_id=user_id, history_type="+").values("id")
    return list(ApiKey.objects.filter(client_id=client_id, pk__in=shown, revoked_at=None).order_by("pk"))


def end_sessions(user_ids: Iterable[UUID], *, at: datetime) -> None:
    """End all sessions of these members of staff, at every client; lock the users first, in the order of their keys."""
    User.objects.filter(pk__in=user_ids).update(sessions_ended_at=at)


def revoke_held_keys(membership: Membership, stamp: Stamp) -> None:
    """Revoke the keys that a member holds who leaves the client or is no longer its administrator."""
    for key in list_held_keys(membership.user_id, membership.client_id):
        write_key_revocation(ApiKey.objects.select_for_update().get(pk=key.pk), stamp)


def write_key_revocation(key: ApiKey, stamp: Stamp) -> None:
    """Revoke a locked key, with its history and ledger entry; does nothing if it is revoked."""
    if key.revoked_at is None:
        key.revoked_at = stamp.at
        save_tracked(key, actor=stamp.actor, reason=stamp.reason, at=stamp.at)
        facts = {"key": str(key.id)}
        record_entry("api_key.revoked", client_id=key.client_id, facts=facts, actor=stamp.actor, at=stamp.at)
