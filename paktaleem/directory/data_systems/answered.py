"""Hooks that run when a system has answered an order, in the same transaction."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.accounts.actors import Actor

__all__ = ["hear_of_answer", "when_answered"]

type Heard = Callable[[Order, Actor, datetime], None]

_CALLBACKS: list[Heard] = []


def when_answered(callback: Heard) -> Heard:
    """Register a callback for every order that was answered, waived or lapsed."""
    if callback not in _CALLBACKS:
        _CALLBACKS.append(callback)
    return callback


def hear_of_answer(order: Order, *, actor: Actor, at: datetime) -> None:
    """Run all registered callbacks."""
    for callback in _CALLBACKS:
        callback(order, actor, at)
