"""Changes of ages in the console: look at what is proposed, confirm or decline it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_noop

from paktaleem.accounts.roles import Capability
from paktaleem.console.acts import Act
from paktaleem.console.asking import actor_of, received_at
from paktaleem.console.columns import pill
from paktaleem.console.model_admin import ScopedAdmin, state_column
from paktaleem.console.site import site
from paktaleem.console.words import translated
from paktaleem.subjects.models import AgeChange, AgeChangeState
from paktaleem.subjects.services import (
    AgeChangeSettled,
    AlreadyErased,
    SamePerson,
    open_age_change,
    settle_age_change,
)

__all__ = ["AgeChangeAdmin"]

_TONES = {"waiting": "warn", "approved": "good", "declined": "bad", "replaced": "calm"}
_LABELS = {
    "role": gettext_noop("Role"),
    "birth_date": gettext_noop("Birth date"),
    "attested_age": gettext_noop("Attested age"),
    "declared_age": gettext_noop("Declared age"),
    "age_check": gettext_noop("Age check of a provider"),
    "country": gettext_noop("Country"),
}
_REFUSALS: dict[type[Exception], str] = {
    AgeChangeSettled: "Somebody was quicker: it is settled.",
    AlreadyErased: "The person is erased.",
    SamePerson: "You asked for this yourself: a second person must approve.",
}


def _look(row: AgeChange, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    told = {"actor": actor_of(request), "reason": given["reason"], "at": received_at(request)}
    values = open_age_change(row, **told)
    owner: AgeChangeAdmin = site.get_model_admin(AgeChange)  # type: ignore[assignment]
    shown = [(translated(label), values.get(name)) for name, label in _LABELS.items()]
    url = owner.url_of("change", row)
    return owner.page(request, row, "console/revealed.html", title=gettext("Personal data"), shown=shown, row_url=url)


def _approve(row: AgeChange, given: dict[str, Any], request: HttpRequest) -> None:
    settle_age_change(row, approve=True, reason=given["reason"], actor=actor_of(request), at=received_at(request))


def _decline(row: AgeChange, given: dict[str, Any], request: HttpRequest) -> None:
    settle_age_change(row, approve=False, reason=given["reason"], actor=actor_of(request), at=received_at(request))


def _waits(row: AgeChange, _at: Any) -> bool:
    return row.state == AgeChangeState.WAITING


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
    standing = state_column(lambda row: pill(row.get_state_display(), _TONES[row.state]))
    acts = (
        Act(
            "look",
            "Look at the proposal",
            Capability.REVEAL_PERSONAL_DATA,
            _look,
            lead="Who looked and why is recorded before anything is shown.",
            refusals=_REFUSALS,
        ),
        Act(
            "approve",
            "Confirm age",
            Capability.SETTLE_CHILD_CHANGES,
            _approve,
            lead="It takes effect now. Confirm only what the school's own papers say.",
            done="Confirmed.",
            applies=_waits,
            refusals=_REFUSALS,
        ),
        Act(
            "decline",
            "Decline age",
            Capability.SETTLE_CHILD_CHANGES,
            _decline,
            done="Declined: nothing changes.",
            applies=_waits,
            refusals=_REFUSALS,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bring the person along."""
        return super().get_queryset(request).select_related("subject")
