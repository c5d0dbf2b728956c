"""Console pages of the set-up of clients."""

from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, gettext_lazy, gettext_noop
from django.utils.translation import gettext_lazy as _

from consent.agreements.selectors import Part, list_parts
from consent.decisions.admin import basis_label, decision_cells
from consent.decisions.facts import Decision
from consent.decisions.reasons import Reason as Refusal
from consent.decisions.reasons import remedy_for
from consent.notices.selectors.notices import NoticeUnknown
from consent.notices.selectors.public import bases_in_force, get_current_notice
from consent.register.admin.purposes import purpose_panels
from consent.register.models.agreements import Instruction, Recipient, RecipientApproval
from consent.register.models.purposes import Capacity, DataCategory, LawfulBasis, Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.directory.staff.administration.client_pages import ClientPage, client_pages
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.filters import CLIENT_PARAMETER
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.home_pages import Card, Severity
from paktaleem.foundation.console.long_acts import STEP, begin_task
from paktaleem.foundation.console.paging import format_count
from paktaleem.foundation.console.requests import actor_of, get_action_time, is_shared_with, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.onboarding.selectors import (
    ClientFacts,
    is_tied_to_other_side,
    list_client_facts,
    list_clients_in_set_up,
)
from paktaleem.office.onboarding.services import add_starting_set, try_decision
from paktaleem.office.onboarding.starting_set import STARTING_PURPOSES, StartingPurpose
from paktaleem.office.onboarding.steps import SIGNING_PAGE, Link, Party, Step, list_open_steps, list_steps
from retention.schedule.models import RetentionRule

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


_TIED_OFFICER = gettext_lazy(
    "You cannot sign with the other side yet: in the last 72 hours you proposed or approved the administrator’s role, "
    "or one of you re-enabled or reset the other’s account. Another officer signs for PakTaleem, or the client signs "
    "on paper."
)
_TIED_ADMINISTRATOR = gettext_lazy(
    "The officer who has signed gave you your role in the last 72 hours, so you cannot sign together. Ask PakTaleem to "
    "have another officer sign, or sign on paper."
)


def _show_client(request: HttpRequest, client: Client | None) -> dict[str, Any]:
    found = list_client_facts(at=get_action_time(request), client_id=client.pk) if client else []
    if client is None or not found:
        raise Http404
    begin_task(request, label=client.name, url=request.path)
    [facts] = found
    steps = [_to_line(step, facts, actor_of(request)) for step in list_steps(facts)]
    _warn_of_tie(steps, facts, actor_of(request))
    left = [one for one in steps if not one["is_done"] and not one["is_optional"]]
    following = next((one for one in left if one["links"]), left[0] if left else None)
    done = sum(one["is_done"] for one in steps if not one["is_optional"])
    total = sum(not one["is_optional"] for one in steps)
    return {"steps": steps, "done": done, "total": total, "following": following}


def _to_line(step: Step, facts: ClientFacts, viewer: Actor) -> dict[str, Any]:
    is_done = step.is_done(facts)
    links = [] if is_done else [_to_address(link, facts, viewer) for link in step.links]
    return {
        "code": step.code,
        "title": step.title,
        "why": step.why,
        "who": step.party.label,
        "note": step.note(facts),
        "is_done": is_done,
        "is_optional": step.is_optional,
        "links": [link for link in links if link is not None],
    }


def _warn_of_tie(steps: list[dict[str, Any]], facts: ClientFacts, viewer: Actor) -> None:
    """Add to the step of the signatures a warning that the reader's signature would not count with the other side's."""
    signatures = next(one for one in steps if one["code"] == "signatures")
    may_sign = viewer.may(Capability.SIGN_AGREEMENTS, facts.client.pk) and not signatures["is_done"]
    if may_sign and is_tied_to_other_side(facts, viewer, at=wall_clock_now()):
        signatures["warning"] = _TIED_OFFICER if viewer.client_id is None else _TIED_ADMINISTRATOR
        if viewer.client_id is None:  # an administrator may still read it, and decline
            signing = reverse(f"admin:{SIGNING_PAGE}", args=[facts.agreement], current_app=site.name)
            signatures["links"] = [one for one in signatures["links"] if not one[1].startswith(signing)]


def _to_address(link: Link, facts: ClientFacts, viewer: Actor) -> tuple[Any, str] | None:
    """Return label and address of a page; None if the reader may not do the act, or it does not apply."""
    if not viewer.may(link.capability, facts.client.pk) or not link.applies(facts):
        return None
    if not link.offered_to(facts, viewer):
        return None
    rows = {"client": facts.client.pk, "agreement": facts.agreement, "proposal": facts.proposal}
    args = [rows[link.row]] if link.row else []
    address = reverse(f"admin:{link.page}", args=args, current_app=site.name)
    step = ((STEP, "1"), ("reason", Reason.ONBOARDING.value))
    if link.row:
        return link.label, f"{address}?{urlencode(step)}"
    if not link.page.endswith("_add"):
        return link.label, f"{address}?{urlencode({CLIENT_PARAMETER: facts.client.pk})}"
    values = [
        *link.values,
        *step,
        *([("client", str(facts.client.pk))] if viewer.client_id is None else []),
    ]
    return link.label, f"{address}?{urlencode(values)}"


