"""Copy PakTaleem's shared events to every subscribed client."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction

from paktaleem.directory.webhooks.events import is_subscribed
from paktaleem.directory.webhooks.models import Endpoint, Message
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM


def copy_to_clients(message_id: UUID, *, client_ids: list[UUID], at: datetime) -> int:
    """Copy a shared message to each subscribed client; return to how many. Call outside any tenant context.

    The id of each client's copy is derived from both ids, so that repeating this after a crash adds nothing.
    """
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
        copy: dict[str, Any] = {
            "id": uuid5(message.pk, str(client_id)),
            "client_id": client_id,
            "type": message.type,
            "entry_id": message.entry_id,
            "data": message.data,
            "happened_at": message.happened_at,
        }
        Message.objects.bulk_create([Message(**copy)], ignore_conflicts=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT webhooks_deliver(ARRAY[%s]::uuid[])", [copy["id"]])
    return True
