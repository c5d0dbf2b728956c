"""Console pages of erasures: the list by stage, the preview, the systems' answers, and the certificate."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.admin.panels import orders_panel
from paktaleem.directory.data_systems.order_cases import OrderCase, order_cases
from paktaleem.directory.data_systems.services.erasure import ERASURE
from paktaleem.directory.people.erasure_hooks import list_blockers
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import is_other_person
from paktaleem.foundation.console.certificate_actions import certificate_actions
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import moment, reason_label, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from rights.erasures.admin.forms import ApproveForm, preview_panel
from rights.erasures.facts import AUTHORITY
from rights.erasures.models import ErasureProposal, Stage
from rights.erasures.pdf import render_certificate
from rights.erasures.preview import preview_erasure
from rights.erasures.selectors import find_certificate
from rights.erasures.services.notices import list_notices
from rights.erasures.services.proposals import cancel_erasure, decide_erasure
from rights.requests.models.requests import PARENT as REQUEST

_TONES = {
    Stage.PROPOSED: "warn",
    Stage.COOLING_OFF: "warn",
    Stage.VERIFYING: "bad",
    Stage.CERTIFIED: "good",
    Stage.CHANGED: "bad",
}
_SECTIONS = {
    "person": _("Fields of the person"),
    "holdings": _("Data in systems"),
    "consents": _("Consents"),
    "limits": _("Restrictions and objections"),
    "guardians": _("Guardians"),
    "requests": _("Rights requests"),
    "incidents": _("Incidents and quarantine"),
    AUTHORITY: _("The guardian who requested it has no authority any more"),
    "holds": _("Holds"),
}
_FAULTS = {
    "consent_given": _("A consent for one of the purposes is in effect."),
    "erasure_list": _("The erasure list outside the database has no line of this erasure."),
    "key": _("The key of the person still exists."),
    "order_open": _("An order of the erasure is open."),
    "systems.order.named": _("An open order of another case still names the person: have it answered, or waive it."),
}
"""Findings of a verification in words; another one is shown by its code."""


def _stage_pill(row: ErasureProposal) -> SafeString:
    words = row.get_stage_display()
    if row.stage == Stage.COOLING_OFF:
        words = gettext("Cooling-off until {day}").format(day=moment(row.cooling_ends_at))
        if row.cooling_ends_at is not None and row.cooling_ends_at <= get_time_of(row.client_id):
            words = gettext("Cooling-off over: answer the requests")
    return render_state(words, _TONES.get(Stage(row.stage), "calm"))


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _approve(row: ErasureProposal, given: dict[str, Any], request: HttpRequest) -> None:
    decide_erasure(row, approve=True, reason=given["reason"], **_by(request))


def _decline(row: ErasureProposal, given: dict[str, Any], request: HttpRequest) -> None:
    decide_erasure(row, approve=False, reason=given["reason"], **_by(request))


def _cancel(row: ErasureProposal, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    cancel_erasure(row, **_by(request))


def _is_proposed(row: ErasureProposal, _at: datetime) -> bool:
    return row.stage == Stage.PROPOSED


def _is_certified(row: ErasureProposal, _at: datetime) -> bool:
    return row.stage == Stage.CERTIFIED


@admin.register(ErasureProposal, site=site)
class ErasureProposalAdmin(ExportableAdmin, EvidenceAdmin):
    """Erasures, from the proposal to the certificate."""

    view_capability = Capability.VIEW_ERASURES
    ledger_families = ("erasure",)
    list_display = ("number", "standing", "extent", "person", "requested_at", "owner")
    list_filter = ("stage", "client")
    exported = {
        "number": "number",
        "person": "subject__external_id",
        "request": "request__number",
        "extent": "extent",
        "purposes": "purposes",
        "categories": "categories",
        "reason": "reason",
        "stage": "stage",
        "requested_at": "requested_at",
        "settled_at": "settled_at",
        "cooling_ends_at": "cooling_ends_at",
        "started_at": "started_at",
        "ended_at": "ended_at",
    }
    newest_by = "requested_at"
    detail_fields = (
        "number",
        "standing",
        "extent",
        "person",
        "served",
        "why",
        "requested_at",
        "settled_at",
        "cooling_ends_at",
        "started_at",
        "ended_at",
    )
    intro = (
        "An erasure is proposed, approved by a second person, and starts after a cooling-off in which it can be "
        "cancelled. Then every system is ordered to erase; the key is destroyed once all have answered, and a "
        "certificate says what was done."
    )
    empty_text = "No erasure was proposed."
    standing = state_column(_stage_pill)
    acts = (
        RowAction(
            "approve",
            "Approve erasure",
            Capability.APPROVE_ERASURES,
            _approve,
            form=ApproveForm,
            lead="You are the second person. Look at what goes and what stays. The cooling-off starts now, and the "
            "person is informed.",
            done="Approved. The cooling-off runs.",
            danger=True,
            applies=_is_proposed,
            offered_to=is_other_person,
            template="console/propose_erasure.html",
        ),
        RowAction(
            "decline",
            "Decline erasure",
            Capability.APPROVE_ERASURES,
            _decline,
            lead="Nothing is erased: the proposal ends. It is recorded who declined it, and why.",
            done="Declined. Nothing has changed.",
            applies=_is_proposed,
        ),
        RowAction(
            "cancel",
            "Cancel erasure",
            Capability.PROPOSE_ERASURES,
            _cancel,
            form=ActionForm,
            lead="Nothing is erased. It can be proposed again.",
            done="Cancelled. Nothing was erased.",
            applies=lambda row, _: row.is_before_start,
        ),
        *certificate_actions(
            Capability.VIEW_ERASURES,
            find=find_certificate,
            render=render_certificate,
            name=lambda row: f"erasure-{row.number}",
            applies=_is_certified,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select the person and the request."""
        found: QuerySet[Any] = super().get_queryset(request).select_related("subject", "request", "erasure")
        return found

    def panels(self, request: HttpRequest, row: ErasureProposal) -> list[dict[str, Any]]:
        """Return the state, and the preview before the start or the systems' answers after it."""
        found = [*super().panels(request, row), _standing_panel(row)]
        if row.is_before_start:
            with in_client(row.client_id):
                about: dict[str, Any] = {
                    "purposes": row.purposes,
                    "categories": row.categories,
                    "serving": row.request_id,
                }
                preview = preview_erasure(row.subject, at=get_action_time(request), **about)
                return [*found, preview_panel(preview, row.client_id)]
        case = row.erasure or row.request
        if row.started_at is not None and case is not None and may(request, Capability.VIEW_ORDERS, row.client_id):
            found.append(orders_panel(case, ERASURE if row.erasure else REQUEST))
        return found

    @admin.display(description="person")
    def person(self, row: ErasureProposal) -> SafeString:
        """Return a link to the person."""
        url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.subject)

    @admin.display(description="request")
    def served(self, row: ErasureProposal) -> SafeString | str:
        """Return a link to the request that it carries out."""
        if row.request is None:
            return "—"
        url = reverse("admin:rights_rightsrequest_change", args=[row.request_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.request)

    @admin.display(description="reason")
    def why(self, row: ErasureProposal) -> str:
        """Return the reason of the proposal."""
        return reason_label(row.reason)


def _standing_panel(row: ErasureProposal) -> dict[str, Any]:
    certificate = find_certificate(row)
    return {
        "template": "console/panels/erasure_standing.html",
        "row": row,
        "changed": [_SECTIONS.get(name, name) for name in row.changed],
        "notices": list_notices(row).order_by("queued_at"),
        "faults": [_FAULTS.get(code, code) for code in row.faults],
        "waits": list_blockers(row.erasure) if row.stage == Stage.ORDERED and row.erasure else [],
        "sha256": certificate.sha256 if certificate else "",
    }


searches.connect(RowSearch(ErasureProposal, ("number",), upper=True))
order_cases.connect(OrderCase(ERASURE, ErasureProposal, field="erasure_id"))
