"""List filters: long choice lists as a select field, clients, progress, and ordering by waiting time."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import SuspiciousOperation
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.due import get_dues_of
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.clocks import select_by_clock, select_due
from paktaleem.foundation.console.requests import actor_of, get_action_time

CLIENT_PARAMETER, PROGRESS = "client__id__exact", "progress"


def get_filtered_client(request: HttpRequest) -> UUID | None:
    """Return the client whose rows a list shows, or None for all clients.

    This is the user's own client, or the one an officer selected.
    """
    own = actor_of(request).client_id
    wanted = request.GET.get(CLIENT_PARAMETER)
    return own or (parse_uuid(wanted) if wanted else None)


def parse_uuid(text: str) -> UUID:
    """Parse a UUID from a URL.

    Raises SuspiciousOperation (400) if it is none.
    """
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


class ClientFilter(ChosenFilter):
    """Filter by client, for officers."""

    title = "client"
    parameter_name = CLIENT_PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(str(key), name) for key, name in Client.objects.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        value = self.value()
        return queryset.filter(client_id=parse_uuid(value)) if value else queryset


class ActiveFilter(admin.SimpleListFilter):
    """Filter by ``is_active``."""

    title = "state"
    parameter_name = "is_active__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("1", _("Active")), ("0", _("Inactive"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset.filter(is_active=self.value() == "1") if self.value() in {"0", "1"} else queryset


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

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value, at = self.value() or "", get_action_time(request)
        for due in get_dues_of(queryset.model):
            if value and due.progress == value:
                return select_due(queryset, due.rows, at)
        if value not in self.offered:
            return queryset
        narrow = getattr(queryset, value)
        found: QuerySet[Any] = narrow() if value == "open" else select_by_clock(at, narrow)
        return found


class ConditionFilter(admin.SimpleListFilter):
    """Filter by conditions on a row; ``offered`` maps codes to a label and a function of the time.

    The first page counts the rows of a condition, so that its link shows exactly those.
    """

    title = "progress"
    parameter_name = PROGRESS
    offered: ClassVar[Mapping[str, tuple[Any, Callable[[datetime], Q]]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(code, label) for code, (label, _condition) in self.offered.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.offered.get(self.value() or "")
        if chosen is None:
            return queryset
        return select_by_clock(get_action_time(request), lambda at: queryset.filter(chosen[1](at)))


class SortByWaitingTime:
    """Mixin that sorts a list filtered by progress by waiting time, oldest first."""

    longest_first: ClassVar[Mapping[str, str]]
    """The time field to sort by, for each progress; each has an index (``oldest_first``)."""
    default_progress: ClassVar[str] = ""
    """The progress with which the list opens: the ``default`` of its filter."""

    def get_ordering(self, request: HttpRequest) -> Any:
        by = self.longest_first.get(request.GET.get(PROGRESS) or self.default_progress)
        return (by, "id") if by else super().get_ordering(request)  # type: ignore[misc]
