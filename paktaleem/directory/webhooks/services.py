"""Services for webhooks: endpoints and their secrets, sending, replaying, purging.

Between taking and recording, a lease keeps other workers away, and expires if this one dies. Unrecorded messages are
then sent again with the same ids.
"""

# Attempts are not evidence: the ledger proves what happened, so old messages and attempts are deleted.

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from paktaleem.directory.webhooks.events import TEST, EventUnknown, check_patterns, is_subscribed, patterns
from paktaleem.directory.webhooks.models import (
    Attempt,
    AttemptError,
    Delivery,
    DeliveryState,
    DisabledBecause,
    Endpoint,
    EndpointHealth,
    EndpointSecret,
    Message,
)
from paktaleem.directory.webhooks.schedule import LIFE, Outcome, Verdict, back_off_after, classify_response, retry_wait
from paktaleem.directory.webhooks.signing import new_secret
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import act, as_given, lock_row
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_client_clock, wall_clock_now
from paktaleem.foundation.encryption.wrapped_secrets import WrappedSecrets
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.context import advisory_lock, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, SqlValues
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_cutoff
from paktaleem.foundation.web.http_client.destinations import DestinationRefused, parse_destination

MOST_ENDPOINTS = 20
"""Maximum number of endpoints of one client."""
_SECRETS = WrappedSecrets(EndpointSecret, "endpoint_id", b"webhook")
ENDPOINT_SECRETS = _SECRETS.kind


class AlreadyRemoved(PortalError):
    """The endpoint was already removed: it can no longer be changed."""

    console_message = "It has already been removed: add it again."


class NothingToReplay(PortalError):
    """The endpoint is disabled or removed, so nothing can be sent to it."""

    problem = Problem(
        "webhook-disabled", "This webhook is switched off", "POST /api/v1/webhooks/{id}/enable switches it on again."
    )
    console_message = "It is switched off: switch it on first."


def live_secrets(endpoint: Endpoint, *, at: datetime) -> list[str]:
    """Return the secrets with which messages are signed now, newest first. Raises KeyError, InvalidTag."""
    live = Q(starts_at__lte=at) & (Q(ends_at=None) | Q(ends_at__gt=at))
    rows = EndpointSecret.objects.filter(live, client_id=endpoint.client_id, endpoint=endpoint).order_by("-starts_at")
    return [_SECRETS.open(row) for row in rows]


def _add_secret(endpoint: Endpoint, at: datetime) -> str:
    secret = new_secret()
    _SECRETS.add(endpoint.client_id, endpoint.pk, secret, starts_at=at)
    return secret


def _require_present(endpoint: Endpoint, _actor: Actor, _at: datetime) -> None:
    if endpoint.removed_at is not None:
        raise AlreadyRemoved


def _require_enabled(endpoint: Endpoint, _actor: Actor, _at: datetime) -> None:
    if not endpoint.is_enabled:
        raise NothingToReplay


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
    """Add an endpoint; return it and its secret, which is shown only once. Raises ValidationError, NotAllowed."""
    require(actor, Capability.MANAGE_WEBHOOKS, client_id)
    advisory_lock(f"webhooks/{client_id}")
    if Endpoint.objects.filter(client_id=client_id, removed_at=None).count() >= MOST_ENDPOINTS:
        raise ValidationError({"url": [f"A client has at most {MOST_ENDPOINTS} webhooks: remove one first."]})
    endpoint = Endpoint(client_id=client_id, name=name, url=url, events=events, created_at=at)
    _check(endpoint)
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    EndpointHealth.objects.create(client_id=client_id, endpoint=endpoint)
    secret = _add_secret(endpoint, at)
    _record("webhook.added", endpoint, actor, at, events=endpoint.events)
    return endpoint, secret


@transaction.atomic
def change_endpoint(endpoint: Endpoint, *, actor: Actor, reason: Reason | str, at: datetime) -> Endpoint:
    """Save a changed URL, events or name. Raises AlreadyRemoved, ValidationError, NotAllowed."""
    require(actor, Capability.MANAGE_WEBHOOKS, endpoint.client_id)
    before = lock_row(endpoint)
    _require_present(before, actor, at)
    _check(endpoint)
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    _record("webhook.changed", endpoint, actor, at, events=endpoint.events, moved=before.url != endpoint.url)
    return endpoint


