"""The rows of a table that staff limited to schools of a client see (docs/decisions/0098).

Such a member works under a database role of its own, so that the policies of the other roles stay as they are: neither
decisions nor the API pay for limits. A table about people is found by its foreign keys: it shows the rows of those
people who are shown themselves. Every other table shows nothing unless it declares otherwise (``Limited``).
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from paktaleem.foundation.tenancy.table_policy import Limited

__all__ = [
    "LIMITED",
    "PEOPLE",
    "Columns",
    "Link",
    "columns_of_model",
    "columns_of_state",
    "find_limit",
    "limit_condition",
]

LIMITED = "paktaleem_limited"
"""The database role; the app switches to it by SET LOCAL ROLE."""
PEOPLE = "subjects_subject"
"""The table of people. Its column ``school_ids`` is no field of the model: only the database writes it."""
_SCHOOLS = "(SELECT tenancy_schools())"


class Link(NamedTuple):
    """A foreign key: whether it may be null, its column, and the table it refers to."""

    is_optional: bool
    column: str
    table: str


class Columns(NamedTuple):
    """The columns of a table that decide about it: its foreign keys; and the table whose history it is."""

    links: tuple[Link, ...]
    history_of: str = ""


type Catalog = Callable[[str], Columns]
"""Returns the columns of a table."""


def find_limit(table: str, catalog: Catalog) -> Link | None:
    """Return the foreign key by which a table is about people, or None.

    A key to a person counts before one to another table about people; among several, a required one counts first, and
    ``subject_id`` before ``child_id``. A history table goes by the key of the table it describes.
    """
    columns = catalog(table)
    if columns.history_of:
        return Link(False, "id", PEOPLE) if columns.history_of == PEOPLE else find_limit(columns.history_of, catalog)
    links = sorted(columns.links, key=_rank)
    direct = [link for link in links if link.table == PEOPLE]
    others = (link for link in links if link.table not in {PEOPLE, table})
    return next(iter(direct), None) or next((one for one in others if find_limit(one.table, catalog)), None)


def _rank(link: Link) -> tuple[int, bool, str]:
    named = {"subject_id": 0, "child_id": 1}
    return named.get(link.column, 2), link.is_optional, link.column


def limit_condition(table: str, limit: Limited, link: Link | None, *, own: str) -> str:
    """Write the condition of the rows that a limited member sees; ``own`` is that of the client's rows."""
    if table == PEOPLE:
        return f"{own} AND school_ids && {_SCHOOLS}"
    if limit is Limited.COLLEAGUES:
        return f"{own} AND school_ids <@ {_SCHOOLS}"
    if limit is Limited.READ:
        return own
    _, column, target = link or Link(True, "subject_id", PEOPLE)
    return f"{own} AND EXISTS (SELECT FROM {target} shown WHERE shown.id = {table}.{column})"


def columns_of_state(state: Any) -> Catalog:
    """Return the tables as a migration knows them."""
    tables = {_table_of(key, model): (key, model) for key, model in state.models.items()}

    def describe(table: str) -> Columns:
        (label, _), model = tables[table]
        links = tuple(_links_of_state(state, label, model.fields))
        name = model.name.lower()
        tracked = state.models.get((label, name.removeprefix("historical"))) if name.startswith("historical") else None
        return Columns(links, _table_of((label, tracked.name.lower()), tracked) if tracked else "")

    return describe


def _links_of_state(state: Any, label: str, fields: Any) -> Iterator[Link]:
    for name, field in fields.items():
        if field.is_relation:
            app, _, target = str(field.remote_field.model).lower().rpartition(".")
            key = (app or label, target)
            if key in state.models:
                yield Link(bool(field.null), field.db_column or f"{name}_id", _table_of(key, state.models[key]))


def _table_of(key: tuple[str, str], model: Any) -> str:
    return str(model.options.get("db_table") or "_".join(key))


def columns_of_model(models: dict[str, Any]) -> Catalog:
    """Return the tables as the models declare them, by table."""

    def describe(table: str) -> Columns:
        model = models[table]
        fields = (field for field in model._meta.concrete_fields if field.is_relation and field.related_model)
        tracked = getattr(model, "instance_type", None)
        links = tuple(Link(bool(field.null), str(field.column), field.related_model._meta.db_table) for field in fields)
        return Columns(links, tracked._meta.db_table if tracked else "")

    return describe
