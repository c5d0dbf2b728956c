"""The rows of a table that staff limited to schools of a client see and write (docs/decisions/0098).

Such a member works under a database role of its own, so that the policies of the other roles stay as they are: neither
decisions nor the API pay for limits. A table about people is found by its foreign keys: it shows the rows of those
people who are shown themselves, and takes rows whose foreign keys all refer to rows that are shown. Every other table
shows nothing and takes nothing unless it declares otherwise (``Limited``).
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.migrations.state import ModelState, ProjectState as State
from django.db.models import BooleanField, F, Func, Model, QuerySet, UUIDField, Value

from paktaleem.foundation.tenancy.context import is_limited
from paktaleem.foundation.tenancy.tables import Limited

LIMITED = "paktaleem_limited"
"""The database role; the app switches to it by SET LOCAL ROLE."""
PEOPLE = "people_subject"
"""The table of people. Its column ``school_ids`` is no field of the model: only the database writes it."""
_CLASSES = "schools_schoolclass"
_SCHOOLS = "(SELECT tenancy_schools())"
_OWN_CLASS = "school_id = ANY ((SELECT schools_of_limit())::uuid[])"


class Link(NamedTuple):
    """A foreign key: whether it may be null, its column, and the table it refers to."""

    is_optional: bool
    column: str
    table: str


class Columns(NamedTuple):
    """The foreign keys of a table, the table whose history it is, and whether it has ``school_ids``."""

    links: tuple[Link, ...]
    history_of: str = ""
    has_schools: bool = False


type Catalog = Callable[[str], Columns]
"""Returns the columns of a table."""


def find_limit(table: str, catalog: Catalog) -> Link | None:
    """Return the foreign key by which a table is about people, or None.

    A key to a person counts before one to another table about people, or one with schools of its own; among several, a
    required one counts first, and ``subject_id`` before ``child_id``. A history table goes by the key of the table it
    describes.
    """
    return next(_list_links(table, catalog), None)


def _list_links(table: str, catalog: Catalog) -> Iterator[Link]:
    columns = catalog(table)
    if columns.history_of == PEOPLE:
        yield Link(False, "id", PEOPLE)
    elif columns.history_of:
        kept = {link.column for link in columns.links}
        yield from (link for link in _list_links(columns.history_of, catalog) if link.column in kept)
    else:
        links = sorted((link for link in columns.links if link.table != table), key=_rank)
        yield from (link for link in links if link.table == PEOPLE)
        others = (link for link in links if link.table != PEOPLE)
        yield from (one for one in others if catalog(one.table).has_schools or find_limit(one.table, catalog))


def _rank(link: Link) -> tuple[int, bool, str]:
    named = {"subject_id": 0, "child_id": 1}
    return named.get(link.column, 2), link.is_optional, link.column


def is_hidden(table: str, limit: Limited, catalog: Catalog) -> bool:
    """Return True if a table shows staff limited to schools nothing, and takes nothing from them."""
    return limit is Limited.BY_PERSON and table != PEOPLE and find_limit(table, catalog) is None


def write_policies(table: str, limit: Limited, catalog: Catalog, *, own: str) -> list[str]:
    """Write the policies of a table for limited staff, none if it is hidden; ``own`` are the client's rows."""
    if is_hidden(table, limit, catalog):
        return []
    if table == PEOPLE:
        own = f"({own}) IS TRUE"  # no index: that of the client has every person, that of the schools only those shown
    shown, written = f"{own}{_where_shown(table, limit, catalog)}", f"{own}{_where_written(table, limit, catalog)}"
    if limit is Limited.JOURNAL:
        return [
            _policy("limited", table, "SELECT", shown),
            _policy("limited_insert", table, "INSERT", "", written),
            _policy("limited_update", table, "UPDATE", shown, shown),
        ]
    if limit is Limited.CLASSES:
        return [
            _policy("limited", table, "SELECT", shown),
            _policy("limited_insert", table, "INSERT", "", written),
            _policy("limited_update", table, "UPDATE", written, written),
            _policy("limited_delete", table, "DELETE", written),
        ]
    return [_policy("limited", table, "ALL", shown, "false" if limit is Limited.READ else written)]


def _policy(name: str, table: str, command: str, using: str, check: str = "") -> str:
    conditions = [f"USING ({using})" if using else "", f"WITH CHECK ({check})" if check else ""]
    return " ".join(filter(None, [f"CREATE POLICY {name} ON {table} FOR {command} TO {LIMITED}", *conditions]))