def _list_clients(request: HttpRequest, client: Client | None) -> dict[str, Any]:
    del client
    lines = [
        {
            "client": facts.client,
            "url": reverse("admin:accounts_client_set-up", args=[facts.client.pk], current_app=site.name),
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
        capability=Capability.VIEW_CLIENT_SET_UP,
        template="console/set_up.html",
        values=_show_client,
        opens_after_adding=True,
    )
)
client_pages.connect(
    ClientPage(
        slug="set-up",
        title=gettext_noop("Clients being set up"),
        capability=Capability.VIEW_CLIENT_SET_UP,
        template="console/set_ups.html",
        values=_list_clients,
        is_list=True,
    )
)


class PurposeStep(NamedTuple):
    """One step: its name, what it is for, whether it is done, and the form in which it is done."""

    name: Promise
    why: Promise
    is_done: bool
    page: str
    values: dict[str, str]


def _list_steps(row: Purpose, at: datetime) -> list[PurposeStep]:
    """Return the steps of a purpose in their order, in the context of its client. Runs four queries."""
    own = {"client_id": row.client_id}
    bases = LawfulBasis.objects.active(at).filter(purpose=row)
    rules = RetentionRule.objects.active(at).filter(purpose=row, client_id__in={row.client_id, PAKTALEEM})
    covered = set(rules.values_list("category", flat=True))
    about = {"client": str(row.client_id), "purpose": str(row.pk)}
    steps = [
        PurposeStep(
            _("Lawful basis"),
            _("For each role. Without one, every decision about the purpose is a denial."),
            bases.exists(),
            "consent_lawfulbasis_add",
            about,
        ),
        PurposeStep(
            _("Notice in English and Urdu"),
            _("What people read before they answer. Without one in effect, consent cannot be given."),
            _has_notice(row, at),
            "consent_notice_add",
            {"client": str(row.client_id)},
        ),
        PurposeStep(
            _("Retention rule for each data category"),
            _("How long the data is kept. Without one, it is kept without end."),
            covered >= set(row.categories),
            "schedule_retentionrule_add",
            about,
        ),
    ]
    if row.client_id != PAKTALEEM:
        instructed = Instruction.objects.active(at).filter(**own, purposes__contains=[row.code])
        instruction = PurposeStep(
            _("Instruction of the client"),
            _("PakTaleem does only what the client instructs. Not needed where PakTaleem is controller."),
            instructed.exists(),
            "consent_instruction_add",
            {"client": str(row.client_id)},
        )
        steps.insert(1, instruction)
    return steps


def _has_notice(row: Purpose, at: datetime) -> bool:
    try:
        get_current_notice(row.code, client_id=row.client_id, at=at)
    except NoticeUnknown:
        return False
    return True


@purpose_panels.connect
def purpose_steps_panel(request: HttpRequest, row: Purpose) -> dict[str, Any] | None:
    """Show the steps while one is missing, each with its form, to those who may take it.

    None for a shared purpose on a client's page: its steps are PakTaleem's.
    """
    if is_shared_with(request, row.client_id):
        return None
    with in_client(row.client_id):
        steps = _list_steps(row, get_action_time(request))
    if not row.is_active or all(step.is_done for step in steps):
        return None
    links = may(request, Capability.MANAGE_REGISTER, None if row.client_id == PAKTALEEM else row.client_id)
    lines = [{"step": step, "url": _url(step) if links and not step.is_done else ""} for step in steps]
    return {"template": "console/panels/purpose_steps.html", "lines": lines}


def _url(step: PurposeStep) -> str:
    return f"{reverse(f'admin:{step.page}', current_app=site.name)}?{urlencode(step.values)}"


@boards.connect
def set_up_board(actor: Actor, at: datetime) -> list[Card]:
    """Return the card of a client's own set-up, or of the clients that are being set up; two queries."""
    if not actor.may(Capability.MANAGE_REGISTER) or actor.client_id == PAKTALEEM:
        return []
    if actor.client_id is not None:
        return _own_card(actor, at)
    count = sum(bool(list_open_steps(facts)) for facts in list_clients_in_set_up(at=at))
    if not count:
        return []
    url = reverse("admin:accounts_client_set-up_list", current_app=site.name)
    return [
        Card(gettext("Clients being set up"), format_count(count), gettext("steps are missing"), url, Severity.TO_DO)
    ]


def _own_card(actor: Actor, at: datetime) -> list[Card]:
    found = list_client_facts(at=at, client_id=actor.client_id)
    steps = [step for facts in found if not facts.client.is_sandbox for step in list_open_steps(facts)]
    if not steps:
        return []
    url = reverse("admin:accounts_client_set-up", args=[actor.client_id], current_app=site.name)
    own = [step for step in steps if step.party not in {Party.OFFICER, Party.TWO_OFFICERS}]
    note = gettext("next: {step}").format(step=(own or steps)[0].title)
    return [Card(gettext("Set-up: steps to do"), str(len(steps)), note, url, Severity.TO_DO)]
