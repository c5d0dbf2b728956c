"""Changes of ages in the console: look at what is proposed, confirm or decline it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.people.models import AgeChange
from paktaleem.directory.people.services import AlreadyErased, open_age_change, settle_age_change
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, received_at
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.settling import SETTLING_REFUSALS, change_standing, settling_acts
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.words import translated

__all__ = ["AgeChangeAdmin"]

_LABELS = {
    "role": gettext_noop("Role"),
    "birth_date": gettext_noop("Birth date"),
    "attested_age": gettext_noop("Attested age"),
    "declared_age": gettext_noop("Declared age"),
    "age_check": gettext_noop("Age check of a provider"),
    "country": gettext_noop("Country"),
}
_REFUSALS: dict[type[Exception], str] = {**SETTLING_REFUSALS, AlreadyErased: "The person is erased."}


def _look(row: AgeChange, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    told = {"actor": actor_of(request), "reason": given["reason"], "at": received_at(request)}
    values = open_age_change(row, **told)
    owner: AgeChangeAdmin = site.get_model_admin(AgeChange)  # type: ignore[assignment]
    shown = [(translated(label), values.get(name)) for name, label in _LABELS.items()]
    url = owner.url_of("change", row)
    return owner.page(request, row, "console/revealed.html", title=gettext("Personal data"), shown=shown, row_url=url)


@admin.register(AgeChange, site=site)
class AgeChangeAdmin(ScopedAdmin):
    """Changes of ages that would let a child decide for themselves."""

    section = "People"
    view_capability = Capability.VIEW_SUBJECTS
    asks_reason = False
    list_display = ("requested_at", "standing", "subject", "route", "owner")
    list_filter = ("state", "client")
    newest_by = "requested_at"
    sortable_by = ()
    detail_fields = ("standing", "subject", "route", "requested_at", "settled_at")
    intro = "A birth date, age or role that would let a child decide has no effect until a second person confirms it."
    empty_text = "No change of an age waits."
    standing = change_standing
    acts = (
        Act(
            "look",
            "Look at the proposal",
            Capability.REVEAL_PERSONAL_DATA,
            _look,
            lead="Who looked and why is recorded before anything is shown.",
            refusals=_REFUSALS,
        ),
        *settling_acts(
            settle_age_change,
            approve="Confirm age",
            decline="Decline age",
            lead="It takes effect now. Confirm only what the school's own papers say.",
            refusals=_REFUSALS,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bring the person along."""
        return super().get_queryset(request).select_related("subject")
