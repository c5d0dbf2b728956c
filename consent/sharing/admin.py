"""Console pages of disclosures."""

from collections.abc import Container
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy as _

from consent.notices.admin import serialize_dispatches
from consent.notices.models import NoticeDispatch
from consent.notices.selectors.registers import map_category_names
from consent.sharing.models import BusinessTransfer, Disclosure, Informed, Instrument, LegalDisclosure, NotInformed
from consent.sharing.selectors import hide_secret_demands, list_disclosures_of, list_legal_disclosures_of
from consent.sharing.services import (
    LegalDemand,
    decide_business_transfer,
    decide_legal_disclosure,
    record_legal_disclosure,
    request_business_transfer,
    request_legal_disclosure,
)
from paktaleem.directory.people.admin.people import person_column
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.columns import render_state, state_column, text_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ConditionFilter
from paktaleem.foundation.console.forms import ActionForm, FormData, set_choices
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Saving, ScopedAdmin
from paktaleem.foundation.console.person_pages import DISCLOSURES, PersonRows, list_url_of_person, on_tab, person_acts
from paktaleem.foundation.console.register_names import format_categories, format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, Weakens, act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


def _text(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=2000, widget=AdminTextareaWidget, help_text=help_text)


def _category_choices(client_id: UUID, codes: Container[str] | None = None) -> list[tuple[str, str]]:
    names = map_category_names(client_id, language="ur" if get_language() == "ur" else "en")
    offered = ((code, name) for code, name in names.items() if codes is None or code in codes)
    return sorted(offered, key=lambda one: one[1])


class DemandForm(ActionForm):
    authority = forms.CharField(label=_("Authority"), max_length=200)
    instrument = forms.ChoiceField(label=_("Instrument"), choices=Instrument.choices, widget=forms.RadioSelect)
    reference = forms.CharField(label=_("Reference number"), max_length=100)
    received_on = forms.DateField(label=_("Received on"), widget=DayInput)
    categories = forms.MultipleChoiceField(label=_("Data categories"), widget=forms.CheckboxSelectMultiple)
    scope = _text(_("Scope"), _("What is demanded, and for which period. Do not name people."))
    ground = _text(_("Review"), _("Whether the demand is valid and how it was narrowed. Do not name people."))
    is_secret = forms.BooleanField(
        label=_("Keep from the client"),
        required=False,
        help_text=_("Only if the instrument forbids that the client, as controller, is informed."),
    )

    def prepare(self) -> None:
        set_choices(self, "categories", _category_choices(self.row.client_id))


class DisclosedForm(ActionForm):
    categories = forms.MultipleChoiceField(label=_("Data categories"), widget=forms.CheckboxSelectMultiple)
    what_went = _text(_("What was handed over"), _("What was handed over. Do not name people."))
    informed = forms.ChoiceField(label=_("Who was informed"), required=False, choices=[("", "—"), *Informed.choices])
    informed_on = forms.DateField(label=_("Informed on"), widget=DayInput, required=False)
    not_informed = forms.ChoiceField(label=_("Or why not"), required=False, choices=[("", "—"), *NotInformed.choices])

    def prepare(self) -> None:
        set_choices(self, "categories", _category_choices(self.row.client_id, self.row.demanded))


def _request(row: Subject, given: FormData, request: HttpRequest) -> LegalDisclosure:
    demand = LegalDemand(**{name: given[name] for name in DemandForm.base_fields})
    return request_legal_disclosure(row, demand, actor=actor_of(request), at=get_action_time(request))


person_acts.connect(
    RowAction(
        "record-legal-demand",
        "Record a legal demand",
        Capability.SUPERVISE,
        _request,
        form=DemandForm,
        lead="An authority demands data of this person. Review the demand: is it valid, does it bind you, can it be "
        "narrowed? Nothing may be disclosed until a second officer approves.",
        weakens=Weakens.ALWAYS,
        applies=lambda row, _at: row.erased_at is None,
    )
)


