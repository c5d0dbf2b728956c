"""Lists of staff limited to schools, read from the people of these schools however many the client has."""

from collections.abc import Collection
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, Model, QuerySet, UUIDField, Value

from paktaleem.foundation.tenancy.context import is_limited
from paktaleem.foundation.tenancy.school_limits import PEOPLE, columns_of_model, find_limit
from paktaleem.foundation.tenancy.tables import Limited


class IsAmong(Func):
    """True if a value is an element of an array: ``value = ANY(array)``, which finds rows by their key."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class ArrayOfIds(Func):
    """An array of ids whose number the planner does not know: it looks up each id in an index."""

    template = "ARRAY(SELECT unnest(%(expressions)s::uuid[]))"

    def __init__(self, ids: Collection[UUID]) -> None:
        field: ArrayField[Any, Any] = ArrayField(UUIDField())
        super().__init__(Value(list(ids), output_field=field), output_field=field)


def begin_with_people(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the same rows; in a limited context, also stated as those about shown people.

    The policies hide the other rows in any case. But the planner cannot join the condition of a policy: it would read
    every row of the client in the table, and ask for each whether its person is shown. Nor would it begin with the
    people if they were joined: it takes a large client for an average one, so that all its open rows seem fewer than
    the people of a school. An array of keys is read first, and then looked up in an index.
    """
    if not is_limited():
        return rows
    people = ArraySubquery(_list_tables()[PEOPLE]._default_manager.order_by().values("pk"))
    if rows.model._meta.db_table == PEOPLE:
        return rows.filter(IsAmong(F("pk"), people)) if rows.query.has_filters() else rows
    path = _find_path(rows.model._meta.db_table)
    return rows.filter(IsAmong(F(path), people)) if path else rows


@cache
def _find_path(table: str) -> str:
    """Return the path of fields from a table to the person whom a row is about; empty if its rows are not about one."""
    model: Any = _list_tables().get(table)
    wall = getattr(model, "wall", None)
    if wall is None or table == PEOPLE or wall.limited in {Limited.READ, Limited.BY_SCHOOLS}:
        return ""
    if wall.limited is Limited.JOURNAL:
        return "subject_id"
    link = find_limit(table, columns_of_model(_list_tables()))
    if link is None:
        return ""
    name = next(field.name for field in model._meta.concrete_fields if field.column == link.column)
    if link.table == PEOPLE:
        return str(name)
    further = _find_path(link.table)
    return f"{name}__{further}" if further else ""


@cache
def _list_tables() -> dict[str, type[Model]]:
    return {model._meta.db_table: model for model in apps.get_models() if not model._meta.proxy}
