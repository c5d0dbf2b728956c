"""Rows by statements that are written once, where Django's writing them anew costs more than the database's answer.

The models still say what the columns are and how values are converted. For look-ups by a key and inserts on paths
that are asked thousands of times; everything else is what querysets are for. The connection's guard and row-level
security stand as everywhere.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, models

__all__ = ["find_row", "find_rows", "insert_together"]

type Columns = list[models.Field[Any, Any]]


def find_row[M: models.Model](model: type[M], where: str, values: Mapping[str, Any], *, beside: str = "") -> M | None:
    """Return the row that a condition names, or None; see ``find_rows``."""
    return next(iter(find_rows(model, where, values, beside=beside)), None)


def find_rows[M: models.Model](model: type[M], where: str, values: Mapping[str, Any], *, beside: str = "") -> list[M]:
    """Return the rows ``r`` for which a condition in SQL holds, with its ``%(name)s`` filled in from ``values``.

    ``beside`` names a foreign key whose row is read along, as ``select_related`` would. The condition is written in
    the source, never made of input.
    """
    fields = _fields(model)
    with connection.cursor() as cursor:
        cursor.execute(_select(model, where, beside), values)
        found = cursor.fetchall()
    rows = [_made(model, row[: len(fields)]) for row in found]
    if beside:
        other = _other(model, beside)
        for row, values_of_both in zip(rows, found, strict=True):
            setattr(row, beside, _made(other, values_of_both[len(fields) :]))
    return rows


def insert_together(*rows: models.Model, also: str = "", values: Mapping[str, Any] | None = None) -> None:
    """Insert rows of one or several tables in one statement; each may refer to each, as keys are checked at its end.

    ``also`` is a writing statement of its own that goes with them, its ``%(name)s`` filled in from ``values``.
    Raises TypeError for a tracked model: its history is written by ``save_tracked``.
    """
    sent = {
        f"v{number}_{field.column}": field.get_db_prep_save(field.pre_save(row, True), connection)
        for number, row in enumerate(rows)
        for field in _written(type(row))
    }
    with connection.cursor() as cursor:
        cursor.execute(_insert(tuple(type(row) for row in rows), also), {**sent, **(values or {})})
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@cache
def _fields(model: type[models.Model]) -> Columns:
    return list(model._meta.concrete_fields)


@cache
def _written(model: type[models.Model]) -> Columns:
    """Give the columns that are sent: what the database generates itself is not."""
    return [field for field in _fields(model) if not field.generated]


@cache
def _conversions(model: type[models.Model]) -> list[tuple[int, Any]]:
    found = enumerate(_fields(model))
    return [(place, convert) for place, field in found for convert in field.get_db_converters(connection)]


def _other(model: type[models.Model], name: str) -> type[models.Model]:
    other: type[models.Model] = model._meta.get_field(name).related_model  # type: ignore[assignment]
    return other


def _made[M: models.Model](model: type[M], values: tuple[Any, ...]) -> M:
    made = list(values)
    for place, convert in _conversions(model):
        made[place] = convert(made[place], None, connection)
    row: M = model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in _fields(model)], made)
    return row


@cache
def _select(model: type[models.Model], where: str, beside: str) -> str:
    table, columns = model._meta.db_table, [f"r.{field.column}" for field in _fields(model)]
    join = ""
    if beside:
        other, own = _other(model, beside), model._meta.get_field(beside)
        columns += [f"o.{field.column}" for field in _fields(other)]
        join = f" JOIN {other._meta.db_table} o ON o.{other._meta.pk.column} = r.{own.column}"  # type: ignore[union-attr]
    return f"SELECT {', '.join(columns)} FROM {table} r{join} WHERE {where}"  # noqa: S608 -- names of the models, a condition of the source


@cache
def _insert(written: tuple[type[models.Model], ...], also: str) -> str:
    statements = [_insert_one(number, model) for number, model in enumerate(written)]
    *before, last = [*statements, also] if also else statements
    together = ", ".join(f"w{number} AS ({statement})" for number, statement in enumerate(before))
    return f"WITH {together} {last}" if before else last


def _insert_one(number: int, model: type[models.Model]) -> str:
    if hasattr(model, "history"):
        raise TypeError(f"{model.__name__} is tracked: save_tracked keeps its history.")
    columns = [str(field.column) for field in _written(model)]
    values = ", ".join(f"%(v{number}_{column})s" for column in columns)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608 -- names of the models