def _where_shown(table: str, limit: Limited, catalog: Catalog) -> str:
    if table == PEOPLE:
        return f" AND school_ids && {_SCHOOLS}"
    if limit is Limited.BY_SCHOOLS:
        return f" AND school_ids <@ {_SCHOOLS}"
    if limit is Limited.JOURNAL:
        return f" AND {_exists(table, _JOURNALLED)}"
    link = None if limit is Limited.READ else find_limit(table, catalog)
    return "" if link is None else f" AND {_exists(table, link)}"


def _where_written(table: str, limit: Limited, catalog: Catalog) -> str:
    if limit is Limited.JOURNAL:
        return f" AND (subject_id IS NULL OR {_exists(table, _JOURNALLED)})"
    conditions = []
    if table == PEOPLE or limit is Limited.BY_SCHOOLS:
        conditions.append(_where_shown(table, limit, catalog))
    if limit is Limited.CLASSES:
        found = f"SELECT FROM {_CLASSES} shown WHERE shown.id = {table}.school_class_id AND shown.{_OWN_CLASS}"
        own_class = _OWN_CLASS if table == _CLASSES else f"EXISTS ({found})"
        conditions.append(f" AND {own_class}")
    for number, link in enumerate(_list_links(table, catalog)):
        if _is_about(link.table, table, catalog):
            continue  # its own policy reads this table
        found = _exists(table, link)
        is_free = number > 0 and link.is_optional
        conditions.append(f" AND ({link.column} IS NULL OR {found})" if is_free else f" AND {found}")
    referred = "".join(conditions)
    described = catalog(table).history_of
    links = [link.column for link in _list_links(table, catalog)]
    if not described or described == PEOPLE or not links:
        return referred
    # A history row has the foreign keys of the shown row that it describes; its change may have hidden another person
    # to whom the row refers, such as a guardian whose last tie to these schools ended.
    same = "".join(f" AND shown.{one} IS NOT DISTINCT FROM {table}.{one}" for one in links)
    shown = f"EXISTS (SELECT FROM {described} shown WHERE shown.id = {table}.id{same})"
    return f" AND ({shown} OR {referred.removeprefix(' AND ')})"


_JOURNALLED = Link(True, "subject_id", PEOPLE)


def _exists(table: str, link: Link) -> str:
    return f"EXISTS (SELECT FROM {link.table} shown WHERE shown.id = {table}.{link.column})"


def _is_about(one: str, other: str, catalog: Catalog) -> bool:
    while one != other:
        link = None if one == PEOPLE else find_limit(one, catalog)
        if link is None:
            return False
        one = link.table
    return True


def columns_of_state(state: State) -> Catalog:
    tables = {_table_of(key, model): (key, model) for key, model in state.models.items()}

    def describe(table: str) -> Columns:
        (label, _), model = tables[table]
        links = tuple(_links_of_state(state, label, model.fields))
        name = model.name.lower()
        tracked = state.models.get((label, name.removeprefix("historical"))) if name.startswith("historical") else None
        history_of = _table_of((label, tracked.name.lower()), tracked) if tracked else ""
        return Columns(links, history_of, "school_ids" in model.fields)

    return describe


def _links_of_state(state: State, label: str, fields: Any) -> Iterator[Link]:
    for name, field in fields.items():
        if field.is_relation:
            app, _, target = str(field.remote_field.model).lower().rpartition(".")
            key = (app or label, target)
            if key in state.models:
                yield Link(bool(field.null), field.db_column or f"{name}_id", _table_of(key, state.models[key]))


def _table_of(key: tuple[str, str], model: ModelState) -> str:
    return str(model.options.get("db_table") or "_".join(key))


def columns_of_model(models: Mapping[str, Any]) -> Catalog:
    def describe(table: str) -> Columns:
        model = models[table]
        fields = (field for field in model._meta.concrete_fields if field.is_relation and field.related_model)
        tracked = getattr(model, "instance_type", None)
        links = tuple(Link(bool(field.null), str(field.column), field.related_model._meta.db_table) for field in fields)
        has_schools = any(field.name == "school_ids" for field in model._meta.concrete_fields)
        return Columns(links, tracked._meta.db_table if tracked else "", has_schools)

    return describe


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


def begin_with_people(rows: QuerySet[Model]) -> QuerySet[Model]:
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
