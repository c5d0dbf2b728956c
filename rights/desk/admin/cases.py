"""Console pages of authorities’ cases, of guardians’ requests, and of the end of restrictions and objections."""

from contextlib import suppress
from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from children.guardians.admin.guardians import is_in_effect
from children.guardians.models import Guardianship, Verification
from children.guardians.selectors import GuardianshipUnknown, find_request_blocker, get_live_guardianship
from consent.consents.models import Objection, Restriction
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.forms import ActionForm, FormData, set_choices
from paktaleem.foundation.console.home_pages import Card, Line, make_cards
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, by_user, get_action_time, may
from paktaleem.foundation.console.row_actions import AddedAct, RowAction, Weakens, act_page, added_acts
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import in_client
from rights.channels.guardians import Wish, record_guardian_request
from rights.desk.cases import (
    end_case,
    find_overruling,
    inform_before_lift,
    open_case,
    propose_overruling,
    read_grounds,
    request_lift_after_notice,
    settle_overruling,
)
from rights.desk.models import AuthorityCase, CaseOutcome, Overruling
from rights.requests.admin.acts import OfRequestAdmin, add_request_act, request_panels
from rights.requests.fields import make_text_field
from rights.requests.models import Channel, IdentityMethod, RightKind, RightsRequest
from rights.requests.selectors import list_authorities


class OpenForm(ActionForm):
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

    def prepare(self) -> None:
        offered = ((code, f"{code} · {one.name}") for code, one in list_authorities(self.row.received_at).items())
        set_choices(self, "country", [("", "—"), *offered])

    def clean(self) -> FormData:
        cleaned: FormData = super().clean() or self.cleaned_data
        country = cleaned.pop("country", "")
        if bool(country) == bool(cleaned.get("authority", "")):
            self.add_error("authority", gettext("Choose an authority, or name another one."))
        elif country:
            cleaned["authority"] = list_authorities(self.row.received_at)[country].name
        return cleaned


add_request_act(act_page(open_case, form=OpenForm), after="extend")
_TONES = {CaseOutcome.UPHELD: "bad", CaseOutcome.PARTLY: "warn", CaseOutcome.REJECTED: "good"}


def _case_pill(row: AuthorityCase) -> SafeString:
    if row.is_open:
        return render_state(gettext("Open"), "warn")
    return render_state(row.get_outcome_display(), _TONES.get(CaseOutcome(row.outcome), "calm"))


@admin.register(AuthorityCase, site=site)
class AuthorityCaseAdmin(OfRequestAdmin[AuthorityCase]):
    """Cases of supervisory authorities about requests; their texts are shown with those of the request."""

    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("rights_request",)
    ledger_person = "request.subject_id"
    list_display = ("authority", "standing", "of_request", "opened_on", "recorded_at", "owner")
    list_filter = ("outcome", "client")
    exported = "request=request__number authority opened_on outcome ended_on recorded_at"
    detail_fields = ("authority", "standing", "of_request", "opened_on", "ended_on", "recorded_at")
    intro = (
        "Complaints of people to a supervisory authority, and what an authority wrote about a request. A case is "
        "recorded on the page of the request."
    )
    empty_text = "No supervisory authority has written about a request."
    standing = state_column(_case_pill)
    acts = (end_case,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuthorityCase]:
        return super().get_queryset(request).select_related("request__client").defer("reference", "measures")


@request_panels.connect
def cases_panel(request: HttpRequest, row: RightsRequest) -> dict[str, object] | None:
    if not may(request, Capability.VIEW_RECORDS, row.client_id):
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


class AboutDataForm(ActionForm):
    wish = forms.ChoiceField(label="What should happen to the data", widget=forms.RadioSelect)
    text = make_text_field(_("In their words"), rows=4, most=2000, required=False)

    def prepare(self) -> None:
        may_keep = actor_of(self.request).may(Capability.MANAGE_GUARDIANS)
        set_choices(self, "wish", [(one.value, one.label) for one in Wish if may_keep or one is not Wish.KEEP])


