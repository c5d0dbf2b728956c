"""Kinds of data that the portal holds itself, each with the period after which it is disposed of (policy §4).

An app lists its kinds in ``data_kinds.py`` and connects the function to ``data_kinds``. A table names its kind in
``TablePolicy.disposed_as``; decision 0076 says why.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.operations.extensions.points import ExtensionPoint


class Disposal(models.TextChoices):
    """How data of a kind is disposed of."""

    ROWS = "rows", _("Rows deleted")
    KEY = "key", _("Key destroyed: the content cannot be read any more")
    CONTENT = "content", _("Content deleted: the row stays as evidence")
    UNLINKED = "unlinked", _("Link to the person destroyed")


class Unit(models.TextChoices):
    """The unit of a period."""

    HOURS = "hours", _("hours")
    DAYS = "days", _("days")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The default length of a period, its minimum and its maximum, all in one unit and above zero.

    Raises ValueError if they are not in order.
    """

    default: int
    minimum: int
    maximum: int
    unit: Unit = Unit.DAYS

    def __post_init__(self) -> None:
        """Raise ValueError unless 0 < minimum ≤ default ≤ maximum."""
        if not 0 < self.minimum <= self.default <= self.maximum:
            raise ValueError(f"A period needs 0 < minimum ≤ default ≤ maximum: {self}.")

    def length(self, number: int) -> timedelta:
        """Return a number of the unit as a duration."""
        return timedelta(hours=number) if self.unit is Unit.HOURS else timedelta(days=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKind:
    """One kind of the portal's own data.

    ``counted_from`` says in words when the period starts. ``bounds`` is None if no period of its own applies: then
    ``counted_from`` says what ends it. ``task`` is the worker's task that disposes of it. ``due`` returns the rows that
    are due at a time, for the console; None if officers cannot read the table. ``is_counted`` is False if the task
    does much else and counts no disposals: the ledger has each of them.
    """

    code: str
    name: Any
    counted_from: Any
    disposal: Disposal
    task: str
    bounds: Bounds | None = None
    due: Callable[[datetime], QuerySet[Any]] | None = None
    is_counted: bool = True


data_kinds: ExtensionPoint[Callable[[], Iterable[DataKind]]] = ExtensionPoint(
    "periods.data_kinds", "Lists the kinds of data that an app holds, with their periods and how they are disposed of."
)


def list_kinds() -> list[DataKind]:
    """List every kind, by code."""
    return sorted((kind for handler in data_kinds for kind in handler()), key=lambda kind: kind.code)


def get_kind(code: str) -> DataKind:
    """Return a kind by its code. Raises KeyError if no app declares it."""
    for handler in data_kinds:
        for kind in handler():
            if kind.code == code:
                return kind
    raise KeyError(code)
