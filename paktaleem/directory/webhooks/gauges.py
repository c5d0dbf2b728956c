"""Gauges of webhooks."""

from collections.abc import Iterator
from datetime import datetime

from paktaleem.directory.webhooks.models import Endpoint, EndpointHealth
from paktaleem.foundation.operations.metrics import Gauge
from paktaleem.foundation.tenancy.context import as_officer


def read_webhooks(at: datetime) -> Iterator[Gauge]:
    """Yield how many receivers fail, and how many are disabled."""
    del at
    with as_officer():
        failing = EndpointHealth.objects.filter(
            failures__gt=0, endpoint__disabled_at=None, endpoint__removed_at=None
        ).count()
        disabled = Endpoint.objects.filter(disabled_at__isnull=False, removed_at=None).count()
    yield Gauge("webhooks_failing", "Webhooks whose last attempt failed.", failing)
    yield Gauge("webhooks_disabled", "Webhooks that are disabled.", disabled)