def _request_about_data(row: Guardianship, given: FormData, request: HttpRequest) -> None:
    actor = actor_of(request)
    is_client = actor.client_id is not None
    record_guardian_request(
        row.child,
        guardian=row.guardian,
        wish=given["wish"],
        text=given["text"],
        identity=IdentityMethod.CLIENT if is_client else "",
        channel=Channel.CLIENT if is_client else Channel.TELEPHONE,
        language=row.guardian.language,
        actor=actor,
        at=get_action_time(request),
    )


added_acts.connect(
    AddedAct(
        "guardians.guardianship",
        RowAction(
            "data",
            "What should happen to the data",
            Capability.RECEIVE_RIGHTS_REQUESTS,
            _request_about_data,
            form=AboutDataForm,
            lead="The guardian's request, which becomes a rights request. A copy is ordered from every system as soon "
            "as it is verified that the guardian made the request; a deletion waits until an administrator of the "
            "client grants it. The client verifies with this act, PakTaleem by a call back on the request’s page.",
            done="Request recorded. You find it under Rights requests.",
            applies=is_in_effect,
        ),
        after="answer",
    )
)


@request_panels.connect
def authority_panel(_request: HttpRequest, row: RightsRequest) -> dict[str, object] | None:
    if row.subject is None or row.requester is None:
        return None
    at = client_now()
    panel: dict[str, object] = {"template": "console/panels/rights_guardian.html", "guardian": row.requester}
    panel["asks_erasure"] = row.is_open and row.guardian_right == RightKind.ERASURE
    with suppress(GuardianshipUnknown), in_client(row.client_id):
        found = get_live_guardianship(row.subject, row.requester, at=at)
        verifications = Verification.objects.filter(client_id=found.client_id, guardianship=found)
        panel |= {
            "row": found,
            "url": reverse("admin:guardians_guardianship_change", args=[found.pk], current_app=site.name),
            "verification": verifications.order_by("-verified_at", "-pk").first(),
            "may_decide": find_request_blocker(found, discloses_data=False, at=at) is None,
            "may_have_copy": find_request_blocker(found, discloses_data=True, at=at) is None,
        }
    return panel


class AgreeForm(ActionForm):
    approve = forms.TypedChoiceField(
        label=_("Your answer"),
        choices=[("yes", _("The objection is overruled")), ("no", _("The objection stays in force"))],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
    )

    def prepare(self) -> None:
        with suppress(Refused, CannotOpen), in_client(self.row.client_id):
            self.fields["approve"].help_text = read_grounds(self.row, **by_user(self.request))


for _model, _page in (
    (Restriction, act_page(inform_before_lift)),
    (Restriction, act_page(request_lift_after_notice, shows_result=True, weakens=Weakens.ALWAYS)),
    (Objection, act_page(propose_overruling, weakens=Weakens.ALWAYS)),
    (Objection, act_page(settle_overruling, form=AgreeForm, step_up=True, find_requested=find_overruling)),
):
    added_acts.connect(AddedAct(_model._meta.label_lower, _page))


@boards.connect
def overruling_board(actor: Actor, _at: datetime) -> list[Line]:
    if not actor.may(Capability.SUPERVISE):
        return []
    waiting = Overruling.objects.filter(state=ChangeState.WAITING).select_related("objection")
    url = reverse("admin:consent_objection_changelist", current_app=site.name)
    return [*make_cards(waiting.order_by("requested_at", "id"), _to_card, url=url)]


def _to_card(row: Overruling) -> Card:
    url = reverse("admin:consent_objection_change", args=[row.objection_id], current_app=site.name)
    title, note = gettext("Objection to overrule"), gettext("a second officer must approve or decline")
    name = format_purpose(row.objection.purpose_code, row.client_id)
    return Card(title, name, note, url, Severity.TO_DO, waits_since=row.requested_at)
