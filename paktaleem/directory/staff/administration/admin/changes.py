"""The console's list of changes that take two people, of every kind."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from paktaleem.directory.staff.administration.admin.accounts import name_staff
from paktaleem.foundation.accounts.changes import (
    ProposedChange,
    build_changed_row,
    decide_proposed_change,
    get_kind,
    may_approve,
)
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import is_other_person
from paktaleem.foundation.console.approvals import approval_actions, change_state_column, describe_effect
from paktaleem.foundation.console.columns import staff_name, text_column
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import site


class ApprovalForm(RowActionForm):
    """The approval of a change, beside its effect."""

    @property
    def panel(self) -> dict[str, object]:
        return {**_describe(self.row, get_action_time(self.request)), "ground": ""}  # it is beside the requester


def _describe(change: ProposedChange, at: datetime) -> dict[str, object]:
    return describe_effect(change.kind, build_changed_row(change), at, change=change)


_APPROVE, _DECLINE = approval_actions(
    decide_proposed_change,
    approve="Approve change",
    decline="Decline change",
    lead="The change takes effect now. Approve it only if the ground convinces you.",
    capability=Capability.DECIDE_FOR_CLIENT,
    danger=True,
    form=ApprovalForm,
    template="console/approve_change.html",
    offered_to=lambda row, actor, at: is_other_person(row, actor, at) and may_approve(row, actor),
)


@admin.register(ProposedChange, site=site)
class ProposedChangeAdmin(ScopedAdmin[ProposedChange]):
    """Changes that one person proposes and a second one approves."""

    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("safeguard", "client", "period")
    asks_reason = False
    list_display = ("requested_at", "standing", "kind", "purpose", "requester", "owner")
    list_filter = ("state", "kind", "client")
    sortable_by = ()
    detail_fields = ("standing", "kind", "about", "requester", "requested_at", "settled_at")
    intro = (
        "A change that weakens or ends what protects people has no effect until a second person approves it. The "
        "filter lists the kinds of change."
    )
    empty_text = "No change that needs a second person has been requested."
    standing = change_state_column
    acts = (
        _APPROVE,
        replace(_DECLINE, offered_to=lambda row, actor, _at: actor.may(get_kind(row.kind).capability, row.client_id)),
    )
    requester = text_column(lambda row: name_staff(row.requester_name), "requested by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProposedChange]:
        requester = staff_name("requested_by", actor_of(request))
        found: QuerySet[ProposedChange] = super().get_queryset(request).annotate(requester_name=requester)
        return found

    @admin.display(description="about")
    def about(self, row: ProposedChange) -> str:
        changed = build_changed_row(row)
        stored = type(changed)._default_manager.filter(pk=row.row).first()
        parts = [format_purpose(row.purpose, row.client_id)] if row.purpose else []
        if not site.is_registered(type(changed)):
            return " · ".join([*parts, str(changed)])
        page: Any = site.get_model_admin(type(changed))
        name = page.describe_row(stored or changed)
        if stored is not None:
            name = format_html('<a href="{}">{}</a>', page.url_of("change", stored), name)
        return format_html_join(" · ", "{}", ([part] for part in (*parts, name)))

    def panels(self, request: HttpRequest, row: ProposedChange) -> list[dict[str, object]]:
        return [_describe(row, get_action_time(request))]