@act(
    "rotate",
    "Replace secret",
    Capability.MANAGE_WEBHOOKS,
    lead="A new secret is shown once. Messages are signed with both for a day, so the system can change over.",
    check=_require_present,
    wall_clock=True,
)
def rotate_secret(endpoint: Endpoint, *, actor: Actor, reason: Reason | str, at: datetime) -> str:
    """Create and return a new secret; messages are signed with both for WEBHOOK_SECRET_OVERLAP.

    Receivers accept either signature (Standard Webhooks 1.0). Raises AlreadyRemoved, NotAllowed.
    """
    ends_at = at + settings.WEBHOOK_SECRET_OVERLAP
    earlier = EndpointSecret.objects.filter(client_id=endpoint.client_id, endpoint=endpoint, starts_at__lt=at)
    earlier.filter(ends_at__gt=at).update(ends_at=at)
    earlier.filter(ends_at=None).update(ends_at=ends_at)
    secret = _add_secret(endpoint, at)
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    _record("webhook.secret_rotated", endpoint, actor, at, old_ends_at=ends_at.isoformat())
    return secret


@act(
    "disable",
    "Switch off",
    Capability.MANAGE_WEBHOOKS,
    lead="Nothing is sent there until it is switched on again; events in the meantime are stored.",
    done="It is switched off.",
    check=_require_present,
    wall_clock=True,
)
def disable_endpoint(
    endpoint: Endpoint, *, because: str = DisabledBecause.BY_HAND, actor: Actor, reason: Reason | str, at: datetime
) -> Endpoint:
    """Stop sending to an endpoint; waiting messages keep waiting. Idempotent. Raises AlreadyRemoved, NotAllowed."""
    if endpoint.disabled_at is not None:
        return endpoint
    endpoint.disabled_at, endpoint.disabled_because = at, because
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    _record("webhook.disabled", endpoint, actor, at, because=str(because))
    return endpoint


@act(
    "enable",
    "Switch on",
    Capability.MANAGE_WEBHOOKS,
    lead="Waiting messages are sent now. To send events from while it was off, use “Send again”.",
    done="It is switched on.",
    check=_require_present,
    wall_clock=True,
)
def enable_endpoint(endpoint: Endpoint, *, actor: Actor, reason: Reason | str, at: datetime) -> Endpoint:
    """Send to an endpoint again, waiting messages first. Idempotent. Raises AlreadyRemoved, NotAllowed."""
    if endpoint.disabled_at is None:
        return endpoint
    endpoint.disabled_at, endpoint.disabled_because = None, ""
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    EndpointHealth.objects.filter(client_id=endpoint.client_id, endpoint=endpoint).update(
        rests_until=None, failures=0, failing_since=None
    )
    _record("webhook.enabled", endpoint, actor, at)
    return endpoint


@act(
    "remove",
    "Remove",
    Capability.MANAGE_WEBHOOKS,
    lead="Nothing is sent there any more. Its log is kept.",
    done="It is removed.",
    danger=True,
    wall_clock=True,
)
def remove_endpoint(endpoint: Endpoint, *, actor: Actor, reason: Reason | str, at: datetime) -> Endpoint:
    """Remove an endpoint permanently; its log is kept. Idempotent. Raises NotAllowed."""
    if endpoint.removed_at is not None:
        return endpoint
    endpoint.removed_at = at
    save_tracked(endpoint, actor=actor, reason=reason, at=at)
    _record("webhook.removed", endpoint, actor, at)
    return endpoint


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
    try:
        endpoint.events = check_patterns(endpoint.events)
    except EventUnknown as error:
        raise ValidationError({"events": [f"There is no event {error}. Allowed: {', '.join(patterns())}."]}) from error
    try:
        parse_destination(endpoint.url, allowed=settings.WEBHOOKS_ALLOWED)
    except DestinationRefused as error:
        raise ValidationError({"url": [gettext(str(error))]}) from error
    endpoint.full_clean()


def _record(kind: str, endpoint: Endpoint, actor: Actor, at: datetime, **facts: object) -> None:
    record_entry(kind, client_id=endpoint.client_id, facts={"webhook": str(endpoint.pk), **facts}, actor=actor, at=at)


LEASE = timedelta(minutes=2)
"""Longer than a batch may take: each exchange has its own time limit."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One delivery to be tried: the message's id and its exact bytes."""

    delivery_id: UUID
    message_id: UUID
    body: bytes


