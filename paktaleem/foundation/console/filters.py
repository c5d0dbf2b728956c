"""Filters of lists: many choices in one field, and progress, by which a list is narrowed and then ordered."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.asking import actor_of, received_at

__all__ = [
    "CLIENT_PARAMETER",
    "PROGRESS",
    "ChosenFilter",
    "ClientFilter",
    "LongestFirst",
    "ProgressFilter",
    "as_key",
    "client_in_view",
]

CLIENT_PARAMETER, PROGRESS = "client__id__exact", "progress"


def client_in_view(request: HttpRequest) -> UUID | None:
    """Return the one client whose rows a list shows: the asker's own, or the one an officer chose; None for all."""
    own = actor_of(request).client_id
    wanted = request.GET.get(CLIENT_PARAMETER)
    return own or (as_key(wanted) if wanted else None)


def as_key(text: str) -> UUID:
    """Read a key out of an address. Raises SuspiciousOperation (400) if it is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise SuspiciousOperation("Not a key.") from error


class ChosenFilter(admin.SimpleListFilter):
    """One choice of many, in a field with a button: it works without a script."""

    template = "console/filters/chosen.html"
    others: list[tuple[str, str]]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Give the choices, and keep what else the address says."""
        kept = {key: values for key, values in changelist.filter_params.items() if key != self.parameter_name}
        self.others = [(key, value) for key, values in kept.items() for value in values]
        for value, words in self.lookup_choices:
            yield {"value": value, "display": words, "selected": str(value) == self.value()}


class ClientFilter(ChosenFilter):
    """By client, for those who see several."""

    title = "client"
    parameter_name = CLIENT_PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer every client by name."""
        return [(str(key), name) for key, name in Client.objects.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Narrow the list."""
        value = self.value()
        return queryset.filter(client_id=as_key(value)) if value else queryset


class ProgressFilter(admin.SimpleListFilter):
    """What is not over, and what should be: ``offered`` names the words of each method of the queryset.

    Those but ``open`` are asked with the moment.
    """

    title = "progress"
    parameter_name = PROGRESS
    offered: ClassVar[Mapping[str, Any]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Offer what is open, and what should not be."""
        return list(self.offered.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        value = self.value() or ""
        if value not in self.offered:
            return queryset
        at = () if value == "open" else (received_at(request),)
        narrowed: QuerySet[Any] = getattr(queryset, value)(*at)
        return narrowed


class LongestFirst:
    """A list that begins with what has waited longest, where it is narrowed to what waits."""

    longest_first: ClassVar[Mapping[str, str]]
    """By which moment the list is ordered that is narrowed to this progress; each has an index (``longest_first``)."""

    def get_ordering(self, request: HttpRequest) -> Any:
        """Order by that moment; every other list as always."""
        by = self.longest_first.get(request.GET.get(PROGRESS, ""))
        return (by, "id") if by else super().get_ordering(request)  # type: ignore[misc]
