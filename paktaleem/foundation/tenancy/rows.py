"""Read and insert rows with cached SQL statements, where building a queryset costs more than the query itself.

Columns and conversions come from the models. Meant for look-ups by key and inserts on frequently called paths; use
querysets everywhere else. The connection guard and row-level security apply as usual.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connection, models
from uuid_utils.compat import uuid7

from paktaleem.foundation.tenancy.context import is_limited

type Column = models.Field[Any, Any]

type SqlValues = dict[str, Any]
"""Parameters of a statement by name, as psycopg adapts them."""
type Columns = list[Column]


def find_row[M: models.Model](
    model: type[M], where: str, values: Mapping[str, object], *, beside: str = ""
) -> M | None:
    """Return the row that matches a condition, or None; see ``find_rows``."""
    return next(iter(find_rows(model, where, values, beside=beside)), None)


def find_rows[M: models.Model](model: type[M], where: str, values: Mapping[str, Any], *, beside: str = "") -> list[M]:
    """Return the rows ``r`` that match an SQL condition, a constant in the source, with parameters from ``values``.

    ``beside`` names a foreign key to load in the same query, as ``select_related`` does.
    """
    fields = _concrete_fields(model)
    with connection.cursor() as cursor:
        cursor.execute(_select(model, where, beside), values)
        found = cursor.fetchall()
    rows = [_build_row(model, row[: len(fields)]) for row in found]
    if beside:
        other = _related_model(model, beside)
        for row, values_of_both in zip(rows, found, strict=True):
            setattr(row, beside, _build_row(other, values_of_both[len(fields) :]))
    return rows


def insert_rows(*rows: models.Model, also: str = "", values: Mapping[str, Any] | None = None) -> None:
    """Insert rows of one or several tables in one statement; each may refer to those before it.

    For staff limited to schools it is a statement for each: their policies see no rows of the same statement.
    ``also`` is another writing statement (INSERT, UPDATE) executed in the same query, with ``%(name)s`` parameters
    from ``values``. Raises TypeError for a tracked model: ``save_tracked`` writes its history.
    """
    with connection.cursor() as cursor:
        if is_limited():
            for row in rows:
                cursor.execute(_insert((type(row),), ""), _values_of([row]))
            if also:
                cursor.execute(also, values)
        else:
            statement = _insert(tuple(type(row) for row in rows), also)
            cursor.execute(statement, {**_values_of(rows), **(values or {})})
    _mark_saved(rows)


def _values_of(rows: Sequence[models.Model]) -> SqlValues:
    return {
        f"v{number}_{field.column}": field.get_db_prep_save(field.pre_save(row, True), connection)
        for number, row in enumerate(rows)
        for field in _insertable_fields(type(row))
    }


def insert_many(rows: Sequence[models.Model]) -> None:
    """Insert many rows of one table, in order, in one statement with one parameter for each column.

    Django's ``bulk_create`` does the same, but if the table has a column of bytes or an array, it sends a parameter for
    each value, and building and parsing these costs several times the insert. Raises TypeError for a tracked model.
    """
    if not rows:
        return
    model = type(rows[0])
    columns = [[_to_element(field, row) for row in rows] for field in _insertable_fields(model)]
    with connection.cursor() as cursor:
        cursor.execute(_insert_many(model), columns)
    _mark_saved(rows)


def _mark_saved(rows: Sequence[models.Model]) -> None:
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def _to_element(field: Column, row: models.Model) -> object:
    """Return a column's value as one element of an array; an array, which has no equal length, as its text."""
    value = field.get_db_prep_save(field.pre_save(row, True), connection)
    if not isinstance(field, ArrayField) or value is None:
        return value.value if isinstance(value, Enum) else value
    escaped = (None if one is None else str(one).replace("\\", "\\\\").replace('"', '\\"') for one in value)
    return f"{{{','.join('NULL' if one is None else f'"{one}"' for one in escaped)}}}"


@cache
def _concrete_fields(model: type[models.Model]) -> Columns:
    return list(model._meta.concrete_fields)


@cache
def _insertable_fields(model: type[models.Model]) -> Columns:
    return [field for field in _concrete_fields(model) if not field.generated]


