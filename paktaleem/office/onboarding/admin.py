"""Console pages of the set-up of clients."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy, gettext_noop

from consent.agreements.selectors import Part, list_parts
from consent.decisions.admin import basis_label, decision_cells
from consent.decisions.facts import Decision
from consent.decisions.reasons import Reason as Refusal, remedy_for
from consent.notices.selectors.registers import bases_in_force
from consent.register.compiled import Capacity
from consent.register.models.agreements import RecipientApproval
from consent.register.models.purposes import CAPACITIES
from paktaleem.directory.people.models import Subject
from paktaleem.directory.staff.administration.admin.clients import ClientPage, client_pages
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.console.filters import CLIENT_PARAMETER
from paktaleem.foundation.console.forms import ActionForm, FormData, RowActionForm, set_choices
from paktaleem.foundation.console.home_pages import Card
from paktaleem.foundation.console.long_acts import STEP, begin_task
from paktaleem.foundation.console.paging import format_count
from paktaleem.foundation.console.register_names import format_categories
from paktaleem.foundation.console.requests import actor_of, by_user, get_action_time, may
from paktaleem.foundation.console.row_actions import AddedAct, RowAction, added_acts
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.onboarding.selectors import (
    ClientFacts,
    find_client_facts,
    is_tied_to_other_side,
    list_clients_in_set_up,
)
from paktaleem.office.onboarding.services import STARTING_PURPOSES, add_starting_set, try_decision
from paktaleem.office.onboarding.steps import SIGNING_PAGE, Link, Party, Step, list_open_steps, list_steps

_BOXES = forms.CheckboxSelectMultiple


class StartingSetForm(RowActionForm):
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

    def prepare(self) -> None:
        at, client = get_action_time(self.request), self.row
        with in_client(client.pk):
            parts = list_parts(client.pk, at=at)
            self.lines = _describe_parts(client, parts, at)
            approved = RecipientApproval.objects.active(at).filter(client_id=PAKTALEEM)
            approvals = list(approved.select_related("recipient"))
        known = {part.purpose.code for part in parts}
        self.own_purposes = [purpose for code, purpose in STARTING_PURPOSES.items() if code not in known]
        instructed = [(part.purpose.code, str(part.purpose)) for part in parts if part.part == Capacity.PROCESSOR]
        recipients = {row.recipient.code: f"{row.recipient.name}: {row.recipient.service_here}" for row in approvals}
        set_choices(self, "instructed", instructed)
        set_choices(self, "own", [(purpose.code, str(purpose)) for purpose in self.own_purposes])
        set_choices(self, "recipients", recipients.items())
        self.initial.update(
            instructed=[code for code, _label in instructed],
            recipients=[row.recipient.code for row in approvals if row.is_integral],
            document=gettext("Annex 1: documented instructions"),
            reason=Reason.ONBOARDING,
        )
        if not recipients:
            del self.fields["recipients"]


def _describe_parts(client: Client, parts: list[Part], at: datetime) -> list[dict[str, object]]:
    bases, urdu = bases_in_force(client.pk, at=at), get_language() == "ur"
    return [
        {
            "purpose": part.purpose,
            "description": part.purpose.description_ur if urdu else part.purpose.description_en,
            "categories": format_categories(part.purpose.categories, client.pk),
            "bases": sorted({basis_label(str(row.basis)) for (key, _), row in bases.items() if key == part.purpose.pk}),
            "part": CAPACITIES[part.part],
        }
        for part in parts
    ]


class TryDecisionForm(ActionForm):
    subject = forms.CharField(label="Person", max_length=255, help_text="The person’s LMS id.")
    purpose = forms.ChoiceField(label="Purpose")

    def prepare(self) -> None:
        with in_client(self.row.pk):
            parts = list_parts(self.row.pk, at=get_action_time(self.request))
            people = Subject.objects.filter(client_id=self.row.pk, erased_at=None)
            latest = people.exclude(external_id__startswith="contact-").order_by("-registered_at", "-id").first()
        set_choices(self, "purpose", [(part.purpose.code, str(part.purpose)) for part in parts])
        self.initial["subject"] = latest.external_id if latest else ""


def _add_set(client: Client, given: FormData, request: HttpRequest) -> HttpResponse:
    add_starting_set(client, **given, **by_user(request))
    messages.success(request, gettext("The starting set is added."))
    return HttpResponseRedirect(_url_of(client.pk))


def _try(client: Client, given: FormData, request: HttpRequest) -> HttpResponse:
    about = {"external_id": given["subject"], "purpose": given["purpose"]}
    decision = try_decision(client, **about, **by_user(request))
    if decision.allowed:
        answer = gettext("Allowed, on the lawful basis: {basis}.").format(basis=basis_label(decision.lawful_basis))
        messages.success(request, answer)
    else:
        messages.warning(request, _explain(decision))
    return HttpResponseRedirect(_url_of(client.pk))


def _explain(decision: Decision) -> str:
    if decision.reason is Refusal.SUBJECT_UNKNOWN:
        return gettext("Denied: no person with this LMS id is registered. Add the person first, at the step “People”.")
    remedy = remedy_for(decision.reason, is_child=decision.is_child, declared=decision.declared)
    help_text = "" if remedy is None else remedy.sentence
    if remedy is not None and get_language() == "ur":
        help_text = remedy.sentence_ur or gettext("The open steps below say what is missing.")
    reason = decision_cells(decision)["reason"]
    return gettext("Denied: {reason}. {remedy}").format(reason=reason, remedy=help_text).strip()


def _url_of(client_id: UUID) -> str:
    return reverse("admin:accounts_client_set-up", args=[client_id], current_app=site.name)


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


_TIED_OFFICER = gettext_lazy(
    "You cannot sign with the other side yet: in the last 72 hours you proposed or approved the administrator’s role, "
    "or one of you re-enabled or reset the other’s account. Another officer signs for PakTaleem, or the client signs "
    "on paper."
)
_TIED_ADMINISTRATOR = gettext_lazy(
    "The officer who has signed gave you your role in the last 72 hours, so you cannot sign together. Ask PakTaleem to "
    "have another officer sign, or sign on paper."
)


def _show_client(request: HttpRequest, client: Client | None) -> dict[str, object]:
    facts = find_client_facts(client.pk, at=get_action_time(request)) if client else None
    if client is None or facts is None:
        raise Http404
    begin_task(request, label=client.name, url=request.path)
    viewer = actor_of(request)
    may_sign = viewer.may(Capability.DECIDE_FOR_CLIENT, client.pk) and not facts.is_signed
    is_tied = may_sign and is_tied_to_other_side(facts, viewer, at=wall_clock_now())
    steps = [_to_line(step, facts, viewer, is_tied=is_tied) for step in list_steps(facts)]
    needed = [step for step in steps if not step["is_optional"]]
    left = [step for step in needed if not step["is_done"]]
    following = next((step for step in left if step["links"]), left[0] if left else None)
    return {"steps": steps, "done": len(needed) - len(left), "total": len(needed), "following": following}


def _to_line(step: Step, facts: ClientFacts, viewer: Actor, *, is_tied: bool) -> dict[str, object]:
    """Serialize a step; that of the signatures warns a viewer whose signature would not count with the other side's."""
    is_done, warning, hidden = step.is_done(facts), "", ""
    if step.code == "signatures" and is_tied:
        warning = str(_TIED_OFFICER if viewer.client_id is None else _TIED_ADMINISTRATOR)
        hidden = SIGNING_PAGE if viewer.client_id is None else ""  # an administrator may still read it, and decline
    return {
        "code": step.code,
        "title": step.title,
        "why": step.why,
        "who": step.party.label,
        "note": step.note(facts),
        "warning": warning,
        "is_done": is_done,
        "is_optional": step.is_optional,
        "links": [
            (link.label, _find_address(link, facts, viewer))
            for link in step.links
            if not is_done
            and link.page != hidden
            and viewer.may(link.capability, facts.client.pk)
            and link.applies(facts, viewer)
        ],
    }