@admin.register(LegalDisclosure, site=site)
class LegalDisclosureAdmin(PersonRows, EvidenceAdmin[LegalDisclosure]):
    view_capability = Capability.VIEW_CLIENT_RECORDS
    ledger_families = ("legal_disclosure",)
    list_display = ("requested_at", "standing", "instrument", "authority", "person", "disclosed_at", "owner")
    list_filter = ("state", "client")
    row_fields = ("authority", "instrument", "reference", "received_on", "demanded", "scope", "ground", "is_secret")
    entered = ("demanded", "scope", "ground", "disclosed", "what_went")
    effect_fields = ("person", "authority", "instrument", "reference", "demanded", "scope")
    detail_fields = (
        "person",
        "standing",
        "requested_at",
        "settled_at",
        "disclosed_at",
        "disclosed",
        "what_went",
        "informed",
        "informed_on",
        "not_informed",
    )
    intro = (
        "Data that a court, the police or another authority demands. One officer reviews the demand, on the person’s "
        "page; a second officer approves it; then what was disclosed is recorded, and who was informed, or why not."
    )
    empty_text = "No authority has demanded data."
    standing = change_state_column
    person = person_column()
    acts = (
        *approval_actions(
            decide_legal_disclosure,
            approve="Approve disclosure",
            decline="Decline disclosure",
            lead="The data demanded may then be disclosed, and a legal hold keeps it. Approve it only if the review "
            "convinces you.",
            capability=Capability.SUPERVISE,
            danger=True,
        ),
        act_page(record_legal_disclosure, form=DisclosedForm),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[LegalDisclosure]:
        return hide_secret_demands(super().get_queryset(request).select_related("subject"), actor_of(request))


class DeniedFilter(ConditionFilter):
    title = "decision"
    offered = {"denied": (_("Denied"), lambda _at: Q(is_denied=True))}


def render_decision(row: Disclosure) -> SafeString:
    return render_state(row.reason.replace("_", " "), "bad" if row.is_denied else "good")


@admin.register(Disclosure, site=site)
class DisclosureAdmin(ExportableAdmin[Disclosure], EvidenceAdmin[Disclosure]):
    view_capability = Capability.VIEW_RECORDS
    list_display = ("reported_at", "recipient", "person", "purpose_named", "allowed", "owner")
    list_filter = ("client", DeniedFilter)
    row_fields = ("categories",)
    exported = (
        "person=subject__external_id recipient=recipient__code purpose decision=reason denied=is_denied "
        "shared_at reported_at"
    )
    detail_fields = ("person", "recipient", "system", "purpose_named", "allowed", "shared_at", "reported_at")
    list_select_related = ("subject", "recipient", "system")
    intro = "Data that systems reported as shared with recipients, with the decision at the time of sharing."
    empty_text = "No system has reported a disclosure yet."
    allowed = state_column(render_decision, "decision")
    person = person_column()
    purpose_named = text_column(lambda row: format_purpose(row.purpose, row.client_id), "purpose")

    def describe_row(self, row: Disclosure) -> str:
        return f"{self.purpose_named(row)}: {format_categories(row.categories, row.client_id)}"


@admin.register(BusinessTransfer, site=site)
class BusinessTransferAdmin(ScopedAdmin[BusinessTransfer]):
    view_capability = Capability.VIEW_REGISTER
    ledger_families = ("business_transfer",)
    add_capability = Capability.MANAGE_AGREEMENTS
    add_weakens = True
    officers_only = True
    asks_reason = False
    list_display = ("requested_at", "standing", "kind", "other_party", "takes_place_on")
    list_filter = ("state",)
    sortable_by = ()
    row_fields = ("kind", "other_party", "takes_place_on", "text_en", "text_ur", "ground")
    effect_fields = ("kind", "other_party", "takes_place_on")
    detail_fields = ("standing", "requested_at", "settled_at")
    intro = (
        "Mergers, acquisitions and sales of assets in which personal data is transferred. Once a second officer "
        "approves one, every client is notified 30 days before; the page shows the proof for each client."
    )
    empty_text = "No business transfer is recorded."
    standing = change_state_column
    acts = approval_actions(
        decide_business_transfer,
        approve="Approve and notify clients",
        decline="Decline transfer",
        lead="Every client is notified at once, as of a changed notice.",
        capability=Capability.MANAGE_AGREEMENTS,
        danger=True,
    )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        own = Client.objects.filter(pk=PAKTALEEM)
        return super().formfield_for_foreignkey(db_field, request, **kwargs, queryset=own, initial=PAKTALEEM)

    def write(self, row: BusinessTransfer, saving: Saving) -> None:
        request_business_transfer(row, actor=saving.actor, at=saving.at)

    def panels(self, request: HttpRequest, row: BusinessTransfer) -> list[dict[str, object]]:
        if row.announced_as is None:
            return []
        found = NoticeDispatch.objects.filter(version_id=row.announced_as)
        return [{"template": "console/panels/dispatches.html", "rows": serialize_dispatches(request, found)}]


_MOST = 50


@on_tab(DISCLOSURES)
def disclosures_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    demands, name = LegalDisclosure.objects.none(), "admin:sharing_legaldisclosure_change"
    with in_client(row.client_id):
        found = take_latest(list_disclosures_of(row, actor=actor_of(request)), _MOST)
        if may(request, Capability.VIEW_CLIENT_RECORDS, row.client_id):
            demands = list_legal_disclosures_of(row, actor=actor_of(request))
        legal = take_latest(demands, _MOST)
    return {
        "template": "console/panels/disclosures.html",
        "legal": legal.map(lambda one: {"one": one, "url": reverse(name, args=[one.pk], current_app=site.name)}),
        "rows": found.map(
            lambda one: {
                "one": one,
                "purpose": format_purpose(one.purpose, one.client_id),
                "decision": render_decision(one),
            }
        ),
        "all_url": list_url_of_person(Disclosure, row.pk),
        "all_legal_url": list_url_of_person(LegalDisclosure, row.pk),
    }
