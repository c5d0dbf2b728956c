"""Send failed or missed messages again, and send a test message."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db import connection, transaction

from paktaleem.directory.webhooks.events import TEST
from paktaleem.directory.webhooks.models import Delivery, DeliveryState, Endpoint, Message
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_client_clock
from paktaleem.foundation.errors import PortalError, Problem


class NothingToReplay(PortalError):
    """The endpoint is disabled or removed, so nothing can be sent to it."""

    problem = Problem(
        "webhook-disabled",
        HTTPStatus.CONFLICT,
        "This webhook is switched off",
        "POST /api/v1/webhooks/{id}/enable switches it on again.",
    )
    console_message = "It is switched off: switch it on first."


@transaction.atomic
def send_test(endpoint: Endpoint, *, actor: Actor, at: datetime) -> Delivery:
    """Send ``webhook.test``, regardless of the endpoint's subscription. Raises NothingToReplay, NotAllowed."""
    _require(endpoint, actor)
    message = Message.objects.create(
        client_id=endpoint.client_id, type=TEST, data={"webhook": str(endpoint.pk)}, happened_at=at
    )
    return Delivery.objects.create(
        client_id=endpoint.client_id, endpoint=endpoint, message=message, queued_at=at, due_at=at
    )


@transaction.atomic
def replay_delivery(delivery: Delivery, *, actor: Actor, reason: Reason | str, at: datetime) -> Delivery:
    """Send one message again with its original id, starting at the first attempt.

    Raises NothingToReplay, NotAllowed.
    """
    _require(delivery.endpoint, actor)
    row: Delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk, client_id=delivery.client_id)
    row.state, row.attempts, row.queued_at, row.due_at, row.done_at = DeliveryState.WAITING, 0, at, at, None
    row.save(update_fields=["state", "attempts", "queued_at", "due_at", "done_at"])
    facts = {"webhook": str(row.endpoint_id), "message": str(row.message_id), "reason": Reason(reason).value}
    record_entry("webhook.replayed", client_id=row.client_id, facts=facts, actor=actor, at=at)
    return row


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


@transaction.atomic
def replay_since(endpoint: Endpoint, *, since: datetime, actor: Actor, reason: Reason | str, at: datetime) -> int:
    """Send everything since a time that the endpoint subscribes to and has not accepted; return how many.

    Failed messages are retried, and events from while it was disabled are sent for the first time; accepted messages
    are not sent twice. ``since`` is on the client's clock, like the events; ``at`` is real time, like the deliveries.
    Raises NothingToReplay, NotAllowed.
    """
    _require(endpoint, actor)
    values: dict[str, Any] = {
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


def _require(endpoint: Endpoint, actor: Actor) -> None:
    require(actor, Capability.MANAGE_WEBHOOKS, endpoint.client_id)
    if not endpoint.is_enabled:
        raise NothingToReplay
