"""The console's list of changes that take two people, of every kind; and the readmissions of people."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext as _, gettext_lazy

from paktaleem.directory.people.admin.ages import describe_roles
from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.people.models import Readmission, Subject
from paktaleem.directory.people.selectors import BY_ID, filter_by_id_prefix, list_same_person
from paktaleem.directory.people.services.erasure import approve_readmission, request_readmission
from paktaleem.directory.people.services.people import find_people, record_id_search
from paktaleem.directory.staff.administration.admin.accounts import name_staff
from paktaleem.foundation.accounts.changes import (
    ProposedChange,
    build_changed_row,
    decide_proposed_change,
    get_kind,
    may_approve,
)
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import is_other_person
from paktaleem.foundation.console.approvals import approval_actions, change_state_column, describe_effect
from paktaleem.foundation.console.columns import client_name, render_state, staff_name, state_column, text_column
from paktaleem.foundation.console.filters import ConditionFilter
from paktaleem.foundation.console.forms import RowActionForm, ScopedForm
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Fieldsets, ScopedAdmin
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import act_page
from paktaleem.foundation.console.search import MOST_OF_A_KIND, Hit, Hits, SearchText, personal_searches, searches
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


class ApprovalForm(RowActionForm):
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
class ProposedChangeAdmin(EvidenceAdmin[ProposedChange]):
    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("safeguard", "client", "period")
    list_display = ("requested_at", "standing", "kind", "purpose", "requester", "owner")
    list_filter = ("state", "kind", "client")
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


class RequestForm(ScopedForm):
    external_id = forms.CharField(
        label="LMS id",
        max_length=255,
        help_text="As the learning platform sends it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PendingFilter(ConditionFilter):
    title = parameter_name = "state"
    offered = {
        "pending": (gettext_lazy("Waiting"), Q(approved_at=None)),
        "approved": (gettext_lazy("Approved"), Q(approved_at__isnull=False)),
    }


@admin.register(Readmission, site=site)
class ReadmissionAdmin(ScopedAdmin[Readmission]):
    view_capability = Capability.VIEW_RECORDS
    add_capability = Capability.ERASE_SUBJECTS
    asks_reason = False
    form = RequestForm
    row_fields = ("external_id", "ground")
    detail_fields = ("state", "person", "requester", "requested_at", "approver", "approved_at")
    effect_fields = ("person",)
    list_display = ("requested_at", "state", "owner", "requester", "approver")
    list_filter = (PendingFilter, "client")
    sortable_by = ()
    intro = (
        "An erased person who asks to be registered again can be, once a second officer approves. "
        "Erased data is not restored."
    )
    empty_text = "No erased person has asked to be registered again."
    state = state_column(
        lambda row: render_state("Approved", "good") if row.approved_at else render_state("Waiting", "warn")
    )
    acts = (act_page(approve_readmission, find_requested=lambda row: row),)
    requester = text_column(lambda row: name_staff(row.requester_name), "requested by")
    approver = text_column(lambda row: name_staff(row.approver_name) if row.approved_by else "—", "approved by")
    person = text_column(
        lambda row: format_html('<a href="{}">{}</a>', person_url(row.subject_id), gettext("the erased record")),
        "person",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Readmission]:
        requester, approver = (staff_name(column, actor_of(request)) for column in ("requested_by", "approved_by"))
        found: QuerySet[Readmission] = super().get_queryset(request)
        return found.annotate(requester_name=requester, approver_name=approver)

    def get_fieldsets(self, request: HttpRequest, obj: Readmission | None = None) -> Fieldsets:
        if obj is None:  # the LMS id is not stored
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": ["owner", *self.detail_fields, "ground"]})]

    def save_model(self, request: HttpRequest, obj: Readmission, form: ScopedForm, change: bool) -> None:  # noqa: ARG002, FBT001
        with in_client(obj.client_id):
            made = request_readmission(
                form.cleaned_data["external_id"].strip(),
                ground=obj.ground,
                client_id=obj.client_id,
                actor=actor_of(request),
                at=get_action_time(request),
            )
            obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: Readmission, *_: object, **__: object) -> HttpResponse:
        messages.success(request, gettext("Requested: a second officer must approve it."))
        return HttpResponseRedirect(self.url_of("change", obj))


@searches.connect
def search_by_lms_id(request: HttpRequest, wanted: SearchText) -> Hits:
    """Find people by the beginning of their LMS id, or by the portal's id; recorded without the text."""
    name = _("People by LMS id")
    if not may(request, Capability.VIEW_SUBJECTS):
        return Hits(name, [])
    actor = actor_of(request)
    client_id = actor.client_id or PAKTALEEM
    with in_client(client_id):
        record_id_search(client_id=client_id, actor=actor, at=get_action_time(request))
    rows: QuerySet[Subject] = Subject.objects.order_by(BY_ID.asc(), "id")
    rows = rows.filter(pk=wanted.id) if wanted.id else filter_by_id_prefix(rows, wanted.text, any_case=True)
    found = take_first(rows.annotate(owner_name=client_name()), MOST_OF_A_KIND)
    return Hits(name, found.map(lambda one: _hit(one, wanted, request)))


@personal_searches.connect
def search_by_personal_data(request: HttpRequest, wanted: SearchText, client: Client, reason: str) -> Hits:
    """Find people of one client by an exact name, email or phone; recorded with the reason and each person found."""
    name = _("People by name, email or phone")
    if not may(request, Capability.VIEW_SUBJECTS, client.pk):
        return Hits(name, [])
    with in_client(client.pk):
        actor, at = actor_of(request), get_action_time(request)
        found = find_people(wanted.text, client_id=client.pk, reason=reason, actor=actor, at=at)
    return Hits(name, found.map(lambda one: _hit(one, wanted, request)))


def _hit(row: Subject, wanted: SearchText, request: HttpRequest) -> Hit:
    owner = getattr(row, "owner_name", "") if actor_of(request).client_id is None else ""
    others = ", ".join(map(str, list_same_person(row)))
    parts = [owner, describe_roles(row), _("One person with") + f" {others}" if others else ""]
    note = " · ".join(part for part in parts if part)
    is_exact = wanted.id is not None or (row.external_id or "").casefold() == wanted.text.casefold()
    return Hit(str(row), person_url(row.pk), note, is_exact=is_exact)