def _find_address(link: Link, facts: ClientFacts, viewer: Actor) -> str:
    rows = {"client": facts.client.pk, "agreement": facts.agreement, "proposal": facts.proposal}
    address = reverse(f"admin:{link.page}", args=[rows[link.row]] if link.row else [], current_app=site.name)
    values: dict[str, object] = {**link.values, STEP: "1", "reason": Reason.ONBOARDING.value}
    if not link.row and not link.page.endswith("_add"):
        values = {CLIENT_PARAMETER: facts.client.pk}
    elif not link.row and viewer.client_id is None:
        values["client"] = facts.client.pk
    return f"{address}?{urlencode(values)}"


def _list_clients(request: HttpRequest, _client: Client | None) -> dict[str, object]:
    lines = [
        {
            "client": facts.client,
            "url": _url_of(facts.client.pk),
            "left": len(steps),
            "following": steps[0],
        }
        for facts in list_clients_in_set_up(at=get_action_time(request))
        if (steps := list_open_steps(facts))
    ]
    add = reverse("admin:accounts_client_add", current_app=site.name)
    return {"lines": lines, "add_url": add if may(request, Capability.MANAGE_CLIENTS) else ""}


client_pages.connect(
    ClientPage(
        slug="set-up",
        title=gettext_noop("Set-up"),
        capability=Capability.VIEW_RECORDS,
        template="console/set_up.html",
        values=_show_client,
        opens_after_adding=True,
    )
)
client_pages.connect(
    ClientPage(
        slug="set-up",
        title=gettext_noop("Clients being set up"),
        capability=Capability.VIEW_RECORDS,
        template="console/set_ups.html",
        values=_list_clients,
        is_list=True,
    )
)


@boards.connect
def set_up_board(actor: Actor, at: datetime) -> list[Card]:
    """Return the card of a client's own set-up, or of the clients that are being set up; two queries."""
    if not actor.may(Capability.MANAGE_REGISTER) or actor.client_id == PAKTALEEM:
        return []
    if actor.client_id is not None:
        return _own_card(actor.client_id, at)
    count = sum(bool(list_open_steps(facts)) for facts in list_clients_in_set_up(at=at))
    if not count:
        return []
    url, note = reverse("admin:accounts_client_set-up_list", current_app=site.name), gettext("steps are missing")
    return [Card(gettext("Clients being set up"), format_count(count), note, url, Severity.TO_DO)]


def _own_card(client_id: UUID, at: datetime) -> list[Card]:
    facts = find_client_facts(client_id, at=at)
    steps = [] if facts is None or facts.client.is_sandbox else list_open_steps(facts)
    if not steps:
        return []
    own = [step for step in steps if step.party not in {Party.OFFICER, Party.TWO_OFFICERS}]
    note = gettext("next: {step}").format(step=(own or steps)[0].title)
    return [Card(gettext("Set-up: steps to do"), str(len(steps)), note, _url_of(client_id), Severity.TO_DO)]
