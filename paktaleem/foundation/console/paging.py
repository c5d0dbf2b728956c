"""Pagination of long lists: counts up to a limit; first the keys of a page from an index, then its rows."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import EmptyResultSet, ValidationError
from django.core.paginator import InvalidPage, Page, Paginator
from django.db import connection
from django.db.models import DateTimeField, F, Model, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from psycopg.sql import SQL, Composed, Identifier

from paktaleem.foundation.tenancy.school_limits import begin_with_people

LIMIT = 10_000
"""Largest exact count, and number of rows that can be paged through."""


def count_up_to(found: QuerySet[Model], limit: int = LIMIT) -> int:
    return found.values("pk")[: limit + 1].count()


def count_each_up_to(*found: QuerySet[Model], limit: int = LIMIT) -> list[int]:
    """Return the numbers of rows of several query sets in one statement, each at most one more than the limit."""
    return [count for count, _first in count_with_first(*((rows, "") for rows in found), limit=limit)]


def count_with_first(*found: tuple[QuerySet[Any], str], limit: int = LIMIT) -> list[tuple[int, Any]]:
    """Return the number of rows of several query sets, and the least value of a field of each, in one statement.

    Each number is at most one more than the limit; beyond it, the least value is that of some of the rows. Without a
    field the value is None.
    """
    tables: list[Composed] = []
    params: list[Any] = []
    for place, (rows, field) in enumerate(found):
        first = F(field) if field else Value(None, output_field=DateTimeField())
        counted = begin_with_people(rows).order_by().annotate(first_of_field=first)
        try:
            sql, values = counted.values("pk", "first_of_field")[: limit + 1].query.sql_with_params()
        except EmptyResultSet:
            sql, values = "SELECT NULL::timestamptz AS first_of_field WHERE false", ()
        table = SQL("(SELECT count(*) AS rows, min(first_of_field) AS first FROM ({}) found) {}")
        tables.append(table.format(SQL(sql), Identifier(f"t{place}")))
        params += values
    columns = SQL(", ").join(SQL("{0}.rows, {0}.first").format(Identifier(f"t{place}")) for place in range(len(found)))
    with connection.cursor() as cursor:
        statement = SQL("SELECT {} FROM {}").format(columns, SQL(" CROSS JOIN ").join(tables)).as_string()
        cursor.execute(statement, params)
        row = cursor.fetchone()
    return list(zip(row[::2], row[1::2], strict=True))


def format_count(count: int, limit: int = LIMIT) -> str:
    """Return the count as text, with ``+`` if it exceeds the limit."""
    return f"{limit:,}+" if count > limit else f"{count:,}"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Paginator over the first ``LIMIT`` rows; it reads the keys of a page first, to join only its rows."""

    @cached_property
    def found(self) -> int:
        return count_up_to(self.object_list)  # type: ignore[arg-type]  # always a query set here

    @cached_property
    def count(self) -> int:
        return min(self.found, LIMIT)

    @property
    def is_capped(self) -> bool:
        return self.found > LIMIT

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        return Page(self._rows(first, min(first + self.per_page, LIMIT)), number, self)

    def find_last(self, shown: Sequence[Model]) -> object:
        return shown[-1].pk

    def get_place(self, rows: QuerySet[Any]) -> Any:
        by: Any = rows.query.order_by[0]
        return by.expression if isinstance(by, OrderBy) else F(str(by).lstrip("-"))

    def find_keys(self, first: int, end: int) -> list[tuple[object, object]]:
        rows: Any = self.object_list
        return list(rows.values_list("pk", self.get_place(rows))[first:end])

    def select_found(self, found: Sequence[tuple[Any, Any]]) -> QuerySet[Any]:
        rows: Any = self.object_list
        places = [place for _, place in found]
        chosen: QuerySet[Any] = rows.alias(place=self.get_place(rows)).filter(pk__in=[key for key, _ in found])
        if places and None not in places:  # the planner has no statistics per client: limit the index range
            chosen = chosen.filter(place__gte=min(places), place__lte=max(places))
        return chosen

    def _rows(self, first: int, end: int) -> list[Model]:
        found = self.find_keys(first, end)
        return list(self.select_found(found)) if found else []


class BoundedChangeList(ChangeList):
    """Change list that never reads or counts all rows; a link on its last page shows older rows."""

    older_link = ""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Any]:
        return begin_with_people(super().get_queryset(request, exclude_parameters))

    def get_results(self, request: HttpRequest) -> None:  # noqa: ARG002 -- Django's signature
        paginator = self.build_paginator()
        try:
            page = paginator.page(self.page_num)
        except InvalidPage as error:
            raise IncorrectLookupParameters from error
        self.result_list: Any = page.object_list
        self.result_count = paginator.count
        self.full_result_count = None
        self.show_full_result_count = self.show_admin_actions = self.can_show_all = False
        self.multi_page = paginator.num_pages > 1
        self.paginator = paginator
        if paginator.is_capped and not page.has_next() and self.is_newest_first():
            last = paginator.find_last(list(page.object_list))
            self.older_link = self.get_query_string({OlderFilter.parameter_name: last})

    def build_paginator(self) -> CappedPaginator:
        return CappedPaginator(self.queryset, self.list_per_page)

    def is_newest_first(self) -> bool:
        """Return True if the newest row comes first, so that older rows come after the last one shown."""
        newest_by = getattr(self.model_admin, "newest_by", None)
        return newest_by is not None and self.queryset.query.order_by[:2] == (f"-{newest_by}", "-id")


class OlderFilter(admin.SimpleListFilter):
    """Filter for the rows after a given one, for the link to older rows; shown only while in use."""

    title = "place in the list"
    parameter_name = "older"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        self.newest_by = model_admin.newest_by
        value = self.value()
        return [(value, _("Older rows"))] if value else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002
        value = self.value()
        if not value:
            return queryset
        model: Any = queryset.model
        try:
            key = model._meta.pk.to_python(value)
        except ValidationError:
            return queryset.none()
        last = model._default_manager.filter(pk=key).values_list(self.newest_by, "pk").first()
        if last is None:
            return queryset.none()
        moment, key = last
        return queryset.filter(**{f"{self.newest_by}__lte": moment}).exclude(**{self.newest_by: moment, "pk__gte": key})
