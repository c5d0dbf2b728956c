"""The extension point for what keeps data from being disposed of, such as a hold."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from datetime import date
from typing import NamedTuple
from uuid import UUID

from paktaleem.foundation.extensions.points import ExtensionPoint

__all__ = ["DisposalHold", "before_disposal", "list_disposal_holds"]


class DisposalHold(NamedTuple):
    """A hold that keeps data: its kind and ground in words, its review day, and its category; empty: every one."""

    kind: str
    ground: str
    review_on: date
    category: str


type DisposalCheck = Callable[[UUID, UUID, AbstractSet[str]], Iterable[DisposalHold]]
"""Takes the client, the person and the categories; returns what keeps any of this data."""

before_disposal: ExtensionPoint[DisposalCheck] = ExtensionPoint(
    "retention.before_disposal", "Asked what keeps data of a person, before systems are ordered to erase it."
)


def list_disposal_holds(client_id: UUID, subject_id: UUID, categories: AbstractSet[str]) -> list[DisposalHold]:
    """List what keeps any data of these categories (codes) of a person."""
    return [hold for check in before_disposal for hold in check(client_id, subject_id, categories)]
