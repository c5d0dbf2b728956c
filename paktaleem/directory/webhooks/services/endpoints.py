"""Add, change, disable, enable and remove endpoints; rotate their secrets (Standard Webhooks 1.0)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.webhooks.events import EventUnknown, check_patterns, patterns
from paktaleem.directory.webhooks.models import DisabledBecause, Endpoint, EndpointHealth
from paktaleem.directory.webhooks.secrets import add_secret, end_previous_secrets
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.http_client.destinations import DestinationRefused, parse_destination
from paktaleem.foundation.tenancy.locks import advisory_lock

MOST_ENDPOINTS = 20
"""Maximum number of endpoints of one client."""


class TooManyEndpoints(ValidationError):
    """The client has the maximum number of endpoints."""


class AlreadyRemoved(PortalError):
    """The endpoint was already removed: it can no longer be changed."""

    console_message = "It has already been removed: add it again."


@transaction.atomic
def add_endpoint(
    client_id: UUID,
    *,
    url: str,
    events: list[str],
    name: str = "",
    actor: Actor,
    reason: Reason | str = Reason.ONBOARDING,
    at: datetime,
) -> tuple[Endpoint, str]:
    """Add an endpoint; return it and its secret (``whsec_…``), which is shown only once.

    Raises ValidationError naming ``url`` or ``events``, TooManyEndpoints, NotAllowed.
    """
    require(actor, Capability.MANAGE_WEBHOOKS, client_id)
    advisory_lock(f"webhooks/{client_id}")
    if Endpoint.objects.filter(client_id=client_id, removed_at=None).count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints({"url": [f"A client has at most {MOST_ENDPOINTS} webhooks: remove one first."]})
    endpoint = Endpoint(client_id=client_id, name=name, url=url, events=events, created_at=at)
    _check(endpoint)
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    EndpointHealth.objects.create(client_id=client_id, endpoint=endpoint)
    secret = add_secret(endpoint, at=at)
    _record("webhook.added", endpoint, actor, at, events=endpoint.events)
    return endpoint, secret


@transaction.atomic
def change_endpoint(endpoint: Endpoint, *, actor: Actor, reason: Reason | str, at: datetime) -> Endpoint:
    """Save a changed URL, events or name. Raises AlreadyRemoved, ValidationError, NotAllowed."""
    before = _locked(endpoint, actor)
    _check(endpoint)
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    _record("webhook.changed", endpoint, actor, at, events=endpoint.events, moved=before.url != endpoint.url)
    return endpoint


@transaction.atomic
def rotate_secret(
    endpoint: Endpoint, *, overlap: timedelta | None = None, actor: Actor, reason: Reason | str, at: datetime
) -> str:
    """Create and return a new secret; messages are signed with both until the old one ends after ``overlap``.

    The default is WEBHOOK_SECRET_OVERLAP. Receivers accept either signature (Standard Webhooks 1.0). Raises
    AlreadyRemoved, NotAllowed.
    """
    endpoint = _locked(endpoint, actor)
    ends_at = at + (settings.WEBHOOK_SECRET_OVERLAP if overlap is None else overlap)
    end_previous_secrets(endpoint, ends_at=ends_at, at=at)
    secret = add_secret(endpoint, at=at)
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    _record("webhook.secret_rotated", endpoint, actor, at, old_ends_at=ends_at.isoformat())
    return secret


@transaction.atomic
def disable_endpoint(
    endpoint: Endpoint,
    *,
    because: DisabledBecause = DisabledBecause.BY_HAND,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> Endpoint:
    """Stop sending to an endpoint; waiting messages keep waiting. Idempotent. Raises AlreadyRemoved, NotAllowed."""
    endpoint = _locked(endpoint, actor)
    if endpoint.disabled_at is not None:
        return endpoint
    endpoint.disabled_at, endpoint.disabled_because = at, because
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    _record("webhook.disabled", endpoint, actor, at, because=str(because))
    return endpoint


@transaction.atomic
def enable_endpoint(endpoint: Endpoint, *, actor: Actor, reason: Reason | str, at: datetime) -> Endpoint:
    """Send to an endpoint again, waiting messages first. Idempotent. Raises AlreadyRemoved, NotAllowed."""
    endpoint = _locked(endpoint, actor)
    if endpoint.disabled_at is None:
        return endpoint
    endpoint.disabled_at, endpoint.disabled_because = None, ""
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    EndpointHealth.objects.filter(client_id=endpoint.client_id, endpoint=endpoint).update(
        rests_until=None, failures=0, failing_since=None
    )
    _record("webhook.enabled", endpoint, actor, at)
    return endpoint


@transaction.atomic
def remove_endpoint(endpoint: Endpoint, *, actor: Actor, reason: Reason | str, at: datetime) -> Endpoint:
    """Remove an endpoint permanently; its log is kept. Idempotent. Raises NotAllowed."""
    require(actor, Capability.MANAGE_WEBHOOKS, endpoint.client_id)
    endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk, client_id=endpoint.client_id)
    if endpoint.removed_at is not None:
        return endpoint
    endpoint.removed_at = at
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    _record("webhook.removed", endpoint, actor, at)
    return endpoint


def _locked(endpoint: Endpoint, actor: Actor) -> Endpoint:
    require(actor, Capability.MANAGE_WEBHOOKS, endpoint.client_id)
    found: Endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk, client_id=endpoint.client_id)
    if found.removed_at is not None:
        raise AlreadyRemoved
    return found


REFUSALS = (
    gettext_noop("Use at most 2,000 plain characters; write other scripts as punycode."),
    gettext_noop("Use a URL such as https://lms.example/hooks."),
    gettext_noop("Leave out user names, passwords and fragments."),
    gettext_noop("Use https."),
    gettext_noop("Use port 443 or 8443."),
    gettext_noop("Use a public IP address."),
    gettext_noop("Use a full host name, such as lms.example, without a dot at its end."),
    gettext_noop("Use a name in the public DNS."),
)
"""Messages of ``outbound.destinations``, which does not import Django, listed for translation."""


def _check(endpoint: Endpoint) -> None:
    """Validate the URL and the events. Raises ValidationError."""
    try:
        endpoint.events = check_patterns(endpoint.events)
    except EventUnknown as error:
        raise ValidationError({"events": [f"There is no event {error}. Allowed: {', '.join(patterns())}."]}) from error
    try:
        parse_destination(endpoint.url, allowed=settings.WEBHOOKS_ALLOWED)
    except DestinationRefused as error:
        raise ValidationError({"url": [gettext(str(error))]}) from error
    endpoint.full_clean()


def _record(kind: str, endpoint: Endpoint, actor: Actor, at: datetime, **facts: Any) -> None:
    record_entry(kind, client_id=endpoint.client_id, facts={"webhook": str(endpoint.pk), **facts}, actor=actor, at=at)
