"""Lists that show their first rows only, and say so.

Every list that a person reads and that has an end goes through ``take_first`` or ``take_latest``: the page shows the
``note`` beside it. ``tests/project/test_cut_lists.py`` finds lists that are cut in another way, and
``tools/cut_lists.py`` pages of any test that leave the note out.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext


class FirstRows[Row](list[Row]):
    """The first rows of a list, at most ``most``; ``next_row`` is the first one that is not shown, None if all are."""

    def __init__(
        self, rows: Iterable[Row] = (), next_row: object = None, *, most: int = 0, is_latest: bool = False
    ) -> None:
        super().__init__(rows)
        self.next_row, self.most, self.is_latest = next_row, most, is_latest

    @property
    def note(self) -> str:
        """Return the sentence for the page: that only these rows are shown; empty if there are no others."""
        if self.next_row is None:
            return ""
        latest, first = gettext("Only the latest {most} are shown."), gettext("Only the first {most} are shown.")
        return (latest if self.is_latest else first).format(most=self.most)

    def with_rows[Other](self, rows: Iterable[Other]) -> "FirstRows[Other]":
        return FirstRows(rows, self.next_row, most=self.most, is_latest=self.is_latest)

    def map[Other](self, change: Callable[[Row], Other]) -> "FirstRows[Other]":
        return self.with_rows(map(change, self))


def take_first[Row](rows: QuerySet[Any, Row] | Iterable[Row], most: int) -> FirstRows[Row]:
    """Return the first ``most`` rows of a list; one query for a queryset."""
    found = list(rows[: most + 1] if isinstance(rows, QuerySet) else islice(rows, most + 1))
    return FirstRows(found[:most], found[most] if len(found) > most else None, most=most)


def take_latest[Row](rows: QuerySet[Any, Row] | Iterable[Row], most: int) -> FirstRows[Row]:
    """Return the latest ``most`` rows of a list that begins with the latest."""
    found = take_first(rows, most)
    found.is_latest = True
    return found
