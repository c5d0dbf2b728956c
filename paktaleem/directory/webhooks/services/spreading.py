"""What PakTaleem changes for everyone is told at every client that asked to hear it."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction

from paktaleem.directory.webhooks.events import is_subscribed
from paktaleem.directory.webhooks.models import Endpoint, Message
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["spread_message"]


def spread_message(message_id: UUID, *, client_ids: list[UUID], at: datetime) -> int:
    """Repeat a shared message at each client that listens for it; returns at how many. Outside any context.

    Each client's copy has an id made of both, so doing it again, after a crash in the middle, adds nothing.
    """
    with in_client(PAKTALEEM):
        message = Message.objects.get(pk=message_id, client_id=PAKTALEEM)
    told = sum(_repeat(message, client_id) for client_id in client_ids if client_id != PAKTALEEM)
    with in_client(PAKTALEEM):
        Message.objects.filter(pk=message_id, client_id=PAKTALEEM, spread_at=None).update(spread_at=at)
    return told


def _repeat(message: Message, client_id: UUID) -> bool:
    with in_client(client_id), transaction.atomic():
        subscriptions = Endpoint.objects.filter(client_id=client_id, removed_at=None).values_list("events", flat=True)
        if not any(is_subscribed(message.type, asked) for asked in subscriptions):
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
