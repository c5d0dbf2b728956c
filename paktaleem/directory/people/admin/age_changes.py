"""Console pages for age changes: view a proposal, confirm or decline it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.people.age_changes import AgeChange
from paktaleem.directory.people.age_gate import AGE_GATE_FIELDS
from paktaleem.directory.people.fields import PERSONAL_FIELDS
from paktaleem.directory.people.roles import SubjectRole
from paktaleem.directory.people.services.age_settlement import open_age_change, settle_age_change
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text

_LABELS = {
    "role": gettext_noop("Role"),
    "other_roles": gettext_noop("Other roles"),
    **{field.name: field.label for field in PERSONAL_FIELDS if field.name in AGE_GATE_FIELDS},
    "country": gettext_noop("Country"),
}


def _show_proposal(row: AgeChange, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    common = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    values = open_age_change(row, **common)
    owner: AgeChangeAdmin = site.get_model_admin(AgeChange)
    shown = [(translate_text(label), _to_text(values.get(name))) for name, label in _LABELS.items()]
    url = owner.url_of("change", row)
    return owner.page(request, row, "console/revealed.html", title=gettext("Personal data"), shown=shown, row_url=url)


def _to_text(value: Any) -> Any:
    return ", ".join(str(SubjectRole(role).label) for role in value) if isinstance(value, tuple) else value


@admin.register(AgeChange, site=site)
class AgeChangeAdmin(ScopedAdmin):
    """Age changes that would let a child decide for themselves."""

    view_capability = Capability.VIEW_PERSON_CHANGES
    ledger_families = ("subject",)
    asks_reason = False
    list_display = ("requested_at", "standing", "subject", "route", "owner")
    list_filter = ("state", "client")
    newest_by = "requested_at"
    sortable_by = ()
    detail_fields = ("standing", "subject", "route", "requested_at", "settled_at")
    intro = "A birth date, age or role that would let a child decide has no effect until a second person confirms it."
    empty_text = "No age changes are waiting for confirmation."
    standing = change_state_column
    acts = (
        RowAction(
            "look",
            "View the proposal",
            Capability.REVEAL_PERSONAL_DATA,
            _show_proposal,
            lead="Your name and the reason are recorded before the data is shown.",
        ),
        *approval_actions(
            settle_age_change,
            approve="Confirm age",
            decline="Decline age",
            lead="The change takes effect immediately. Confirm it only if the school's records show it.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related subject."""
        return super().get_queryset(request).select_related("subject")
