"""Extension points for answered orders; handlers run in the same transaction."""

from collections.abc import Callable, Mapping
from datetime import datetime

from paktaleem.directory.data_systems.models.orders import Order
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.extensions.points import ExtensionPoint

type AnsweredHandler = Callable[[Order, Actor, datetime], None]

order_answered: ExtensionPoint[AnsweredHandler] = ExtensionPoint(
    "data_systems.order_answered", "Called with every order that was answered, waived or lapsed."
)

reported_records: ExtensionPoint[Callable[[Order], Mapping[str, int]]] = ExtensionPoint(
    "data_systems.reported_records",
    "Returns how many records the system of an order had reported about the person, by category of the order.",
)


def get_reported_records(order: Order) -> dict[str, int]:
    """Return how many records the system of an order had reported about the person, by category."""
    return {category: number for read in reported_records for category, number in read(order).items()}


def report_answered_order(order: Order, *, actor: Actor, at: datetime) -> None:
    """Call every handler with the order."""
    for handler in order_answered:
        handler(order, actor, at)
