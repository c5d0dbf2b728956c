"""The acts of a client's set-up that have no page elsewhere: the starting set, and the first decision."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, gettext

from consent.agreements.selectors import Part, list_parts
from consent.decisions.admin import basis_label, decision_cells
from consent.decisions.facts import Decision
from consent.decisions.reasons import Reason as Refusal
from consent.decisions.remedies import remedy_for
from consent.notices.selectors.purposes import bases_in_force
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.models.purposes import Capacity, DataCategory
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.onboarding.services.deciding import try_decision
from paktaleem.onboarding.services.starting import add_starting_set
from paktaleem.onboarding.starting_set import STARTING_PURPOSES, StartingPurpose

__all__: list[str] = []

_BOXES = forms.CheckboxSelectMultiple


def _name(one: Any) -> str:
    return str(one.name_ur if get_language() == "ur" else one.name_en)


class StartingSetForm(RowActionForm):
    """Purposes that the client instructs, purposes of its own to add, and providers with whom data may be shared."""

    instructed = forms.MultipleChoiceField(
        label="PakTaleem does this for the client, on its instruction",
        widget=_BOXES,
        help_text="The table above says what each means. Most clients instruct all of them.",
    )
    own = forms.MultipleChoiceField(
        label="Purposes of the client’s own, based on consent",
        widget=_BOXES,
        required=False,
        help_text="Each comes with its notice in English and Urdu and with a retention period; their texts are above. "
        "All of it can be changed afterwards.",
    )
    recipients = forms.MultipleChoiceField(
        label="Providers with whom this data may be shared",
        widget=_BOXES,
        required=False,
        help_text="Providers that two officers have approved. Those without which there is no service are selected.",
    )
    document = forms.CharField(
        label="Document", max_length=200, help_text="Where the instruction is written down, for example an annex."
    )
    field_order = ("instructed", "own", "recipients", "document", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the purposes, and show what they mean."""
        super().__init__(*args, **kwargs)
        at, client = get_action_time(self.request), self.row
        with in_client(client.pk):
            parts = list_parts(client.pk, at=at)
            self.lines = _describe_parts(client, parts, self.request)
            approvals = list(
                RecipientApproval.objects.active(at).filter(client_id=PAKTALEEM).select_related("recipient")
            )
        known = {part.purpose.code for part in parts}
        self.own_purposes = [_describe_own(one) for code, one in STARTING_PURPOSES.items() if code not in known]
        instructed = [(one.purpose.code, _name(one.purpose)) for one in parts if one.part == Capacity.PROCESSOR]
        set_choices(self, "instructed", instructed)
        set_choices(self, "own", [(one["code"], one["name"]) for one in self.own_purposes])
        recipients: dict[str, Recipient] = {one.recipient.code: one.recipient for one in approvals}
        set_choices(self, "recipients", [(code, f"{one.name}: {one.service}") for code, one in recipients.items()])
        self.fields["instructed"].initial = [code for code, _label in instructed]
        self.fields["recipients"].initial = [one.recipient.code for one in approvals if one.is_integral]
        if not recipients:
            del self.fields["recipients"]
        self.fields["document"].initial = gettext("Annex 1: documented instructions")
        self.fields["reason"].initial = Reason.ONBOARDING


def _describe_parts(client: Client, parts: list[Part], request: HttpRequest) -> list[dict[str, Any]]:
    urdu = get_language() == "ur"
    bases = bases_in_force(client.pk, at=get_action_time(request))
    rows = DataCategory.objects.filter(client_id__in=[client.pk, PAKTALEEM])
    categories = {one.code: _name(one) for one in rows}
    lines = []
    for part in parts:
        found = {rule.basis for (purpose, _role), rule in bases.items() if purpose == part.purpose.pk}
        lines.append(
            {
                "name": _name(part.purpose),
                "code": part.purpose.code,
                "description": part.purpose.description_ur if urdu else part.purpose.description_en,
                "categories": [categories.get(code, code) for code in part.purpose.categories],
                "bases": sorted(basis_label(str(basis)) for basis in found),
                "part": part.part.label,
            }
        )
    return lines


def _describe_own(one: StartingPurpose) -> dict[str, str]:
    return {"code": one.code, "name": _name(one), "text_en": one.notice("en"), "text_ur": one.notice("ur")}


class TryDecisionForm(ActionForm):
    """A person and a purpose."""

    subject = forms.CharField(label="Person", max_length=255, help_text="The person’s LMS id.")
    purpose = forms.ChoiceField(label="Purpose")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the active purposes, and suggest the person who was registered last."""
        super().__init__(*args, **kwargs)
        with in_client(self.row.pk):
            parts = list_parts(self.row.pk, at=get_action_time(self.request))
            people = Subject.objects.filter(client_id=self.row.pk, erased_at=None)
            latest = people.exclude(external_id__startswith="contact-").order_by("-registered_at", "-id").first()
        set_choices(self, "purpose", [(part.purpose.code, _name(part.purpose)) for part in parts])
        self.fields["subject"].initial = latest.external_id if latest else ""


def _add_set(client: Client, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    add_starting_set(client, **given, actor=actor_of(request), at=get_action_time(request))
    messages.success(request, gettext("The starting set is added."))
    return _to_set_up(client)


def _try(client: Client, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    decision = try_decision(
        client,
        external_id=given["subject"],
        purpose=given["purpose"],
        actor=actor_of(request),
        at=get_action_time(request),
    )
    if decision.allowed:
        answer = gettext("Allowed, on the lawful basis: {basis}.").format(basis=basis_label(decision.lawful_basis))
        messages.success(request, answer)
    else:
        messages.warning(request, _explain(decision))
    return _to_set_up(client)


def _explain(decision: Decision) -> str:
    """Return the reason of a refusal and its remedy, in the language of the page if there is one."""
    if decision.reason is Refusal.SUBJECT_UNKNOWN:
        return gettext("Denied: no person with this LMS id is registered. Add the person first, at the step “People”.")
    remedy = remedy_for(decision.reason, is_child=decision.is_child, declared=decision.declared)
    help_text = "" if remedy is None else remedy.sentence
    if remedy is not None and get_language() == "ur":
        help_text = remedy.sentence_ur or gettext("The open steps below say what is missing.")
    answer = gettext("Denied: {reason}. {remedy}")
    return answer.format(reason=decision_cells(decision)["reason"], remedy=help_text).strip()


def _to_set_up(client: Client) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:accounts_client_set-up", args=[client.pk], current_app=site.name))


for _act in (
    RowAction(
        "starting-set",
        "Use the starting set",
        Capability.ANNOUNCE_NOTICES,
        _add_set,
        form=StartingSetForm,
        lead="One act adds the instruction for the purposes you select, and the client’s own purposes with their "
        "lawful bases, notices and retention periods. Nothing is processed before both sides have signed the "
        "agreement.",
        listed=False,
        template="console/starting_set.html",
        applies=lambda row, _at: not row.is_paktaleem,
    ),
    RowAction(
        "try-decision",
        "Try a decision",
        Capability.REQUEST_DECISIONS,
        _try,
        form=TryDecisionForm,
        lead="May data of this person be processed for this purpose now? The answer is the one that the learning "
        "platform gets.",
        listed=False,
        applies=lambda row, _at: not row.is_paktaleem,
    ),
):
    added_acts.connect(AddedAct("accounts.client", _act))
