"""Erasures in the console."""

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from consent.agreements.selectors import has_left
from paktaleem.directory.data_systems.admin import orders_panel
from paktaleem.directory.data_systems.extension_points import OrderCase, order_cases
from paktaleem.directory.data_systems.services.issuing import ERASURE
from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.people.extension_points import list_blockers
from paktaleem.directory.people.models import Subject, SubjectRole
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.approvals import approval_actions
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import moment, reason_column, render_state, state_column
from paktaleem.foundation.console.forms import ActionForm, FormData, RowActionForm
from paktaleem.foundation.console.person_pages import REQUESTS, SummaryLine, on_tab, person_acts, person_summaries
from paktaleem.foundation.console.register_names import format_purposes
from paktaleem.foundation.console.requests import by_user_for, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, Weakens, calls, certificate_actions
from paktaleem.foundation.console.row_search import RowSearch
from paktaleem.foundation.console.search import searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.text.times import format_date, join_words
from paktaleem.foundation.text.typesetting import typeset_certificate
from rights.erasures.leavers import find_leaving
from rights.erasures.models import ErasureProposal, Stage
from rights.erasures.selectors import AUTHORITY, Preview, find_certificate, preview_erasure, preview_proposal
from rights.erasures.services.progress import find_target, is_certified, is_granted, list_notices
from rights.erasures.services.proposals import Target, cancel_erasure, decide_erasure, propose_erasure
from rights.requests.admin.acts import OfRequestAdmin, add_request_act, request_panels
from rights.requests.models import PARENT as REQUEST, RightsRequest
from rights.requests.services.steps import require_subject

_PANEL = "console/panels/erasure_preview.html"


def preview_panel(preview: Preview, client_id: UUID) -> dict[str, object]:
    purposes = format_purposes(preview.purposes, client_id)
    return {"template": _PANEL, "preview": preview, "purposes": purposes, "client_id": client_id}


class SeenForm(RowActionForm):
    """A form that shows the preview, and sends back which facts it was made from."""

    seen = forms.CharField(label="", required=False, widget=forms.HiddenInput)

    def prepare(self) -> None:
        with in_client(self.row.client_id):
            preview = self.make_preview()
            self.panel = preview_panel(preview, self.row.client_id)
        self.initial["seen"] = json.dumps(preview.facts)

    def make_preview(self) -> Preview:
        return preview_erasure(self.row, at=get_action_time(self.request))

    def clean(self) -> FormData:
        """Return the facts that were looked at; a form that is shown again is about the preview beside it."""
        cleaned = super().clean() or self.cleaned_data
        try:
            cleaned["seen"] = {str(name): str(value) for name, value in json.loads(cleaned["seen"]).items()}
        except (KeyError, ValueError, AttributeError):
            self.add_error(None, gettext("Look at the preview, and send the form again."))
        self.data = {**dict(self.data.items()), "seen": self.initial["seen"]}
        return cleaned