@cache
def _conversions(model: type[models.Model]) -> list[tuple[int, Any]]:
    found = enumerate(_concrete_fields(model))
    return [(place, convert) for place, field in found for convert in field.get_db_converters(connection)]


def _related_model(model: type[models.Model], name: str) -> type[models.Model]:
    other: type[models.Model] = model._meta.get_field(name).related_model  # type: ignore[assignment]  # a foreign key, whose model is loaded
    return other


def _build_row[M: models.Model](model: type[M], values: Sequence[object]) -> M:
    made = list(values)
    for place, convert in _conversions(model):
        made[place] = convert(made[place], None, connection)
    row: M = model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in _concrete_fields(model)], made)
    return row


@cache
def _select(model: type[models.Model], where: str, beside: str) -> str:
    table, columns = model._meta.db_table, [f"r.{field.column}" for field in _concrete_fields(model)]
    join = ""
    if beside:
        other, own = _related_model(model, beside), model._meta.get_field(beside)
        columns += [f"o.{field.column}" for field in _concrete_fields(other)]
        join = f" JOIN {other._meta.db_table} o ON o.{other._meta.pk.column} = r.{own.column}"  # type: ignore[union-attr]  # each of our tables has a primary key
    return f"SELECT {', '.join(columns)} FROM {table} r{join} WHERE {where}"  # noqa: S608 -- names of the models, a condition of the source


@cache
def _insert(written: tuple[type[models.Model], ...], also: str) -> str:
    statements = []
    for number, model in enumerate(written):
        _refuse_tracked(model)
        columns = [str(field.column) for field in _insertable_fields(model)]
        values = ", ".join(f"%(v{number}_{column})s" for column in columns)
        statements.append(f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES ({values})")  # noqa: S608 -- names of the models
    *before, last = [*statements, also] if also else statements
    together = ", ".join(f"w{number} AS ({statement})" for number, statement in enumerate(before))
    return f"WITH {together} {last}" if before else last


@cache
def _insert_many(model: type[models.Model]) -> str:
    _refuse_tracked(model)
    columns: list[str] = []
    types: list[str] = []
    selected: list[str] = []
    for field in _insertable_fields(model):
        column = str(field.column)
        columns.append(column)
        if isinstance(field, ArrayField):
            types.append("text")
            selected.append(f"u.{column}::{_type_without_length(field.base_field)}[]")
        else:
            types.append(_type_without_length(field))
            selected.append(f"u.{column}")
    names, found = ", ".join(columns), ", ".join(selected)
    sent = f"unnest({', '.join(f'%s::{one}[]' for one in types)}) AS u ({names})"
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT {found} FROM {sent}"  # noqa: S608 -- names of the model


def _type_without_length(field: Column) -> str:
    """Return a column's type; with its length, a longer value would be cut off instead of refused."""
    return str(field.db_type(connection)).partition("(")[0]


def _refuse_tracked(model: type[models.Model]) -> None:
    if hasattr(model, "history"):
        raise TypeError(f"{model.__name__} is tracked: save it with save_tracked, which writes its history.")


class MigratesAs:
    """Mixin of a field class: ``migrates_as`` is the path of the Django field that migrations name.

    A field's own validators go into ``default_validators``, which migrations leave out.
    """

    migrates_as: ClassVar[str]

    def deconstruct(self) -> Any:
        name, _, positional, named = super().deconstruct()  # type: ignore[misc]  # of the field class beside this mixin
        return name, self.migrates_as, positional, named


PAKTALEEM = UUID("01900000-0000-7000-8000-000000000001")
"""PakTaleem's own client: controller of its own purposes and owner of the shared catalogue."""

UUID7_SQL = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING %(clock)s FROM 1 FOR 6), 52, 1), 53, 1),"
    " 'hex')::uuid"
)
"""SQL of a UUIDv7: a version 4 with two bits changed; ``clock`` is its first 48 bits, see ``clock_bytes``."""


def clock_bytes(at: datetime) -> bytes:
    """Return the first 48 bits of a UUIDv7: the milliseconds of its time."""
    return int(at.timestamp() * 1000).to_bytes(6)


def new_id() -> UUID:
    """Return a new row id (UUIDv7), time-ordered so that indexes stay dense."""
    return uuid7()
