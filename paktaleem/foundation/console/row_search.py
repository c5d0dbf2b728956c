"""A search of rows that have a page in the console, as most apps declare it for the search box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q
from django.http import HttpRequest
from django.utils.text import capfirst

from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.search import MOST_OF_A_KIND, Hit, Hits, SearchText
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text

__all__ = ["RowSearch"]


@dataclass(frozen=True)
class RowSearch:
    """A handler of ``searches`` that finds rows which have a page: by id, and by fields that equal or contain the text.

    The page decides who may see them, row-level security which. Codes and numbers are compared in the letter case in
    which they are stored: ``upper`` for numbers.
    """

    model: type[Model]
    fields: Sequence[str] = ()
    contains: bool = False
    upper: bool = False

    def __call__(self, request: HttpRequest, wanted: SearchText) -> Hits:
        """Return the first few rows."""
        page: Any = site.get_model_admin(self.model)
        name = capfirst(translate_text(page.opts.verbose_name_plural))
        matches = self._matches(wanted)
        if matches is None or not page.has_view_permission(request):
            return Hits(name, [])
        rows = page.get_queryset(request).filter(matches).order_by("pk")[:MOST_OF_A_KIND]
        return Hits(name, [self._hit(page, row, wanted, request) for row in rows])

    def _matches(self, wanted: SearchText) -> Q | None:
        if wanted.id is not None:
            return Q(pk=wanted.id)
        if not self.fields:
            return None
        text = wanted.text.upper() if self.upper else wanted.text
        return _any_of([f"{one}__icontains" if self.contains else one for one in self.fields], text)

    def _hit(self, page: Any, row: Model, wanted: SearchText, request: HttpRequest) -> Hit:
        known = {str(row.pk), *(str(getattr(row, one)).casefold() for one in self.fields)}
        note = page.owner(row) if page.owner_column and actor_of(request).client_id is None else ""
        is_exact = wanted.id is not None or wanted.text.casefold() in known
        return Hit(str(row), page.url_of("change", row), note, is_exact)


def _any_of(lookups: Sequence[str], value: Any) -> Q:
    return Q(*((one, value) for one in lookups), _connector=Q.OR)
