"""Console pages of authorities' cases: recorded on the page of a request, ended on their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.act_pages import act_page
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.requests import may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput
from rights.desk.cases import end_case, open_case
from rights.desk.models import AuthorityCase, CaseOutcome
from rights.requests.admin.forms import request_panels
from rights.requests.authorities import AUTHORITIES
from rights.requests.models import RightsRequest


class OpenForm(ActionForm):
    """A new case: the authority, its reference, and the days."""

    country = forms.ChoiceField(
        label=_("Supervisory authority"),
        required=False,
        help_text=_("Pakistan and Bangladesh have no supervisory authority yet, as far as we know: name the court."),
    )
    authority = forms.CharField(label=_("Another authority or court, by name"), required=False, max_length=200)
    reference = forms.CharField(
        label=_("Reference number of the authority"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )
    opened_on = forms.DateField(label=_("Opened on"), widget=DayInput())
    due_on = forms.DateField(
        label=_("The authority expects an answer by"),
        help_text=_("Becomes a task. Add a task for each later day that the authority sets."),
        required=False,
        widget=DayInput(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(code, f"{code} · {one.name}") for code, one in AUTHORITIES.items()]
        set_choices(self, "country", [("", "—"), *offered])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        country = cleaned.pop("country", "")
        if bool(country) == bool(cleaned.get("authority", "")):
            self.add_error("authority", gettext("Choose an authority, or name another one."))
        elif country:
            cleaned["authority"] = AUTHORITIES[country].name
        return cleaned


class EndForm(ActionForm):
    """How the case ended."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=CaseOutcome.choices, widget=forms.RadioSelect)
    ended_on = forms.DateField(label=_("Day of the outcome"), widget=DayInput())
    measures = forms.CharField(
        label=_("Measures"),
        help_text=_("What is done about it. Needed if the complaint was upheld, wholly or partly."),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
    )


added_acts.connect(AddedAct(RightsRequest._meta.label_lower, act_page(open_case, form=OpenForm), after="extend"))
_TONES = {CaseOutcome.UPHELD: "bad", CaseOutcome.PARTLY: "warn", CaseOutcome.REJECTED: "good"}


def _case_pill(row: AuthorityCase) -> SafeString:
    if row.is_open:
        return render_state(gettext("Open"), "warn")
    return render_state(row.get_outcome_display(), _TONES.get(CaseOutcome(row.outcome), "calm"))


@admin.register(AuthorityCase, site=site)
class AuthorityCaseAdmin(ExportableAdmin, EvidenceAdmin):
    """Cases of supervisory authorities about requests; their texts are shown with those of the request."""

    view_capability = Capability.VIEW_AUTHORITY_CASES
    ledger_families = ("rights_request",)
    ledger_person = "request.subject_id"
    list_display = ("authority", "standing", "number", "opened_on", "recorded_at", "owner")
    list_filter = ("outcome", "client")
    exported = "request=request__number authority opened_on outcome ended_on recorded_at"
    newest_by = "recorded_at"
    detail_fields = ("authority", "standing", "number", "opened_on", "ended_on", "recorded_at")
    intro = (
        "Complaints of people to a supervisory authority, and what an authority wrote about a request. A case is "
        "recorded on the page of the request."
    )
    empty_text = "No supervisory authority has written about a request."
    standing = state_column(_case_pill)
    acts = (act_page(end_case, form=EndForm),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request).select_related("request__client")
        return found.defer("reference", "measures")

    @admin.display(description="request")
    def number(self, row: AuthorityCase) -> SafeString:
        url = reverse("admin:requests_rightsrequest_change", args=[row.request_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.request.number)


@request_panels.connect
def cases_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the authorities' cases about a request; None if there are none."""
    if not may(request, Capability.VIEW_AUTHORITY_CASES, row.client_id):
        return None
    rows = AuthorityCase.objects.filter(client_id=row.client_id, request=row).defer("reference", "measures")
    lines = [
        {
            "case": one,
            "state": _case_pill(one),
            "url": reverse("admin:desk_authoritycase_change", args=[one.pk], current_app=site.name),
        }
        for one in rows
    ]
    return {"template": "console/panels/authority_cases.html", "lines": lines} if lines else None
