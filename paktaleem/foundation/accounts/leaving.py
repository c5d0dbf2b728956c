"""The end of a member's access to a client: their sessions and API keys end at once, and one administrator remains."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.apps import apps
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from paktaleem.foundation.accounts.models import ApiKey, Membership, User
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.staff_accounts import Stamp
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.foundation.tenancy.locks import advisory_lock

__all__ = [
    "LastAdministrator",
    "end_sessions",
    "list_held_keys",
    "lock_last_administrator",
    "revoke_held_keys",
    "write_key_revocation",
]


class LastAdministrator(PortalError):
    """The membership is that of the client's last administrator who can sign in."""

    console_message = (
        "This is the institution’s last administrator who can sign in. Invite another one first, and wait until they "
        "have signed in."
    )


def lock_last_administrator(membership: Membership, *, at: datetime) -> None:
    """Serialize the acts that take administrators from a client, and require that another one remains.

    ``membership`` is the stored row. An administrator counts who has set a password, with an enabled account, and is
    not limited to schools. Does nothing for others and for PakTaleem, whose host can appoint officers. Raises
    LastAdministrator.
    """
    is_administrator = membership.role == Role.CLIENT_ADMIN and membership.school_ids is None
    if not is_administrator or membership.client_id == PAKTALEEM:
        return
    advisory_lock(f"administrators/{membership.client_id}")
    admins = Membership.objects.active(at).filter(client_id=membership.client_id, role=Role.CLIENT_ADMIN)
    admins = admins.filter(school_ids=None)
    able = admins.filter(user__is_active=True).exclude(user__password__startswith=UNUSABLE_PASSWORD_PREFIX)
    if not able.exclude(pk=membership.pk).exists():
        raise LastAdministrator


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