@dataclass(frozen=True, slots=True)
class DeliveryBatch:
    """One batch for one endpoint: URL, secrets and due messages."""

    client_id: UUID
    endpoint_id: UUID
    url: str
    secrets: tuple[str, ...]
    sendings: tuple[Sending, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """Result of one attempt: a status, or the code of the error if there was no response."""

    delivery_id: UUID
    started_at: datetime
    milliseconds: int
    status: int | None = None
    error: str = ""
    retry_after: str = ""

    def verdict(self, at: datetime) -> Verdict:
        """Classify the result."""
        return Verdict(Outcome.FAILED) if self.status is None else classify_response(self.status, self.retry_after, at)


def payload(message: Message) -> bytes:
    """Return a message as sent, the same bytes at every attempt: type, time and ids."""
    data = {"id": str(message.entry_id) if message.entry_id else None, **message.data}
    data["subject_id"] = str(message.subject_id) if message.subject_id else None
    content = {"type": message.type, "timestamp": message.happened_at.astimezone(UTC).isoformat(), "data": data}
    return json.dumps(content, separators=(",", ":"), sort_keys=True).encode()


@transaction.atomic
def begin_batch(client_id: UUID, endpoint_id: UUID, *, most: int, at: datetime) -> DeliveryBatch | None:
    """Lease an endpoint, in its client's context, for a batch; None if leased, backing off, or nothing is due.

    An endpoint that failed last time gets one message, as a test. Raises KeyError or InvalidTag if its secret is lost.
    """
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    rested = Q(rests_until=None) | Q(rests_until__lte=at)
    rows = EndpointHealth.objects.select_for_update(skip_locked=True)
    health = rows.filter(free, rested, client_id=client_id, endpoint_id=endpoint_id).first()
    endpoint = Endpoint.objects.filter(client_id=client_id, pk=endpoint_id).first()
    if health is None or endpoint is None or not endpoint.is_enabled:
        return None
    due = Delivery.objects.filter(
        client_id=client_id, endpoint_id=endpoint_id, state=DeliveryState.WAITING, due_at__lte=at
    ).select_related("message")
    sendings = tuple(
        Sending(row.pk, row.message_id, payload(row.message))
        for row in due.order_by("due_at")[: 1 if health.failures else most]
    )
    if not sendings:
        return None
    EndpointHealth.objects.filter(client_id=client_id, pk=endpoint_id).update(leased_until=at + LEASE)
    return DeliveryBatch(client_id, endpoint_id, endpoint.url, tuple(live_secrets(endpoint, at=at)), sendings)


def release_batch(batch: DeliveryBatch) -> None:
    """Release the lease."""
    with in_client(batch.client_id):
        EndpointHealth.objects.filter(client_id=batch.client_id, pk=batch.endpoint_id).update(leased_until=None)


@transaction.atomic
def record_results(batch: DeliveryBatch, results: Sequence[Result], *, actor: Actor, at: datetime) -> Endpoint | None:
    """Record the results in the client's context, and release the lease; return the endpoint if it is disabled now.

    That is if it answered 410, or a message was given up and nothing was accepted since that message was queued.
    """
    Attempt.objects.bulk_create(
        Attempt(
            client_id=batch.client_id,
            delivery_id=result.delivery_id,
            started_at=result.started_at,
            milliseconds=result.milliseconds,
            status=result.status,
            error=AttemptError(result.error) if result.error else "",
        )
        for result in results
    )
    verdicts = {result.delivery_id: result.verdict(at) for result in results}
    waiting = Delivery.objects.filter(client_id=batch.client_id, state=DeliveryState.WAITING)
    delivered = [pk for pk, verdict in verdicts.items() if verdict.outcome is Outcome.DELIVERED]
    waiting.filter(pk__in=delivered).update(state=DeliveryState.DELIVERED, attempts=F("attempts") + 1, done_at=at)
    rows = waiting.select_for_update(of=("self",)).filter(pk__in=verdicts.keys() - set(delivered))
    changed = [_update_undelivered(row, verdicts[row.pk], at) for row in rows]
    Delivery.objects.bulk_update(changed, ["state", "attempts", "due_at", "done_at"])
    health = _update_health(batch, results, list(verdicts.values()), at)
    gone = any(verdict.outcome is Outcome.GONE for verdict in verdicts.values())
    answered_at = health.answered_at
    given_up = [row for row in changed if row.state == DeliveryState.FAILED]
    is_dead = any(answered_at is None or answered_at < row.queued_at for row in given_up)
    endpoint = Endpoint.objects.get(client_id=batch.client_id, pk=batch.endpoint_id) if gone or is_dead else None
    if endpoint is None or not endpoint.is_enabled:
        return None
    because = DisabledBecause.GONE if gone else DisabledBecause.FAILING
    return disable_endpoint(endpoint, because=because, actor=actor, reason=Reason.INCIDENT, at=at)


def _update_undelivered(row: Delivery, verdict: Verdict, at: datetime) -> Delivery:
    is_late = at - row.queued_at > LIFE
    if verdict.outcome is Outcome.THROTTLED and not is_late:  # does not count as an attempt until LIFE has passed
        row.due_at = at + verdict.wish
        return row
    row.attempts += 1
    wait = None if is_late else retry_wait(row.attempts, chance=random.random())  # noqa: S311 -- spreads the load
    if wait is None:
        row.state, row.done_at = DeliveryState.FAILED, at
    else:
        row.due_at = at + max(wait, verdict.wish)
    return row


def _update_health(
    batch: DeliveryBatch, results: Sequence[Result], verdicts: Sequence[Verdict], at: datetime
) -> EndpointHealth:
    health = EndpointHealth.objects.select_for_update().get(client_id=batch.client_id, pk=batch.endpoint_id)
    wish = max(verdict.wish for verdict in verdicts)
    health.leased_until = None
    if any(verdict.outcome is Outcome.DELIVERED for verdict in verdicts):
        health.failures, health.failing_since, health.answered_at = 0, None, at
        health.rests_until = at + wish if wish else None
    else:
        health.failures += 1
        health.failing_since = health.failing_since or min(result.started_at for result in results)
        chance = random.random()  # noqa: S311 -- spreads the load, guards nothing
        health.rests_until = at + back_off_after(health.failures, wish=wish, chance=chance)
    health.save()
    return health


@act(
    "test",
    "Send a test",
    Capability.MANAGE_WEBHOOKS,
    lead="One message without personal data is sent to this address. Its delivery is shown below.",
    done="It is on its way.",
    check=_require_enabled,
    wall_clock=True,
    lock=as_given,
)
def send_test(endpoint: Endpoint, *, actor: Actor, at: datetime) -> Delivery:
    """Send ``webhook.test``, regardless of the endpoint's subscription. Raises NothingToReplay, NotAllowed."""
    del actor  # the act has checked them
    message = Message.objects.create(
        client_id=endpoint.client_id, type=TEST, data={"webhook": str(endpoint.pk)}, happened_at=at
    )
    return Delivery.objects.create(
        client_id=endpoint.client_id, endpoint=endpoint, message=message, queued_at=at, due_at=at
    )


@act(
    "replay",
    "Send again",
    Capability.MANAGE_WEBHOOKS,
    lead="It is sent with its original id, so that a system that already has it can detect this.",
    done="It is on its way.",
    check=lambda delivery, actor, at: _require_enabled(delivery.endpoint, actor, at),
    wall_clock=True,
)
def replay_delivery(delivery: Delivery, *, actor: Actor, reason: Reason | str, at: datetime) -> Delivery:
    """Send one message again with its original id, from the first attempt. Raises NothingToReplay, NotAllowed."""
    delivery.state, delivery.attempts, delivery.done_at = DeliveryState.WAITING, 0, None
    delivery.queued_at = delivery.due_at = at
    delivery.save(update_fields=["state", "attempts", "queued_at", "due_at", "done_at"])
    facts = {"webhook": str(delivery.endpoint_id), "message": str(delivery.message_id), "reason": Reason(reason).value}
    record_entry("webhook.replayed", client_id=delivery.client_id, facts=facts, actor=actor, at=at)
    return delivery


_MISSED = """
INSERT INTO webhooks_delivery (id, client_id, endpoint_id, message_id, state, attempts, queued_at, due_at)
SELECT webhooks_new_id(), m.client_id, %(endpoint)s, m.id, 'waiting', 0, %(at)s, %(at)s
FROM webhooks_message m
WHERE m.client_id = %(client)s AND m.happened_at >= %(since)s AND m.happened_at < %(until)s
    AND ARRAY[m.type, split_part(m.type, '.', 1) || '.*']::text[] && %(events)s::text[]
ON CONFLICT (client_id, message_id, endpoint_id) DO UPDATE
    SET state = 'waiting', attempts = 0, queued_at = excluded.queued_at, due_at = excluded.due_at, done_at = NULL
    WHERE webhooks_delivery.state = 'failed'
"""


@act(
    "replay",
    "Send again",
    Capability.MANAGE_WEBHOOKS,
    lead="Sends failed messages, and events from while the webhook was switched off.",
    done="It is on its way.",
    check=_require_enabled,
    wall_clock=True,
    lock=as_given,
)
def replay_since(endpoint: Endpoint, *, since: datetime, actor: Actor, reason: Reason | str, at: datetime) -> int:
    """Send everything since a time that the endpoint subscribes to and has not accepted; return how many.

    ``since`` is on the client's clock, like the events; ``at`` is real time. Raises NothingToReplay, NotAllowed.
    """
    values: SqlValues = {
        "endpoint": endpoint.pk,
        "client": endpoint.client_id,
        "since": since,
        "until": to_client_clock(at),
        "events": list(endpoint.events),
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MISSED, values)
        count = int(cursor.rowcount)
    facts = {"webhook": str(endpoint.pk), "since": since.isoformat(), "count": count, "reason": Reason(reason).value}
    record_entry("webhook.replayed", client_id=endpoint.client_id, facts=facts, actor=actor, at=at)
    return count


AT_ONCE = 5_000
"""Maximum number of messages deleted in one transaction."""

_PURGE = """
WITH old AS (
    SELECT m.id FROM webhooks_message m
    WHERE m.client_id = %(client)s AND m.happened_at < %(happened_before)s
        AND (NOT m.is_shared OR m.spread_at IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM webhooks_delivery d
            JOIN webhooks_endpoint e ON e.client_id = d.client_id AND e.id = d.endpoint_id
            WHERE d.client_id = m.client_id AND d.message_id = m.id AND (
                d.queued_at >= %(queued_before)s OR d.state = 'waiting'
                    AND e.removed_at IS NULL AND (e.disabled_at IS NULL OR e.disabled_at >= %(queued_before)s)
            )
        )
    ORDER BY m.happened_at LIMIT %(most)s
), sent AS (
    SELECT d.id FROM webhooks_delivery d JOIN old ON d.client_id = %(client)s AND d.message_id = old.id
), attempts AS (
    DELETE FROM webhooks_attempt a USING sent WHERE a.client_id = %(client)s AND a.delivery_id = sent.id
), deliveries AS (
    DELETE FROM webhooks_delivery d USING sent WHERE d.client_id = %(client)s AND d.id = sent.id
)
DELETE FROM webhooks_message m USING old WHERE m.client_id = %(client)s AND m.id = old.id
"""


@transaction.atomic
def purge_messages(client_id: UUID, *, before: datetime, most: int = AT_ONCE) -> int:
    """Delete at most ``most`` messages from before a (real) time, with deliveries and attempts; return how many.

    Messages still waiting for delivery, sent again since, or to be copied to other clients are kept; but nothing waits
    for an endpoint that was removed, or disabled before that time. Runs in the client's context.
    """
    until: SqlValues = {"happened_before": to_client_clock(before), "queued_before": before}
    values: SqlValues = {"client": client_id, "most": most, **until}
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, values)
        return int(cursor.rowcount)


