"""Services for API keys; also the names of the services for clients and staff."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, refuse_if
from paktaleem.foundation.accounts.leaving import write_key_revocation
from paktaleem.foundation.accounts.models import TEST_KEY_PREFIX, ApiKey, Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.staff_accounts import Stamp
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import advisory_lock

KEY_MARK = "ptk_"
PREFIX_LENGTH, TEST_PREFIX_LENGTH = 12, 16
LIVE_KEYS_OF_A_NAME = 2
"""The old and the new key of one system, during rotation."""
ROTATION_OVERLAP = timedelta(days=7)
"""Default overlap during which the old key stays valid."""
MAX_ROTATION_OVERLAP = timedelta(days=30)
"""Longest overlap: two valid keys of one system double the risk."""


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
    """Issue a key; return it and its secret, shown once and not stored. Raises ValidationError, NotAllowed."""
    require(actor, Capability.ADMINISTER_CLIENT, client_id)
    advisory_lock(f"api_key/{client_id}/{name}")
    live_keys = ApiKey.objects.filter(client_id=client_id, name=name, revoked_at=None, expires_at__gt=at)
    if live_keys.count() >= LIVE_KEYS_OF_A_NAME:
        raise ValidationError({"name": ["Two live keys have this name. Revoke one of them first."]})
    is_test = Client.objects.filter(id=client_id, is_sandbox=True).exists()
    mark = TEST_KEY_PREFIX if is_test else KEY_MARK
    secret = mark + secrets.token_urlsafe(32)
    while secret.startswith(TEST_KEY_PREFIX) and not is_test:  # a live key never starts like a test key
        secret = mark + secrets.token_urlsafe(32)
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
    days. Raises ValidationError, also during an earlier rotation, NotAllowed, and Refused for a key that is not valid.
    """
    require(actor, Capability.ADMINISTER_CLIENT, key.client_id)
    if not timedelta() < overlap <= MAX_ROTATION_OVERLAP:
        raise ValidationError({"overlap": [f"Choose a time within {MAX_ROTATION_OVERLAP.days} days."]})
    key = ApiKey.objects.select_for_update().get(id=key.id, client_id=key.client_id)
    if not key.is_live(at):
        raise Refused(_("The key is no longer valid. Issue a new one."))
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
def narrow_api_key(key: ApiKey, *, scopes: Iterable[str], actor: Actor, reason: Reason | str, at: datetime) -> ApiKey:
    """Take scopes from a key; it never gains one. Raises ValueError, Refused for a revoked key, NotAllowed."""
    require(actor, Capability.ADMINISTER_CLIENT, key.client_id)
    key = ApiKey.objects.select_for_update().get(id=key.id)
    if key.revoked_at is not None:
        raise Refused(_("The key is already revoked."))
    kept = sorted(set(scopes))
    if not set(kept) <= set(key.scopes):
        raise ValueError("A key never gains a scope.")
    key.scopes = kept
    save_tracked(key, actor=actor, reason=reason, at=at)
    facts = {"key": str(key.id), "scopes": kept}
    record_entry("api_key.narrowed", client_id=key.client_id, facts=facts, actor=actor, at=at)
    return key


@act(
    "revoke",
    "Revoke key",
    Capability.ADMINISTER_CLIENT,
    lead="The next call with this key is refused. This cannot be undone.",
    done="The key is revoked. The next call with it is refused.",
    danger=True,
    wall_clock=True,
    check=refuse_if(lambda row: row.revoked_at is not None, gettext_lazy("The key is already revoked.")),
)
def revoke_api_key(key: ApiKey, *, actor: Actor, reason: Reason | str, at: datetime) -> ApiKey:
    """Revoke a key: the next call with it is refused. Raises Refused for a revoked key, NotAllowed."""
    write_key_revocation(key, Stamp(actor, reason, at, ()))
    return key
