"""Extension points: what keeps data from being disposed of, such as a hold, and data whose period is over."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from paktaleem.directory.data_systems.models import System
from paktaleem.foundation.operations.extensions import ExtensionPoint


class DisposalHold(NamedTuple):
    """A hold that keeps data: its kind and ground in words, its review day, its category and its system.

    An empty category is every one, and None every system.
    """

    kind: str
    ground: str
    review_on: date
    category: str
    system: System | None = None

    def keeps(self, category: str) -> bool:
        """Return True if the hold keeps data of this category (code) in some system."""
        return self.category in {"", category} and (self.system is None or category in self.system.categories)

    def keeps_in(self, system: System, category: str) -> bool:
        """Return True if the hold keeps data of this category (code) in this system."""
        return self.keeps(category) and self.system in {None, system}


type DisposalCheck = Callable[[UUID, UUID, AbstractSet[str]], Iterable[DisposalHold]]
"""Takes the client, the person and the categories; returns what keeps any of this data."""

before_disposal: ExtensionPoint[DisposalCheck] = ExtensionPoint(
    "retention.before_disposal", "Asked what keeps data of a person, before systems are ordered to erase it."
)
ended_periods: ExtensionPoint[Callable[[UUID, Sequence[UUID], datetime], Iterable[UUID]]] = ExtensionPoint(
    "retention.ended_periods", "Asked which holdings of people of a client are past their retention period at a time."
)


def list_disposal_holds(client_id: UUID, subject_id: UUID, categories: AbstractSet[str]) -> list[DisposalHold]:
    """List what keeps any data of these categories (codes) of a person."""
    return [hold for check in before_disposal for hold in check(client_id, subject_id, categories)]
