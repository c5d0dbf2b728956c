"""Gauges of orders to data systems."""

from collections.abc import Iterator
from datetime import datetime

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.operations.metrics import MOST_COUNTED, Gauge
from paktaleem.foundation.tenancy.context import as_officer


def read_orders(at: datetime) -> Iterator[Gauge]:
    """Yield how many orders are overdue, and how many need manual action."""
    with as_officer():
        overdue, stuck = (
            found[:MOST_COUNTED].count() for found in (Order.objects.overdue(at), Order.objects.stuck(at))
        )
    yield Gauge("orders_overdue", "Open orders past their due date.", overdue)
    yield Gauge("orders_stuck", "Open orders that need manual action.", stuck)