def copy_to_clients(message_id: UUID, *, client_ids: list[UUID], at: datetime) -> int:
    """Copy a shared message to each subscribed client; return to how many. Idempotent; call outside any context."""
    with in_client(PAKTALEEM):
        message = Message.objects.get(pk=message_id, client_id=PAKTALEEM)
    copied = sum(_repeat(message, client_id) for client_id in client_ids if client_id != PAKTALEEM)
    with in_client(PAKTALEEM):
        Message.objects.filter(pk=message_id, client_id=PAKTALEEM, spread_at=None).update(spread_at=at)
    return copied


def _repeat(message: Message, client_id: UUID) -> bool:
    with in_client(client_id), transaction.atomic():
        subscriptions = Endpoint.objects.filter(client_id=client_id, removed_at=None).values_list("events", flat=True)
        if not any(is_subscribed(message.type, subscription) for subscription in subscriptions):
            return False
        copy = Message(
            id=uuid5(message.pk, str(client_id)),
            client_id=client_id,
            type=message.type,
            entry_id=message.entry_id,
            data=message.data,
            happened_at=message.happened_at,
        )
        Message.objects.bulk_create([copy], ignore_conflicts=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT webhooks_deliver(ARRAY[%s]::uuid[])", [copy.pk])
    return True


MESSAGES = DataKind(
    code="webhook_messages",
    name=gettext_lazy("Webhook messages and the log of their deliveries"),
    counted_from=gettext_lazy("The event, or the last delivery"),
    disposal=Disposal.ROWS,
    bounds=Bounds(30, 1, 365),
    purge=lambda client_id, **_when: purge_messages(
        client_id, before=get_cutoff("webhook_messages", at=wall_clock_now())
    ),
)
