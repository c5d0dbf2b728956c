"""A search of rows that have a page in the console, as most apps declare it for the search box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Model, Q
from django.db.models.functions import Collate
from django.http import HttpRequest
from django.utils.text import capfirst

from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.search import MOST_OF_A_KIND, Hit, Hits, SearchText
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.first_rows import take_first

if TYPE_CHECKING:
    from paktaleem.foundation.console.model_admin import ScopedAdmin

LAST_LETTER = "\U0010ffff"
"""Last in the collation ``C``: a range uses the index, LIKE under row-level security does not."""


@dataclass(frozen=True)
class RowSearch:
    """A handler of ``searches`` that finds rows which have a page: by id, and by fields that equal the text.

    ``contains``: or contain it, in lists of a few rows. ``begins``: or begin with it, in long lists with an index of
    the field collated as ``C``. The page decides who may see them, row-level security which. Codes and numbers are
    compared in the letter case in which they are stored: ``upper`` for numbers.
    """

    model: type[Model]
    fields: Sequence[str] = ()
    contains: bool = False
    begins: bool = False
    upper: bool = False

    def __call__(self, request: HttpRequest, wanted: SearchText) -> Hits:
        page = site.get_model_admin(self.model)
        name = capfirst(translate_text(page.opts.verbose_name_plural))
        matches = self._matches(wanted)
        if matches is None or not page.has_view_permission(request):
            return Hits(name, [])
        found = page.get_queryset(request).alias(**{_by(one): Collate(one, "C") for one in self.fields if self.begins})
        rows = take_first(found.filter(matches).order_by("pk"), MOST_OF_A_KIND)
        return Hits(name, rows.map(lambda row: self._hit(page, row, wanted, request)))

    def _matches(self, wanted: SearchText) -> Q | None:
        if wanted.id is not None:
            return Q(pk=wanted.id)
        if not self.fields:
            return None
        text = wanted.text.upper() if self.upper else wanted.text
        if self.begins:
            ends = text + LAST_LETTER
            found = (Q((f"{_by(one)}__gte", text), (f"{_by(one)}__lt", ends)) for one in self.fields)
        else:
            found = (Q((f"{one}__icontains" if self.contains else one, text)) for one in self.fields)
        return Q(*found, _connector=Q.OR)

    def _hit(self, page: "ScopedAdmin[Model]", row: Model, wanted: SearchText, request: HttpRequest) -> Hit:
        known = {str(row.pk), *(str(getattr(row, one)).casefold() for one in self.fields)}
        note = page.owner(row) if page.owner_column and actor_of(request).client_id is None else ""
        is_exact = wanted.id is not None or wanted.text.casefold() in known
        return Hit(str(row), page.url_of("change", row), note, is_exact)


def _by(field: str) -> str:
    return f"by_{field}"
