"""List filters: long choice lists as a select field, clients, progress, and ordering by waiting time."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.core.exceptions import SuspiciousOperation
from django.db.models import F, Model, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.foundation.accounts.due import get_dues_of
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.clocks import select_by_clock, select_due
from paktaleem.foundation.console.paging import BoundedChangeList, CappedPaginator
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.tenancy.school_limits import ArrayOfIds, IsAmong, begin_with_people

CLIENT_PARAMETER, PROGRESS = "client__id__exact", "progress"


def get_filtered_client(request: HttpRequest) -> UUID | None:
    """Return the user's own client, or the one an officer selected, or None for all clients."""
    wanted = request.GET.get(CLIENT_PARAMETER)
    return actor_of(request).client_id or (parse_uuid(wanted) if wanted else None)


def parse_uuid(text: str) -> UUID:
    """Parse a UUID from a URL. Raises SuspiciousOperation (400) if it is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise SuspiciousOperation("The id is not a UUID.") from error


class ChosenFilter(admin.SimpleListFilter):
    """A filter with many choices, as a select field with a button that works without scripts."""

    template = "console/filters/chosen.html"
    others: list[tuple[str, str]]
    """The other parameters of the URL, which the form sends too."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        remaining = {key: values for key, values in changelist.filter_params.items() if key != self.parameter_name}
        self.others = [(key, value) for key, values in remaining.items() for value in values]
        for value, words in self.lookup_choices:
            yield {"value": value, "display": words, "selected": str(value) == self.value()}


class TypedFilter(ChosenFilter):
    """A filter by a text that the user types, such as an id, for a choice of too many values to list."""

    template = "console/filters/typed.html"
    placeholder: ClassVar[str] = ""

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("", "")]  # one entry, so that the filter is shown


class RowFilter(ChosenFilter):
    """A filter by a row to which the rows of the list refer, in the column ``of``."""

    of: ClassVar[str]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002
        value = self.value()
        return queryset.filter(**{self.of: parse_uuid(value)}) if value else queryset


class ClientFilter(RowFilter):
    title = "client"
    parameter_name = CLIENT_PARAMETER
    of = "client_id"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(str(key), name) for key, name in Client.objects.order_by("name").values_list("pk", "name")]


class ProgressFilter(admin.SimpleListFilter):
    """Filter by progress: what the model declares as due, and further choices.

    ``offered`` maps queryset methods to labels; all methods except ``open`` take the current time. With a ``default``
    the list opens with that choice, and offers ``all`` as the last one.
    """

    title = "progress"
    parameter_name = PROGRESS
    offered: ClassVar[Mapping[str, Any]] = {}
    default: ClassVar[str] = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        dues = [(due.progress, str(due.label)) for due in get_dues_of(model_admin.model) if due.progress]
        return [*dues, *self.offered.items(), *([("all", _("All"))] if self.default else [])]

    def value(self) -> str | None:
        return super().value() or self.default or None

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield from others if self.default else (first, *others)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        value, at = self.value() or "", get_action_time(request)
        for due in get_dues_of(queryset.model):
            if value and due.progress == value:
                return select_due(queryset, due.rows, at)
        if value not in self.offered:
            return queryset
        narrow = getattr(queryset, value)
        return cast("QuerySet[Model]", narrow() if value == "open" else select_by_clock(at, narrow))


def progress_filter(default: str = "", **offered: object) -> type[ProgressFilter]:
    return type("OwnProgressFilter", (ProgressFilter,), {"default": default, "offered": offered})


class ConditionFilter(admin.SimpleListFilter):
    """Filter by conditions on a row; ``offered`` maps codes to a label and a condition, or a function of the time.

    The first page counts the rows of a condition, so that its link shows exactly those.
    """

    title = "progress"
    parameter_name = PROGRESS
    offered: ClassVar[Mapping[str, tuple[Any, Q | Callable[[datetime], Q]]]]

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(code, label) for code, (label, _condition) in self.offered.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        _label, condition = self.offered.get(self.value() or "", ("", Q()))
        if isinstance(condition, Q):
            return queryset.filter(condition)
        return select_by_clock(get_action_time(request), lambda at: queryset.filter(condition(at)))


