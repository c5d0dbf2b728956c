"""Filters of people on lists of rows about people, which never read everyone of a client.

Up to ``MOST_PEOPLE`` people are found first, and then their rows. The rows of more people are searched part by part: of
the next ``SEARCHED_AT_ONCE`` rows of the list, those are shown that are about one of the people.
"""

# No index has both the order of a list and a fact about the person. Up to 1,000 people the list begins with them;
# otherwise each page reads the next part of the list, whatever matches.

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.admin import SimpleListFilter
from django.db.models import F, QuerySet, Subquery
from django.http import HttpRequest

from paktaleem.foundation.console.filters import parse_uuid
from paktaleem.foundation.console.paging import BoundedChangeList, CappedPaginator
from paktaleem.foundation.tenancy.limited_lists import ArrayOfIds, IsAmong, begin_with_people

OF_PERSON = "subject__id__exact"
"""Parameter of the URL of a list for the rows about one person."""
MOST_PEOPLE = 1_000
"""Number of people up to which a filter finds their rows by their keys."""
SEARCHED_AT_ONCE = 1_000
"""Number of rows that a list filtered by more people searches for one part."""


@dataclass(frozen=True)
class ManyPeople:
    """More than ``MOST_PEOPLE`` people, and the field of rows that refers to them."""

    field: str
    people: QuerySet[Any]
    find_among: Callable[[QuerySet[Any], Collection[UUID]], set[UUID]]

    def filter(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows about these people: all of them, for an export."""
        return rows.filter(**{f"{self.field}__in": self.people.order_by().values("pk")})

    def keep(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return those of the values of rows that are about these people."""
        found = self.find_among(self.people, {row[self.field] for row in rows})
        return [row for row in rows if row[self.field] in found]


def list_first(people: QuerySet[Any], most: int) -> list[UUID]:
    """List the ids of some of the people, at most ``most``."""
    return list(begin_with_people(people).order_by().values_list("pk", flat=True)[:most])


def find_among(people: QuerySet[Any], ids: Collection[UUID]) -> set[UUID]:
    """Return those of the ids that are of the people."""
    return {*people.filter(pk__in=ids).order_by().values_list("pk", flat=True)}


def filter_by_person(kind: type[SimpleListFilter], field: str) -> Any:
    """Return a filter of people as one of rows about people, which their ``field`` refers to.

    ``kind`` has methods ``list_first`` and ``find_among`` if some of its people are found quicker than by its query,
    and ``titles`` by field. After filtering, ``many`` of the filter are its people if they are many: the change list
    filters by them.
    """

    def queryset(self: Any, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        model: Any = queryset.model._meta.get_field(field).related_model if field != "pk" else queryset.model
        everyone = model._default_manager.all()
        people: Any = kind.queryset(self, request, everyone)
        if people is everyone:
            return queryset
        many = ManyPeople(field, people, getattr(self, "find_among", find_among))
        if field == "pk":
            return many.filter(queryset)
        few = getattr(self, "list_first", list_first)(people, MOST_PEOPLE + 1)
        if len(few) <= MOST_PEOPLE:
            return queryset.filter(IsAmong(F(f"{field}_id"), ArrayOfIds(few)))
        self.many = many
        return queryset

    titles: dict[str, str] = getattr(kind, "titles", {})
    return type(kind.__name__, (kind,), {"queryset": queryset, "title": titles.get(field, kind.title)})


def of_client_of_person(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows; if the URL names their person, also stated as those of the person's client, for the indexes."""
    person = request.GET.get(OF_PERSON)
    if person is None:
        return rows
    people: Any = rows.model._meta.get_field("subject").related_model
    client = people._default_manager.filter(pk=parse_uuid(person)).order_by().values("client_id")[:1]
    return rows.filter(client_id=Subquery(client))


class PartPaginator(CappedPaginator):
    """Paginator over those of the next rows of a list that are about some of many people."""

    def __init__(self, object_list: QuerySet[Any], per_page: int, many: Sequence[ManyPeople]) -> None:
        super().__init__(object_list, per_page)
        self._many = many

    @property
    def searched(self) -> int:
        return min(len(self._part), SEARCHED_AT_ONCE)

    @property
    def is_capped(self) -> bool:
        """Return True if the list has more rows than those of this part."""
        return len(self._part) > SEARCHED_AT_ONCE

    @property
    def most_people(self) -> int:
        """Return the number of people from which on a list is searched part by part."""
        return MOST_PEOPLE

    @cached_property
    def found(self) -> int:
        """Return the number of rows of this part that match."""
        return len(self._matching)

    def find_last(self, shown: Sequence[Any]) -> Any:  # noqa: ARG002 -- of other paginators
        """Return the key of the last row of this part, which may not match."""
        return self._part[SEARCHED_AT_ONCE - 1][0]

    @cached_property
    def _part(self) -> list[tuple[Any, Any]]:
        return super().find_keys(0, SEARCHED_AT_ONCE + 1)

    @cached_property
    def _matching(self) -> list[tuple[Any, Any]]:
        part = self._part[:SEARCHED_AT_ONCE]
        fields = dict.fromkeys(one.field for one in self._many)
        rows = list(self.select_found(part).order_by().values("pk", *fields)) if part else []
        for one in self._many:
            rows = one.keep(rows)
        kept = {row["pk"] for row in rows}
        return [(key, place) for key, place in part if key in kept]

    def find_keys(self, first: int, end: int) -> list[tuple[Any, Any]]:
        """Return the keys and places of the rows of a page."""
        return self._matching[first:end]


class PeopleChangeList(BoundedChangeList):
    """Change list of rows about people; filtered by many people, it searches its rows part by part."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Any]:
        self.searched = of_client_of_person(request, super().get_queryset(request, exclude_parameters))
        chosen = (getattr(spec, "many", None) for spec in self.filter_specs)
        self.many: list[ManyPeople] = [many for many in chosen if many is not None]
        found = self.searched
        for one in self.many:
            found = one.filter(found)
        return found

    def build_paginator(self) -> CappedPaginator:
        """Return the paginator of the rows that match, or of a part of them."""
        return PartPaginator(self.searched, self.list_per_page, self.many) if self.many else super().build_paginator()
