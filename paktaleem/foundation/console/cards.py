"""Lines of the first page: how urgent they are, when they are due, and a link to exactly their rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.console.columns import moment_tag
from paktaleem.foundation.console.paging import LIMIT, count_with_first, format_count
from paktaleem.foundation.first_rows import take_first

MOST_CARDS = 10
"""Rows of one kind with a card of their own on the first page."""


class Severity(IntEnum):
    """How urgent a line of the first page is; the most urgent ones come first."""

    NONE = 0
    TO_DO = 1
    URGENT = 2
    OVERDUE = 3

    @property
    def label(self) -> Promise:
        """Return the word that is shown beside the icon."""
        return _LABELS[self]


_LABELS = {
    Severity.NONE: _("For information"),
    Severity.TO_DO: _("To do"),
    Severity.URGENT: _("Urgent"),
    Severity.OVERDUE: _("Overdue"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A number on the first page. One with a severity needs the reader.

    ``due_at`` is the earliest day or time by which it must be done; ``waits_since`` is when the oldest of its rows
    began to wait, if nothing says by when it must be done.
    """

    title: str
    value: str
    note: str = ""
    url: str = ""
    severity: Severity = Severity.NONE
    due_at: date | None = None
    waits_since: date | None = None

    @property
    def needs_attention(self) -> bool:
        """True if the reader has to do something."""
        return self.severity > Severity.NONE

    @property
    def due(self) -> SafeString | str:
        """Return when it is due, as a day or a time of the reader."""
        return _render(self.due_at)

    @property
    def since(self) -> SafeString | str:
        """Return since when it waits."""
        return _render(self.waits_since)


def _render(at: date | None) -> SafeString | str:
    if at is None:
        return ""
    return moment_tag(at) if isinstance(at, datetime) else format_html('<bdi dir="ltr">{}</bdi>', at.isoformat())


@dataclass(frozen=True, slots=True)
class Task:
    """Rows that need the reader, and the list that shows exactly them.

    ``due`` names the field with the day or time by which a row must be done, ``since`` the field with the time from
    which it waits. At most one of them is given.
    """

    title: str
    rows: QuerySet[Any]
    note: str
    url: str
    severity: Severity = Severity.TO_DO
    due: str = ""
    since: str = ""


type Line = Card | Task
"""A line that an app adds to the first page: a number of its own, or rows to be counted."""


def count_lines(lines: Iterable[Line]) -> list[Card]:
    """Return the cards among the lines, and one for each task that has rows; all tasks are counted in one query.

    The earliest time is left out if there are more rows than are counted.
    """
    lines = list(lines)
    tasks = [line for line in lines if isinstance(line, Task)]
    found = count_with_first(*((task.rows, task.due or task.since) for task in tasks)) if tasks else []
    counted = dict(zip(map(id, tasks), found, strict=True))
    cards = [line if isinstance(line, Card) else _to_card(line, *counted[id(line)]) for line in lines]
    return [card for card, line in zip(cards, lines, strict=True) if isinstance(line, Card) or counted[id(line)][0]]


def make_cards[Row](rows: QuerySet[Any, Row], to_card: Callable[[Row], Card], *, url: str) -> list[Card]:
    """Return a card for each of the first rows, and if there are others, one that says so, with a link to the list."""
    found = take_first(rows, MOST_CARDS)
    cards = [to_card(row) for row in found]
    if found.note:
        cards.append(Card(cards[0].title, "…", found.note, url, cards[0].severity))
    return cards


def _to_card(task: Task, count: int, first: Any) -> Card:
    first = None if count > LIMIT else first
    return Card(
        task.title,
        format_count(count),
        task.note,
        task.url,
        task.severity,
        due_at=first if task.due else None,
        waits_since=first if task.since else None,
    )


def sort_by_urgency(cards: Iterable[Card]) -> list[Card]:
    """Return the cards, most urgent first, then by the time they are due or wait since, earliest first."""
    return sorted(cards, key=_urgency)


def _urgency(card: Card) -> tuple[int, bool, str, bool, str]:
    return (
        -card.severity,
        card.due_at is None,
        _moment(card.due_at),
        card.waits_since is None,
        _moment(card.waits_since),
    )


def _moment(at: date | None) -> str:
    """Return a text that sorts by time; a day sorts before the times of that day."""
    return "" if at is None else at.isoformat()
