"""The extension point for answered orders: handlers run in the same transaction."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.extensions.points import ExtensionPoint

__all__ = ["order_answered", "report_answered_order"]

type AnsweredHandler = Callable[[Order, Actor, datetime], None]

order_answered: ExtensionPoint[AnsweredHandler] = ExtensionPoint(
    "data_systems.order_answered", "Called with every order that was answered, waived or lapsed."
)


def report_answered_order(order: Order, *, actor: Actor, at: datetime) -> None:
    """Call every handler with the order."""
    for handler in order_answered:
        handler(order, actor, at)
