"""Gauges of emails and text messages."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from paktaleem.directory.mail.models import Letter, LetterState
from paktaleem.foundation.operations.metrics import MOST_COUNTED, Gauge
from paktaleem.foundation.tenancy.context import as_officer

RECENT = timedelta(days=1)


def read_messages(at: datetime) -> Iterator[Gauge]:
    """Yield how many messages wait, how long the oldest has waited, and how many failed in the last day."""
    with as_officer():
        waiting = Letter.objects.filter(state=LetterState.QUEUED)
        oldest = waiting.order_by("queued_at").values_list("queued_at", flat=True).first() or at
        failed = Letter.objects.filter(state=LetterState.FAILED, queued_at__gt=at - RECENT)
        numbers = [found[:MOST_COUNTED].count() for found in (waiting, failed)]
    yield Gauge("messages_waiting", "Emails and text messages to be sent.", numbers[0])
    yield Gauge("messages_oldest_seconds", "How long the oldest of them has waited.", (at - oldest).total_seconds())
    yield Gauge("messages_failed", "Messages of the last day that failed.", numbers[1])
