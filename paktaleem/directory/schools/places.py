"""Schools and classes as people name them: by LMS id or by name."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from paktaleem.directory.schools.models import School, SchoolClass

MOST_OFFERED = 200
"""Largest number of schools and of classes that a form suggests; others can be typed."""

type PlaceModel = type[School | SchoolClass]
_BOTH: tuple[PlaceModel, ...] = (School, SchoolClass)


@dataclass(frozen=True, slots=True)
class Place:
    """A school or a class in use: its key, its LMS id, and its name, which for a class ends with the school's."""

    key: UUID
    external_id: str
    name: str


def find_places(client_id: UUID, text: str, of: Collection[PlaceModel] = _BOTH) -> list[Place]:
    """Return what a text names among the schools and classes in use at a client.

    Those with this LMS id; if there is none, those with this name; upper and lower case are the same.
    """
    for condition in ("external_id", "name__iexact"):
        found = [one for model in of for one in read_places(model, client_id, **{condition: text})]
        if found:
            return found
    return []


def read_places(model: PlaceModel, client_id: UUID, **where: Any) -> list[Place]:
    """List the schools or classes in use at a client in the order of their LMS ids, up to ``MOST_OFFERED``."""
    rows: Any = model.objects.filter(client_id=client_id, ended_at=None).order_by("external_id")
    if model is SchoolClass:
        rows = rows.select_related("school").annotate(name=F("title"))
    return [Place(row.pk, row.external_id, _name(row)) for row in rows.filter(**where)[:MOST_OFFERED]]


def _name(row: Any) -> str:
    school = getattr(row, "school", None)
    return f"{row.name} ({school})" if school else row.name
