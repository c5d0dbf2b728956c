"""Endpoints and deliveries shared by tests."""

from datetime import datetime, timedelta
from typing import Any

from paktaleem.directory.webhooks.models import Attempt, Delivery, DeliveryState, Endpoint, Message
from paktaleem.directory.webhooks.services import add_endpoint
from tests.cast import Cast
from tests.factories import SETTING_UP

URL = "https://lms.example/hooks"


def make_endpoint(cast: Cast, code: str, *, at: datetime, **values: Any) -> Endpoint:
    """Add an endpoint to a client, in its context."""
    given: dict[str, Any] = {"url": URL, "events": ["consent.*"], **values}
    endpoint, _ = add_endpoint(cast.client_id(code), **given, actor=SETTING_UP, at=at)
    return endpoint


def make_given_up(endpoint: Endpoint, *, at: datetime) -> Delivery:
    """Create a message that was tried once and given up."""
    own: dict[str, Any] = {"client_id": endpoint.client_id}
    message = Message.objects.create(type="consent.given", data={"purpose": "newsletter"}, happened_at=at, **own)
    delivery = Delivery.objects.create(
        endpoint=endpoint,
        message=message,
        state=DeliveryState.FAILED,
        attempts=10,
        queued_at=at,
        due_at=at,
        done_at=at + timedelta(days=3),
        **own,
    )
    Attempt.objects.create(delivery=delivery, started_at=at, milliseconds=120, status=503, **own)
    return delivery