class ProposeForm(SeenForm):
    """Typed confirmation of a proposal to erase a person."""

    row: Subject
    confirmation = forms.CharField(
        label=_("Type the LMS id of the person"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean_confirmation(self) -> str:
        """Accept the person's own LMS id only."""
        typed = str(self.cleaned_data["confirmation"]).strip()
        if typed != self.row.external_id:
            raise forms.ValidationError(gettext("This is not the LMS id of the person."))
        return typed


class ProposeAgainForm(SeenForm):
    """A proposal to carry out a granted request, after an earlier one was sent back, declined or cancelled."""

    row: RightsRequest

    def make_preview(self) -> Preview:
        """Return the preview of what the request's decisions grant."""
        at = get_action_time(self.request)
        target = find_target(self.row, at) or Target()
        purposes, categories = target.purposes, target.categories
        person, serving = require_subject(self.row), self.row.pk
        return preview_erasure(person, at=at, purposes=purposes, categories=categories, serving=serving)


class ApproveForm(RowActionForm):
    """The second person's approval, beside the preview as it is now."""

    row: ErasureProposal

    def prepare(self) -> None:
        with in_client(self.row.client_id):
            self.panel = preview_panel(preview_proposal(self.row, at=get_action_time(self.request)), self.row.client_id)


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
    "data_systems.order.named": _(
        "An open order of another case still names the person: have it answered, or waive it."
    ),
}
"""Findings of a verification in words; another one is shown by its code."""


def _stage_pill(row: ErasureProposal) -> SafeString:
    words = row.get_stage_display()
    if row.stage == Stage.COOLING_OFF:
        words = gettext("Cooling-off until {day}").format(day=moment(row.cooling_ends_at))
        if row.cooling_ends_at is not None and row.cooling_ends_at <= get_time_of(row.client_id):
            words = gettext("Cooling-off over: answer the requests")
    return render_state(words, _TONES.get(Stage(row.stage), "calm"))


render_certificate = partial(typeset_certificate, Path(__file__).with_name("certificate.typ"))
"""Returns a certificate as PDF, in English and Urdu."""


@admin.register(ErasureProposal, site=site)
class ErasureProposalAdmin(OfRequestAdmin[ErasureProposal]):
    """Erasures, from the proposal to the certificate."""

    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("erasure",)
    list_display = ("number", "standing", "extent", "person", "requested_at", "owner")
    list_filter = ("stage", "client")
    exported = (
        "number person=subject__external_id request=request__number extent purposes categories reason stage "
        "requested_at settled_at cooling_ends_at started_at ended_at"
    )
    moments = ("requested_at", "settled_at", "cooling_ends_at", "started_at", "ended_at")
    detail_fields = (*list_display[:4], "of_request", "why", "ground", *moments)
    effect_fields = ("extent", "person", "of_request")
    entered = ("ground",)
    intro = (
        "An erasure is proposed, approved by a second person, and starts after a cooling-off in which it can be "
        "cancelled. Then every system is ordered to erase; the key is destroyed once all have answered, and a "
        "certificate says what was done."
    )
    empty_text = "No erasure was proposed."
    standing = state_column(_stage_pill)
    acts = (
        *approval_actions(
            decide_erasure,
            approve="Approve erasure",
            decline="Decline erasure",
            lead="You are the second person. Look at what goes and what stays. The cooling-off starts now, and the "
            "person is informed.",
            capability=Capability.DECIDE_ERASURES,
            danger=True,
            form=ApproveForm,
            template="console/propose_erasure.html",
        ),
        RowAction(
            "cancel",
            "Cancel erasure",
            Capability.DECIDE_ERASURES,
            calls(cancel_erasure),
            form=ActionForm,
            lead="Nothing is erased. It can be proposed again.",
            done="Cancelled. Nothing was erased.",
            applies=lambda row, _: row.is_before_start,
        ),
        *certificate_actions(
            Capability.VIEW_RECORDS,
            find=find_certificate,
            render=render_certificate,
            name=lambda row: f"erasure-{row.number}",
            applies=lambda row, _at: row.stage == Stage.CERTIFIED,
        ),
    )
    why = reason_column

    def get_queryset(self, request: HttpRequest) -> QuerySet[ErasureProposal]:
        return super().get_queryset(request).select_related("subject", "request", "erasure")

    def panels(self, request: HttpRequest, row: ErasureProposal) -> list[dict[str, object]]:
        found = [*super().panels(request, row), _standing_panel(row)]
        if row.is_before_start:
            with in_client(row.client_id):
                preview = preview_proposal(row, at=get_action_time(request))
                return [*found, preview_panel(preview, row.client_id)]
        case = row.erasure or row.request
        if row.started_at is not None and case is not None and may(request, Capability.VIEW_RECORDS, row.client_id):
            found.append(orders_panel(case, ERASURE if row.erasure else REQUEST))
        return found

    @admin.display(description="person")
    def person(self, row: ErasureProposal) -> SafeString:
        return format_html('<a href="{}">{}</a>', person_url(row.subject_id), row.subject)


def _standing_panel(row: ErasureProposal) -> dict[str, object]:
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


_MOST = 10
_LEAD = (
    "Nothing is erased yet: a second person must approve, and then the cooling-off runs, in which the person and "
    "everyone entitled can cancel. It starts only if nothing has changed by then. Once it has started, it cannot be "
    "undone."
)


_DONE = "Proposed. Nothing is erased before a second person approves."


def erasure_url(row: ErasureProposal) -> str:
    return reverse("admin:erasures_erasureproposal_change", args=[row.pk], current_app=site.name)


def _propose(row: Subject, given: FormData, request: HttpRequest) -> ErasureProposal:
    by = by_user_for(request, given["reason"])
    return propose_erasure(row, seen=given["seen"], ground=given["ground"], **by)


def _propose_again(row: RightsRequest, given: FormData, request: HttpRequest) -> ErasureProposal | None:
    at = get_action_time(request)
    target = find_target(row, at)
    if row.subject is None or target is None:
        return None
    by = by_user_for(request, Reason.SUBJECT_REQUEST)
    stated = {"seen": given["seen"], "ground": given["ground"]}
    return propose_erasure(row.subject, target=target, request=row, **stated, **by)


def _may_be_proposed_again(row: RightsRequest, at: datetime) -> bool:
    if not row.is_open or row.subject is None or not row.subject.is_recorded:
        return False
    with in_client(row.client_id):
        if ErasureProposal.objects.open().filter(client_id=row.client_id, subject=row.subject).exists():
            return False
        return is_granted(row) and find_target(row, at) is not None and not is_certified(row)


person_acts.connect(
    RowAction(
        "erase",
        "Propose erasure",
        Capability.ERASE_SUBJECTS,
        _propose,
        form=ProposeForm,
        lead=_LEAD,
        done=_DONE,
        danger=True,
        weakens=Weakens.ALWAYS,
        applies=lambda row, _: row.is_recorded,
        template="console/propose_erasure.html",
    )
)
add_request_act(
    RowAction(
        "propose-erasure",
        "Propose the erasure again",
        Capability.DECIDE_ERASURES,
        _propose_again,
        form=ProposeAgainForm,
        lead=_LEAD,
        done=_DONE,
        danger=True,
        weakens=Weakens.ALWAYS,
        applies=_may_be_proposed_again,
        template="console/propose_erasure.html",
    ),
    after="decide",
)


def _panel(found: QuerySet[ErasureProposal]) -> dict[str, object] | None:
    rows = take_latest(found.order_by("-requested_at"), _MOST).map(lambda row: (row, erasure_url(row)))
    return {"template": "console/panels/erasures.html", "rows": rows} if rows else None


@on_tab(REQUESTS)
def person_erasures(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    """Show the erasures proposed for a person; nothing for a person without one."""
    if not may(request, Capability.VIEW_RECORDS, row.client_id):
        return None
    return _panel(ErasureProposal.objects.filter(client_id=row.client_id, subject=row))


@person_summaries.connect
def summarize_erasures(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return the stage of each erasure of a person that is not over, and when it starts; a partial one is named so."""
    if not may(request, Capability.VIEW_RECORDS, row.client_id):
        return []
    found = ErasureProposal.objects.open().filter(client_id=row.client_id, subject=row).order_by("requested_at", "pk")
    return [SummaryLine(gettext("Erasure"), _describe_stage(one), erasure_url(one)) for one in found]


def _describe_stage(row: ErasureProposal) -> SafeString:
    words = str(row.get_stage_display())
    if row.stage == Stage.COOLING_OFF and row.cooling_ends_at is not None:
        words = gettext("Approved; it starts on {day}").format(day=format_date(row.cooling_ends_at))
    if not row.is_whole:
        words = f"{words} · {row.get_extent_display()}"
    return render_state(words, "bad")


@request_panels.connect
def request_erasures(request: HttpRequest, row: RightsRequest) -> dict[str, object] | None:
    """Show the erasures that carry out a request; nothing for a request without one."""
    if not may(request, Capability.VIEW_RECORDS, row.client_id):
        return None
    return _panel(ErasureProposal.objects.filter(client_id=row.client_id, request=row))


@person_summaries.connect
def summarize_leaving(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return from which day the portal erases a person who left, and what keeps them; empty for an open account."""
    at = get_action_time(request)
    is_without_account = SubjectRole.GUARDIAN in row.roles or (row.external_id or "").startswith(("contact-", "staff-"))
    if row.is_account_open and not is_without_account and not has_left(row.client_id, at=at):
        return []
    if not may(request, Capability.VIEW_HOLDINGS, row.client_id):
        return []
    found = find_leaving(row, at=at)
    if found is None:
        return []
    words = gettext("Erased from {day} on")
    if found.kept_for:
        words = gettext("Erased from {day} on, once nothing keeps it: {reasons}")
    said = words.format(day=format_date(found.due_at), reasons=join_words(found.kept_for))
    return [SummaryLine(gettext("Record in this portal"), render_state(said, "calm"))]
