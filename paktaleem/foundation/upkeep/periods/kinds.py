"""Kinds of data that the portal holds itself, each with the period after which it is disposed of (policy §4).

An app connects each of its kinds to ``data_kinds``. A table names its kind in ``TablePolicy.disposed_as``; decision
0076 says why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _, ngettext

from paktaleem.foundation.operations.extensions import ExtensionPoint


class Disposal(models.TextChoices):
    ROWS = "rows", _("Rows deleted")
    KEY = "key", _("Key destroyed: the content cannot be read any more")
    CONTENT = "content", _("Content deleted: the row stays as evidence")
    UNLINKED = "unlinked", _("Link to the person destroyed")


class Unit(models.TextChoices):
    HOURS = "hours", _("hours")
    DAYS = "days", _("days")


def describe_length(number: int, unit: Unit) -> str:
    if unit is Unit.HOURS:
        return ngettext("{number} hour", "{number} hours", number).format(number=f"{number:,}")
    return ngettext("{number} day", "{number} days", number).format(number=f"{number:,}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The default length of a period, its minimum and its maximum. Raises ValueError if they are not in order."""

    default: int
    minimum: int
    maximum: int
    unit: Unit = Unit.DAYS

    def __post_init__(self) -> None:
        if not 0 < self.minimum <= self.default <= self.maximum:
            raise ValueError(f"A period needs 0 < minimum ≤ default ≤ maximum: {self}.")

    def length(self, number: int) -> timedelta:
        return timedelta(hours=number) if self.unit is Unit.HOURS else timedelta(days=number)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DataKind:
    """One kind of the portal's own data.

    ``counted_from`` says in words when the period starts. ``bounds`` is None if no period of its own applies: then
    ``counted_from`` says what ends it. ``due`` returns the rows that are due at a time, in the current context, and
    ``purge`` disposes of a batch of a client's (``client_id``, ``actor``, ``at``) and returns how many. Without it,
    rows of the tables that name the kind are deleted by their ``disposed_from``, after ``margin``. ``purge_all``
    disposes of data that belongs to no client. ``is_counted`` is False if another task does it: the ledger has each.
    ``is_quick`` is False if the page of the periods does not say how many are due, because that reads too much.
    """

    code: str
    name: Promise
    counted_from: Promise
    disposal: Disposal
    bounds: Bounds | None = None
    margin: timedelta = timedelta()
    due: Callable[[datetime], QuerySet[Any]] | None = None
    purge: Callable[..., int] | None = None
    purge_all: Callable[[datetime], int] | None = None
    is_counted: bool = True
    is_quick: bool = True


data_kinds: ExtensionPoint[DataKind] = ExtensionPoint(
    "periods.data_kinds", "The kinds of data that an app holds, with their periods and how they are disposed of."
)


def list_kinds() -> list[DataKind]:
    return sorted(data_kinds, key=lambda kind: kind.code)


def get_kind(code: str) -> DataKind:
    """Return a kind by its code. Raises KeyError if no app declares it."""
    return {kind.code: kind for kind in data_kinds}[code]
