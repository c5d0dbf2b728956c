"""One worker's batch for one endpoint: take due messages, send them outside any transaction, record the results.

Between taking and recording, nothing is locked and no transaction is open: a lease keeps other workers away, and
expires if this one dies. Unrecorded messages are then sent again with the same ids.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from paktaleem.directory.webhooks.models import (
    Attempt,
    AttemptError,
    Delivery,
    DeliveryState,
    DisabledBecause,
    Endpoint,
    EndpointHealth,
    Message,
)
from paktaleem.directory.webhooks.schedule import LIFE, Outcome, Verdict, back_off_after, classify_response, retry_wait
from paktaleem.directory.webhooks.secrets import live_secrets
from paktaleem.directory.webhooks.services.endpoints import disable_endpoint
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason

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
    """One batch for one endpoint: URL, secrets and due messages. ``is_probe``: the endpoint failed last time."""

    client_id: UUID
    endpoint_id: UUID
    url: str
    secrets: tuple[str, ...]
    sendings: tuple[Sending, ...]
    is_probe: bool


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
    """Lease an endpoint, in its client's context; None if leased, backing off, or nothing is due.

    A batch has at most ``most`` messages. An endpoint that failed last time gets one, to test whether it is available
    again. Raises KeyError or InvalidTag if the endpoint's secret cannot be decrypted.
    """
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    rested = Q(rests_until=None) | Q(rests_until__lte=at)
    health = (
        EndpointHealth.objects.select_for_update(skip_locked=True)
        .filter(free, rested, client_id=client_id, endpoint_id=endpoint_id)
        .first()
    )
    endpoint = Endpoint.objects.filter(client_id=client_id, pk=endpoint_id).first()
    if health is None or endpoint is None or not endpoint.is_enabled:
        return None
    is_probe = health.failures > 0
    due = Delivery.objects.filter(
        client_id=client_id, endpoint_id=endpoint_id, state=DeliveryState.WAITING, due_at__lte=at
    ).select_related("message")
    rows = list(due.order_by("due_at")[: 1 if is_probe else most])
    if not rows:
        return None
    EndpointHealth.objects.filter(client_id=client_id, pk=endpoint_id).update(leased_until=at + LEASE)
    sendings = tuple(Sending(row.pk, row.message_id, payload(row.message)) for row in rows)
    secrets = tuple(live_secrets(endpoint, at=at))
    return DeliveryBatch(client_id, endpoint_id, endpoint.url, secrets, sendings, is_probe)


def release_batch(batch: DeliveryBatch) -> None:
    """Release the lease, in the client's context."""
    EndpointHealth.objects.filter(client_id=batch.client_id, pk=batch.endpoint_id).update(leased_until=None)


@transaction.atomic
def record_results(batch: DeliveryBatch, results: Sequence[Result], *, actor: Actor, at: datetime) -> Endpoint | None:
    """Record the results in the client's context, and release the lease.

    Returns the endpoint if it was disabled now, so that its client is notified: it answered 410, or a message was given
    up and nothing was accepted since that message was queued.
    """
    _write_attempts(batch, results)
    verdicts = {result.delivery_id: result.verdict(at) for result in results}
    waiting = Delivery.objects.filter(client_id=batch.client_id, state=DeliveryState.WAITING)
    delivered = [pk for pk, verdict in verdicts.items() if verdict.outcome is Outcome.DELIVERED]
    waiting.filter(pk__in=delivered).update(state=DeliveryState.DELIVERED, attempts=F("attempts") + 1, done_at=at)
    rows = waiting.select_for_update(of=("self",)).filter(pk__in=verdicts.keys() - set(delivered))
    changed = [_update_undelivered(row, verdicts[row.pk], at) for row in rows]
    Delivery.objects.bulk_update(changed, ["state", "attempts", "due_at", "done_at"])
    health = _update_health(batch, results, list(verdicts.values()), at)
    gone = any(verdict.outcome is Outcome.GONE for verdict in verdicts.values())
    if not gone and not any(_is_dead(row, health) for row in changed):
        return None
    endpoint = Endpoint.objects.get(client_id=batch.client_id, pk=batch.endpoint_id)
    if not endpoint.is_enabled:
        return None
    because = DisabledBecause.GONE if gone else DisabledBecause.FAILING
    return disable_endpoint(endpoint, because=because, actor=actor, reason=Reason.INCIDENT, at=at)


def _write_attempts(batch: DeliveryBatch, results: Sequence[Result]) -> None:
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


def _update_undelivered(row: Delivery, verdict: Verdict, at: datetime) -> Delivery:
    """Update a delivery after a failed attempt. Throttling does not count as an attempt until LIFE has passed."""
    is_late = at - row.queued_at > LIFE
    if verdict.outcome is Outcome.THROTTLED and not is_late:
        row.due_at = at + verdict.wish
        return row
    row.attempts += 1
    wait = None if is_late else retry_wait(row.attempts, chance=random.random())  # noqa: S311 -- spreads the load
    if wait is None:
        row.state, row.done_at = DeliveryState.FAILED, at
    else:
        row.due_at = at + max(wait, verdict.wish)
    return row


def _is_dead(row: Delivery, health: EndpointHealth) -> bool:
    """Return True if the message was given up and the receiver accepted nothing since it was queued."""
    return row.state == DeliveryState.FAILED and (health.answered_at is None or health.answered_at < row.queued_at)


def _update_health(
    batch: DeliveryBatch, results: Sequence[Result], verdicts: Sequence[Verdict], at: datetime
) -> EndpointHealth:
    """Update and return the endpoint's health; after a success it is healthy, but may ask for a pause."""
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
