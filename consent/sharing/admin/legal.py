"""Console page of disclosures that an authority demands: review, approval by a second officer, what was disclosed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from consent.notices.selectors.public import map_category_names
from consent.sharing.models.legal import Informed, Instrument, LegalDisclosure, NotInformed
from consent.sharing.selectors import hide_secret_demands
from consent.sharing.services.legal import (
    LegalDemand,
    decide_legal_disclosure,
    record_legal_disclosure,
    request_legal_disclosure,
)
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.person_pages import PersonRows, person_acts
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput


def _text(label: Any, help_text: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=2000, widget=AdminTextareaWidget, help_text=help_text, required=required
    )


def _category_choices(client_id: Any, codes: Any = None) -> list[tuple[str, str]]:
    names = map_category_names(client_id, language="ur" if get_language() == "ur" else "en")
    offered = ((code, name) for code, name in names.items() if codes is None or code in codes)
    return sorted(offered, key=lambda one: one[1])


class DemandForm(ActionForm):
    """An authority's demand for a person's data, and its review."""

    authority = forms.CharField(label=_("Authority"), max_length=200)
    instrument = forms.ChoiceField(label=_("Instrument"), choices=Instrument.choices, widget=forms.RadioSelect)
    reference = forms.CharField(label=_("Reference number"), max_length=100)
    received_on = forms.DateField(label=_("Received on"), widget=DayInput)
    categories = forms.MultipleChoiceField(label=_("Data categories"), widget=forms.CheckboxSelectMultiple)
    scope = _text(_("Scope"), _("What is demanded, and for which period. Do not name people."))
    review = _text(_("Review"), _("Whether the demand is valid and how it was narrowed. Do not name people."))
    is_secret = forms.BooleanField(
        label=_("Keep from the client"),
        required=False,
        help_text=_("Only if the instrument forbids that the client, as controller, is informed."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the categories of the person's client and of PakTaleem."""
        super().__init__(*args, **kwargs)
        set_choices(self, "categories", _category_choices(self.row.client_id))


class DisclosedForm(ActionForm):
    """The data that was disclosed to the authority, and who was informed."""

    categories = forms.MultipleChoiceField(label=_("Data categories"), widget=forms.CheckboxSelectMultiple)
    what_went = _text(_("What was handed over"), _("What was handed over. Do not name people."))
    informed = forms.ChoiceField(label=_("Who was informed"), required=False, choices=[("", "—"), *Informed.choices])
    informed_on = forms.DateField(label=_("Informed on"), widget=DayInput, required=False)
    not_informed = forms.ChoiceField(label=_("Or why not"), required=False, choices=[("", "—"), *NotInformed.choices])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the categories that were demanded."""
        super().__init__(*args, **kwargs)
        set_choices(self, "categories", _category_choices(self.row.client_id, self.row.demanded))


def _request(row: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    demand = LegalDemand(**{name: given[name] for name in DemandForm.base_fields})
    made = request_legal_disclosure(row, demand, actor=actor_of(request), at=get_action_time(request))
    return HttpResponseRedirect(reverse("admin:sharing_legaldisclosure_change", args=[made.pk], current_app=site.name))


def _disclose(row: LegalDisclosure, given: dict[str, Any], request: HttpRequest) -> None:
    values = {name: given[name] for name in DisclosedForm.base_fields}
    record_legal_disclosure(row, **values, actor=actor_of(request), at=get_action_time(request))


person_acts.connect(
    RowAction(
        "record-legal-demand",
        "Record a legal demand",
        Capability.MANAGE_LEGAL_DISCLOSURES,
        _request,
        form=DemandForm,
        lead="An authority demands data of this person. Review the demand: is it valid, does it bind you, can it be "
        "narrowed? Nothing may be disclosed until a second officer approves.",
        applies=lambda row, _at: row.erased_at is None,
    )
)


@admin.register(LegalDisclosure, site=site)
class LegalDisclosureAdmin(PersonRows, EvidenceAdmin):
    """Console page of legal disclosures, newest first."""

    view_capability = Capability.VIEW_LEGAL_DISCLOSURES
    ledger_families = ("legal_disclosure",)
    list_display = ("requested_at", "standing", "instrument", "authority", "person", "disclosed_at", "owner")
    list_filter = ("state", "client")
    newest_by = "requested_at"
    row_fields = ("authority", "instrument", "reference", "received_on", "demanded", "scope", "review", "is_secret")
    entered = ("demanded", "scope", "review", "disclosed", "what_went")
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
    acts = (
        *approval_actions(
            decide_legal_disclosure,
            approve="Approve disclosure",
            decline="Decline disclosure",
            lead="The data demanded may then be disclosed, and a legal hold keeps it. Approve it only if the review "
            "convinces you.",
            capability=Capability.MANAGE_LEGAL_DISCLOSURES,
            danger=True,
        ),
        RowAction(
            "record-disclosure",
            "Record what was disclosed",
            Capability.MANAGE_LEGAL_DISCLOSURES,
            _disclose,
            form=DisclosedForm,
            lead="Inform the person, unless the order or a law forbids it. The copy of their data names the disclosure "
            "only if they were informed.",
            done="Recorded.",
            applies=lambda row, _at: row.state == ChangeState.APPROVED and row.disclosed_at is None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related person; the client sees no secret demand."""
        return hide_secret_demands(super().get_queryset(request).select_related("subject"), actor_of(request))

    @admin.display(description="person")
    def person(self, row: LegalDisclosure) -> SafeString:
        """Return a link to the person."""
        url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.subject)