class ActiveFilter(ConditionFilter):
    title = "state"
    parameter_name = "is_active__exact"
    offered = {"1": (gettext_lazy("Active"), Q(is_active=True)), "0": (gettext_lazy("Inactive"), Q(is_active=False))}


class SortByWaitingTime:
    """Mixin that sorts a list filtered by progress by waiting time, oldest first."""

    longest_first: ClassVar[Mapping[str, str]]
    """The time field to sort by, for each progress; each has an index (``oldest_first``)."""
    default_progress: ClassVar[str] = ""
    """The progress with which the list opens: the ``default`` of its filter."""

    def get_ordering(self, request: HttpRequest) -> Any:
        by = self.longest_first.get(request.GET.get(PROGRESS) or self.default_progress)
        return (by, "id") if by else super().get_ordering(request)  # type: ignore[misc]


# No index has both the order of a list and a fact about the person. Up to 1,000 people the list begins with them;
# otherwise each page reads the next part of the list, whatever matches.


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
    people: QuerySet[Model]
    find_among: Callable[[QuerySet[Model], Collection[UUID]], set[UUID]]

    def filter[Row: Model](self, rows: QuerySet[Row]) -> QuerySet[Row]:
        return rows.filter(**{f"{self.field}__in": self.people.order_by().values("pk")})

    def keep(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        found = self.find_among(self.people, {row[self.field] for row in rows})
        return [row for row in rows if row[self.field] in found]


def list_first(people: QuerySet[Model], most: int) -> list[UUID]:
    return list(begin_with_people(people).order_by().values_list("pk", flat=True)[:most])


def find_among(people: QuerySet[Model], ids: Collection[UUID]) -> set[UUID]:
    return {*people.filter(pk__in=ids).order_by().values_list("pk", flat=True)}


def filter_by_person(kind: type[SimpleListFilter], field: str) -> Any:
    """Return a filter of people as one of rows about people, which their ``field`` refers to.

    ``kind`` has methods ``list_first`` and ``find_among`` if some of its people are found quicker than by its query,
    and ``titles`` by field. After filtering, ``many`` of the filter are its people if they are many: the change list
    filters by them.
    """

    def queryset(self: Any, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
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


def of_client_of_person[Row: Model](request: HttpRequest, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Return the rows; if the URL names their person, also stated as those of the person's client, for the indexes."""
    person = request.GET.get(OF_PERSON)
    if person is None:
        return rows
    people: Any = rows.model._meta.get_field("subject").related_model
    client = people._default_manager.filter(pk=parse_uuid(person)).order_by().values("client_id")[:1]
    return rows.filter(client_id=Subquery(client))


class PartPaginator(CappedPaginator):
    """Paginator over those of the next rows of a list that are about some of many people."""

    def __init__(self, object_list: QuerySet[Model], per_page: int, many: Sequence[ManyPeople]) -> None:
        super().__init__(object_list, per_page)
        self._many = many

    @property
    def searched(self) -> int:
        return min(len(self._part), SEARCHED_AT_ONCE)

    @property
    def is_capped(self) -> bool:
        return len(self._part) > SEARCHED_AT_ONCE

    @property
    def most_people(self) -> int:
        return MOST_PEOPLE

    @cached_property
    def found(self) -> int:
        return len(self._matching)

    def find_last(self, shown: Sequence[object]) -> object:  # noqa: ARG002 -- of other paginators
        return self._part[SEARCHED_AT_ONCE - 1][0]  # the last row of this part, which may not match

    @cached_property
    def _part(self) -> list[tuple[object, object]]:
        return super().find_keys(0, SEARCHED_AT_ONCE + 1)

    @cached_property
    def _matching(self) -> list[tuple[object, object]]:
        part = self._part[:SEARCHED_AT_ONCE]
        fields = dict.fromkeys(one.field for one in self._many)
        rows = list(self.select_found(part).order_by().values("pk", *fields)) if part else []
        for one in self._many:
            rows = one.keep(rows)
        kept = {row["pk"] for row in rows}
        return [(key, place) for key, place in part if key in kept]

    def find_keys(self, first: int, end: int) -> list[tuple[object, object]]:
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
        return PartPaginator(self.searched, self.list_per_page, self.many) if self.many else super().build_paginator()
