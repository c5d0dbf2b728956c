"""Services for staff accounts, memberships and API keys."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.client_services import (
    RECOMPUTE_AGES,
    change_client,
    decide_client_change,
)
from paktaleem.foundation.accounts.models import TEST_KEY_PREFIX, ApiKey, Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.foundation.tenancy.locks import advisory_lock

__all__ = [
    "MAX_ROTATION_OVERLAP",
    "NOTIFY_OWNER",
    "RECOMPUTE_AGES",
    "ROTATION_OVERLAP",
    "AlreadyEnded",
    "AlreadyRevoked",
    "KeyNotLive",
    "TooManyLiveKeys",
    "change_client",
    "change_membership",
    "change_user",
    "choose_language",
    "compute_key_digest",
    "decide_client_change",
    "end_membership",
    "invite_user",
    "issue_api_key",
    "notify_owner",
    "revoke_api_key",
    "rotate_api_key",
    "set_password",
]

NOTIFY_OWNER = "signin.tell_owner"
"""Name of the task that notifies the owner of an account (declared in an app above this one)."""
KEY_MARK = "ptk_"
PREFIX_LENGTH, TEST_PREFIX_LENGTH = 12, 16
LIVE_KEYS_OF_A_NAME = 2
"""The old and the new key of one system, during rotation."""
ROTATION_OVERLAP = timedelta(days=7)
"""Default overlap during which the old key stays valid."""
MAX_ROTATION_OVERLAP = timedelta(days=30)
"""Longest overlap: two valid keys of one system double the risk."""


class AlreadyEnded(PortalError):
    """The membership has already ended."""

    console_message = "This membership has already ended."


class AlreadyRevoked(PortalError):
    """The key is already revoked."""

    console_message = "The key is already revoked."


class KeyNotLive(PortalError):
    """The key is no longer valid, so it cannot be rotated; issue a new one."""

    console_message = "The key is no longer valid. Issue a new one."


class TooManyLiveKeys(ValidationError):
    """Two valid keys already have this name: the old one and its successor."""


@transaction.atomic
def invite_user(
    email: str,
    *,
    full_name: str,
    password: str | None,
    language: str = settings.LANGUAGE_CODE,
    actor: Actor,
    reason: Reason | str = Reason.ONBOARDING,
    at: datetime,
) -> User:
    """Create the account of a member of staff; without a password they cannot sign in until one is set.

    Raises ValidationError, NotAllowed.
    """
    require(actor, Capability.MANAGE_STAFF)
    user = User(email=email.strip(), full_name=full_name.strip(), language=language, created_at=at)
    user.set_password(password)
    user.full_clean()
    return save_tracked(user, actor=actor, reason=reason, at=at)


@transaction.atomic
def change_user(user: User, *, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime) -> User:
    """Change the name, language or active state of a member of staff; a disabled user's next request fails.

    Raises ValidationError, NotAllowed.
    """
    require(actor, Capability.MANAGE_STAFF)
    user.full_clean()
    save_tracked(user, actor=actor, reason=reason, at=at, only=["full_name", "language", "is_active"])
    _record_user_entry("user.changed", user, actor, at)
    return user


@transaction.atomic
def set_password(user: User, *, password: str, actor: Actor, at: datetime) -> User:
    """Set the password of a member of staff and notify them; their sessions end.

    Raises NotAllowed.
    """
    require(actor, Capability.MANAGE_STAFF)
    user.set_password(password)
    user.save(update_fields=["password"])
    entry = _record_user_entry("user.password_set", user, actor, at)
    notify_owner(user.id, "password_set", entry_id=entry.id, at=at)
    return user


def _record_user_entry(kind: str, user: User, actor: Actor, at: datetime) -> Entry:
    facts = {"user": str(user.id), "is_active": user.is_active}
    return record_entry(kind, client_id=PAKTALEEM, facts=facts, actor=actor, at=at)


def choose_language(user: User, language: str) -> None:
    """Set the language of emails to a member of staff; not recorded in history."""
    if language != user.language:
        user.language = language
        user.save(update_fields=["language"])


def notify_owner(user_id: UUID, change: str, *, entry_id: UUID, at: datetime) -> None:
    """Enqueue an email to the owner of a changed account, in this transaction.

    ``change`` is one of ``paktaleem.directory.sign_in.emails.CHANGES``; ``entry_id`` is its ledger entry. The job's
    arguments are ids and codes.
    """
    enqueue_job(NOTIFY_OWNER, user=str(user_id), change=change, entry=str(entry_id), at=at.isoformat())


@transaction.atomic
def change_membership(membership: Membership, *, actor: Actor, reason: Reason | str, at: datetime) -> Membership:
    """Give a user a role at a client, or change it; it starts now, never earlier (ASVS 8.3.2).

    Raises AlreadyEnded for an ended membership, ValidationError, NotAllowed.
    """
    require(actor, Capability.MANAGE_STAFF, membership.client_id)
    if membership._state.adding:
        membership.starts_at = at
    else:
        _lock_active_membership(membership)
    membership.full_clean()
    save_tracked(membership, actor=actor, reason=reason, at=at)
    _record_membership_entry("membership.changed", membership, actor, at)
    return membership


@transaction.atomic
def end_membership(membership: Membership, *, actor: Actor, reason: Reason | str, at: datetime) -> Membership:
    """End a membership, effective on the user's next request.

    Raises AlreadyEnded, NotAllowed.
    """
    require(actor, Capability.MANAGE_STAFF, membership.client_id)
    _lock_active_membership(membership)
    membership.ends_at = at
    save_tracked(membership, actor=actor, reason=reason, at=at)
    _record_membership_entry("membership.ended", membership, actor, at)
    return membership


def _lock_active_membership(membership: Membership) -> None:
    """Lock the stored membership; raise AlreadyEnded if it has ended."""
    locked = Membership.objects.select_for_update().get(pk=membership.pk)
    if locked.ends_at is not None:
        raise AlreadyEnded


def _record_membership_entry(kind: str, membership: Membership, actor: Actor, at: datetime) -> None:
    facts = {"membership": str(membership.id), "user": str(membership.user_id), "role": membership.role}
    record_entry(kind, client_id=membership.client_id, facts=facts, actor=actor, at=at)


def compute_key_digest(key: str) -> bytes:
    """Return the SHA-256 digest of an API key for look-up; the key has 256 random bits, so no salt is needed."""
    return hashlib.sha256(key.encode()).digest()


@transaction.atomic
def issue_api_key(
    client_id: UUID,
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime,
    actor: Actor,
    reason: Reason | str = Reason.ONBOARDING,
    at: datetime,
) -> tuple[ApiKey, str]:
    """Issue an API key; return its row and the secret, which is shown once and not stored.

    Raises TooManyLiveKeys if two valid keys have this name, ValidationError, NotAllowed.
    """
    require(actor, Capability.MANAGE_API_KEYS, client_id)
    _refuse_third_key(client_id, name, at)
    is_test = Client.objects.filter(id=client_id, is_sandbox=True).exists()
    secret = (TEST_KEY_PREFIX if is_test else KEY_MARK) + _random_part(is_test)
    key = ApiKey(
        client_id=client_id,
        name=name,
        scopes=sorted(set(scopes)),
        prefix=secret[: TEST_PREFIX_LENGTH if is_test else PREFIX_LENGTH],
        is_test=is_test,
        digest=compute_key_digest(secret),
        created_at=at,
        expires_at=expires_at,
    )
    key.full_clean()
    save_tracked(key, actor=actor, reason=reason, at=at)
    facts = {"key": str(key.id), "scopes": list(key.scopes), "expires_at": expires_at.isoformat()}
    record_entry("api_key.issued", client_id=client_id, facts=facts, actor=actor, at=at)
    return key, secret


def _random_part(is_test: bool) -> str:  # noqa: FBT001 -- the only argument
    """Return 256 random bits as text; a live key never starts like a test key."""
    while True:
        part = secrets.token_urlsafe(32)
        if is_test or not f"{KEY_MARK}{part}".startswith(TEST_KEY_PREFIX):
            return part


def _refuse_third_key(client_id: UUID, name: str, at: datetime) -> None:
    """Serialize issuing keys of one name, and raise TooManyLiveKeys if two valid ones exist."""
    advisory_lock(f"api_key/{client_id}/{name}")
    live_keys = ApiKey.objects.filter(client_id=client_id, name=name, revoked_at=None, expires_at__gt=at)
    if live_keys.count() >= LIVE_KEYS_OF_A_NAME:
        raise TooManyLiveKeys({"name": ["Two live keys have this name. Revoke one of them first."]})


@transaction.atomic
def rotate_api_key(
    key: ApiKey,
    *,
    overlap: timedelta = ROTATION_OVERLAP,
    actor: Actor,
    reason: Reason | str = Reason.KEY_ROTATION,
    at: datetime,
) -> tuple[ApiKey, str]:
    """Issue a successor with the same name, scopes and validity period; the old key ends after ``overlap``.

    Returns the successor and its secret. The old key's own expiry is never extended, and ``overlap`` is at most 30
    days. Raises TooManyLiveKeys during an earlier rotation, KeyNotLive, ValidationError, NotAllowed.
    """
    require(actor, Capability.MANAGE_API_KEYS, key.client_id)
    if not timedelta() < overlap <= MAX_ROTATION_OVERLAP:
        raise ValidationError({"overlap": [f"Choose a time within {MAX_ROTATION_OVERLAP.days} days."]})
    key = ApiKey.objects.select_for_update().get(id=key.id, client_id=key.client_id)
    if not key.is_live(at):
        raise KeyNotLive
    successor, secret = issue_api_key(
        key.client_id,
        name=key.name,
        scopes=list(key.scopes),
        expires_at=at + (key.expires_at - key.created_at),
        actor=actor,
        reason=reason,
        at=at,
    )
    key.expires_at = min(key.expires_at, at + overlap)
    key.full_clean()
    save_tracked(key, actor=actor, reason=reason, at=at)
    facts = {"key": str(key.id), "successor": str(successor.id), "ends_at": key.expires_at.isoformat()}
    record_entry("api_key.rotated", client_id=key.client_id, facts=facts, actor=actor, at=at)
    return successor, secret


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: Actor, reason: Reason | str, at: datetime) -> ApiKey:
    """Revoke a key immediately: the next call with it is refused.

    Raises AlreadyRevoked, NotAllowed.
    """
    require(actor, Capability.MANAGE_API_KEYS, key.client_id)
    key = ApiKey.objects.select_for_update().get(id=key.id)
    if key.revoked_at is not None:
        raise AlreadyRevoked
    key.revoked_at = at
    save_tracked(key, actor=actor, reason=reason, at=at)
    record_entry("api_key.revoked", client_id=key.client_id, facts={"key": str(key.id)}, actor=actor, at=at)
    return key
