"""Declarations of rows that need a person, each beside its model, as the attribute ``due``.

The first page of the console, its digest and the filters of its lists are made from these declarations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.roles import Capability

type Condition = Q | Callable[[Any, datetime], QuerySet[Any]]
"""Which rows: a condition, or a function that narrows a query set as of a time on the clock of their client."""


class Severity(IntEnum):
    """How urgent a line of the first page is."""

    NONE = 0
    TO_DO = 1
    URGENT = 2
    OVERDUE = 3

    @property
    def label(self) -> Promise:
        """The word beside the icon."""
        return _LABELS[self]


_LABELS = {
    Severity.NONE: _("For information"),
    Severity.TO_DO: _("To do"),
    Severity.URGENT: _("Urgent"),
    Severity.OVERDUE: _("Overdue"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Rows of a model that need a person with the capability ``who``.

    ``query`` is the query of the model's list that shows exactly these rows; ``progress=…`` becomes a choice of its
    filter. ``on`` names the field with the day or time by which a row must be done, ``since`` the field with the time
    from which it waits; at most one of them is given.
    """

    label: Promise
    note: Promise
    who: Capability
    rows: Condition
    query: str
    on: str = ""
    since: str = ""
    severity: Severity = Severity.TO_DO

    @property
    def progress(self) -> str:
        """The choice of the list's filter, empty if another filter shows the rows."""
        name, _equals, value = self.query.partition("=")
        return value if name == "progress" else ""


def due_by_second_person(
    label: Promise, who: Capability, *, kind: str = "", severity: Severity = Severity.TO_DO
) -> Due:
    """Return the declaration of a ``RequestedChange`` whose rows, of one ``kind`` or all, wait for a second person."""
    note = _("a second person must approve or decline")
    rows, query = Q(state="waiting"), "state__exact=waiting"
    if kind:
        rows, query = rows & Q(kind=kind), f"{query}&kind__exact={kind}"
    return Due(label=label, note=note, who=who, rows=rows, query=query, since="requested_at", severity=severity)


def get_dues_of(model: type[Model]) -> tuple[Due, ...]:
    """Return what a model declares, as a tuple or a function; its proxies and historical tables declare their own."""
    declared: tuple[Due, ...] | Callable[[], tuple[Due, ...]] = vars(model).get("due", ())
    return declared() if callable(declared) else declared


@cache
def list_dues() -> list[tuple[type[Model], Due]]:
    return [(model, due) for model in apps.get_models() for due in get_dues_of(model)]
