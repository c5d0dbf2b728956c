"""Changing who may ask: clients, staff, memberships, API keys."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from paktaleem.accounts.actors import Actor, require
from paktaleem.accounts.models import ApiKey, Client, Membership, User
from paktaleem.accounts.roles import Capability
from paktaleem.ledger.by import Reason
from paktaleem.ledger.history import save_tracked
from paktaleem.ledger.services import record_entry

__all__ = [
    "AlreadyRevoked",
    "change_client",
    "change_membership",
    "end_membership",
    "invite_user",
    "issue_api_key",
    "key_digest",
    "revoke_api_key",
]

KEY_MARK = "ptk_"
PREFIX_LENGTH = 12


class AlreadyRevoked(Exception):
    """The key had been revoked before."""


@transaction.atomic
def change_client(client: Client, *, actor: Actor, reason: Reason | str, at: datetime) -> Client:
    """Create or change a client. Raises ValidationError naming the field, NotAllowed."""
    require(actor, Capability.MANAGE_CLIENTS, client.id)
    kind = "client.registered" if client._state.adding else "client.changed"
    if client._state.adding:
        client.created_at = at
    client.full_clean()
    save_tracked(client, actor=actor, reason=reason, at=at)
    facts = {
        "code": client.code,
        "country": client.country,
        "time_zone": client.time_zone,
        "serves_minors": client.serves_minors,
        "age_threshold": client.age_threshold,
    }
    record_entry(kind, client_id=client.id, facts=facts, actor=actor, at=at)
    return client


@transaction.atomic
def invite_user(email: str, *, full_name: str, password: str | None, actor: Actor, at: datetime) -> User:
    """Create the account of a member of staff; without a password nobody can sign in until one is set."""
    require(actor, Capability.MANAGE_STAFF)
    user = User(email=email.strip(), full_name=full_name.strip(), created_at=at)
    user.set_password(password)
    user.full_clean()
    user.save(force_insert=True)
    return user


@transaction.atomic
def change_membership(membership: Membership, *, actor: Actor, reason: Reason | str, at: datetime) -> Membership:
    """Give or change a role of a user at a client; it starts now, never earlier (ASVS 8.3.2)."""
    require(actor, Capability.MANAGE_STAFF, membership.client_id)
    if membership._state.adding:
        membership.starts_at = at
    membership.full_clean()
    save_tracked(membership, actor=actor, reason=reason, at=at)
    _record_membership("membership.changed", membership, actor, at)
    return membership


@transaction.atomic
def end_membership(membership: Membership, *, actor: Actor, reason: Reason | str, at: datetime) -> Membership:
    """Take a role away, effective on the user's next request."""
    require(actor, Capability.MANAGE_STAFF, membership.client_id)
    membership.ends_at = at
    save_tracked(membership, actor=actor, reason=reason, at=at)
    _record_membership("membership.ended", membership, actor, at)
    return membership


def _record_membership(kind: str, membership: Membership, actor: Actor, at: datetime) -> None:
    facts = {"membership": str(membership.id), "user": str(membership.user_id), "role": membership.role}
    record_entry(kind, client_id=membership.client_id, facts=facts, actor=actor, at=at)


def key_digest(key: str) -> bytes:
    """Hash an API key for look-up: SHA-256 suffices, the key has 256 random bits."""
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
    """Issue a key; returns its row and the secret, which is shown this once and kept nowhere."""
    require(actor, Capability.MANAGE_API_KEYS, client_id)
    secret = KEY_MARK + secrets.token_urlsafe(32)
    key = ApiKey(
        client_id=client_id,
        name=name,
        scopes=sorted(set(scopes)),
        prefix=secret[:PREFIX_LENGTH],
        digest=key_digest(secret),
        created_at=at,
        expires_at=expires_at,
    )
    key.full_clean()
    save_tracked(key, actor=actor, reason=reason, at=at)
    facts = {"key": str(key.id), "scopes": list(key.scopes), "expires_at": expires_at.isoformat()}
    record_entry("api_key.issued", client_id=client_id, facts=facts, actor=actor, at=at)
    return key, secret


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: Actor, reason: Reason | str, at: datetime) -> ApiKey:
    """Close a key at once: the next call with it is refused. Raises AlreadyRevoked."""
    require(actor, Capability.MANAGE_API_KEYS, key.client_id)
    key = ApiKey.objects.select_for_update().get(id=key.id)
    if key.revoked_at is not None:
        raise AlreadyRevoked
    key.revoked_at = at
    save_tracked(key, actor=actor, reason=reason, at=at)
    record_entry("api_key.revoked", client_id=key.client_id, facts={"key": str(key.id)}, actor=actor, at=at)
    return key
