"""Extension points of data systems and their orders; handlers run in the same transaction."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.translation import gettext_noop

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import tombstone_of
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.operations.extensions import ExtensionPoint

order_answered: ExtensionPoint[Callable[[Order, Actor, datetime], None]] = ExtensionPoint(
    "data_systems.order_answered", "Called with every order that was answered, waived or lapsed."
)

reported_records: ExtensionPoint[Callable[[Order], Mapping[str, int]]] = ExtensionPoint(
    "data_systems.reported_records",
    "Returns how many records the system of an order had reported about the person, by category of the order.",
)


@dataclass(frozen=True, slots=True)
class OrderCase:
    """The rows with a page in the console to which ``parent_id`` of orders of a kind of case leads, by a field."""

    kind: str
    model: type[Model]
    field: str = "pk"


order_cases: ExtensionPoint[OrderCase] = ExtensionPoint("systems.order_cases", "The pages of cases that orders serve.")

order_parameters: ExtensionPoint[Callable[[Order], Mapping[str, object]]] = ExtensionPoint(
    "data_systems.order_parameters", "Asked what the system needs to carry out an order that it accepted."
)


_UNKNOWN = gettext_noop("No person of this client has this id.")
_ERASED = gettext_noop("This person was erased.")
_BEING_ERASED = gettext_noop("This person is being erased.")


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """The people of a batch by LMS id, and why nothing may be recorded about the others."""

    known: Mapping[str, Subject]
    refused: Mapping[str, str]

    def errors_of(self, external_id: str) -> dict[str, list[str]] | None:
        """Return the error about a person, None if reports about them may be recorded."""
        return {"subject": [self.refused[external_id]]} if external_id in self.refused else None


def find_people(client_id: UUID, external_ids: Iterable[str], *, lock: bool = False) -> FoundPeople:
    """Find people by LMS id, in two queries; ``lock`` locks their rows, in the order of their keys."""
    ids = {one for one in external_ids if "\x00" not in one}
    rows = Subject.objects.filter(client_id=client_id, external_id__in=ids).order_by("pk")
    found = {str(one.external_id): one for one in (rows.select_for_update() if lock else rows)}
    missing = set(external_ids) - set(found)
    marks = {tombstone_of(client_id, one): one for one in missing}
    erased = Subject.objects.filter(client_id=client_id, tombstone__in=list(marks))
    refused = dict.fromkeys(missing, _UNKNOWN)
    refused |= {marks[bytes(mark)]: _ERASED for mark in erased.values_list("tombstone", flat=True) if mark}
    refused |= {name: _BEING_ERASED for name, one in found.items() if one.is_being_erased}
    return FoundPeople({name: one for name, one in found.items() if name not in refused}, refused)


category_models: ExtensionPoint[type[Model] | Any] = ExtensionPoint(
    "systems.category_models", "Models with a client, a code and a name whose rows a system can hold."
)
