"""Gauge of security events."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from paktaleem.directory.security.security_events.models import SecurityEvent, SeverityLabel
from paktaleem.foundation.operations.metrics import MOST_COUNTED, Gauge
from paktaleem.foundation.tenancy.context import as_officer

_RECENT = timedelta(hours=1)


def read_events(at: datetime) -> Iterator[Gauge]:
    """Yield the number of security events of the last hour, by severity."""
    with as_officer():
        recent = SecurityEvent.objects.filter(happened_at__gt=at - _RECENT)
        counts = {one: recent.filter(severity=one)[:MOST_COUNTED].count() for one in SeverityLabel}
    for severity, number in counts.items():
        labels = {"severity": severity.name.lower()}
        yield Gauge("security_events_recent", "Security events of the last hour.", number, labels)
