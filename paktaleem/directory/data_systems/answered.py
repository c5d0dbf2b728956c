"""What rooms above must do once a system has answered an order, in the same transaction: a registry."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.accounts.actors import Actor

__all__ = ["hear_of_answer", "when_answered"]

type Heard = Callable[[Order, Actor, datetime], None]

_HEARD: list[Heard] = []


def when_answered(heard: Heard) -> Heard:
    """Have this called with every order that was answered, waived or lapsed."""
    if heard not in _HEARD:
        _HEARD.append(heard)
    return heard


def hear_of_answer(order: Order, *, actor: Actor, at: datetime) -> None:
    """Call all that registered."""
    for heard in _HEARD:
        heard(order, actor, at)
