"""Console pages of guardians: their verification, answers and authority."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _

from children.guardians.admin.checks import START_CHECK
from children.guardians.authority import STAFF_METHODS, ChildFacts, Guardian
from children.guardians.models import (
    ChildMechanism,
    Decision,
    Guardianship,
    Relationship,
    Route,
    SchoolAuthorisation,
    ServiceAuthorisation,
    Verification,
    VerificationMethod,
)
from children.guardians.selectors import (
    list_answers_to_record,
    list_candidates,
    list_guardians,
    list_of_full_age,
    load_child_facts,
    preview_end,
)
from children.guardians.services.answers import quarantine, record_service_answer
from children.guardians.services.checks import authorise_by_school, declare_mechanism, end_school_authorisation
from children.guardians.services.guardians import NEEDS_APPROVAL, change_guardian, end_guardian
from children.guardians.services.verifications import (
    NewGuardian,
    SeenEvidence,
    choose_guardian,
    name_guardian_with_evidence,
    verify_guardian,
)
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import find_people
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import period_pill, render_state, state_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.forms import ActionForm, FormData, RowActionForm, set_choices
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Saving, ScopedAdmin
from paktaleem.foundation.console.person_pages import OVERVIEW, SummaryLine, on_tab, person_acts, person_summaries
from paktaleem.foundation.console.requests import actor_of, by_user_for, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, Weakens, act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import MomentInput
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.text.times import isolate, join_words

_MOST = 20
_PERSON_TONES = {"given": "good", "refused": "bad", "withdrawn": "bad", "lapsed": "warn", None: "warn"}
_WORDS = {
    "given": _("A guardian has consented"),
    "refused": _("A guardian has refused"),
    "withdrawn": _("A guardian has withdrawn"),
    "lapsed": _("The guardian's authority has lapsed"),
    None: _("No guardian has answered"),
}


def needs_guardian(row: Subject, at: datetime) -> bool:
    """Return True if a guardian decides for this person at ``at``, and something can still be recorded about them."""
    return row.is_recorded and row.counts_as_child(at)


@on_tab(OVERVIEW, place=3)
def authority_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    if not {"student", "learner"} & {*row.roles} or not may(request, Capability.VIEW_GUARDIANS, row.client_id):
        return None
    actor, at = actor_of(request), get_action_time(request)
    facts = load_child_facts(row)
    known = {} if list_of_full_age([row], at=at) else {one.id: one for one in facts.guardians}
    guardians = take_latest(list_guardians(row, actor=actor), _MOST)
    return {
        "template": "console/panels/gate.html",
        "decides": row.counts_as_child(at),
        "lines": guardians.map(lambda one: _guardian_row(one, known.get(one.pk), at)),
        "records": _serialize_records(row, facts, actor, at)
        if actor.may(Capability.VIEW_CHILD_RECORDS, row.client_id)
        else None,
    }


def _serialize_records(row: Subject, facts: ChildFacts, actor: Actor, at: datetime) -> dict[str, object]:
    standing, decides = facts.standing(at), row.counts_as_child(at)
    authorised = SchoolAuthorisation.objects.filter(client_id=row.client_id, child=row, ends_at=None)
    declared = ChildMechanism.objects.filter(client_id=row.client_id, ends_at=None).order_by("kind")
    return {
        "state": render_state(_WORDS[standing.state], _PERSON_TONES[standing.state])
        if decides or standing.state
        else "",
        "shares": standing.may_share,
        "in_conflict": standing.in_conflict,
        "held_back": facts.quarantined,
        "by_school": authorised.exists(),
        "declared": declared if decides else [],
        "candidates": take_latest(list_candidates(row, actor=actor, at=at), _MOST).map(lambda one: str(one.guardian)),
    }


@person_summaries.connect
def summarize_authority(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    if not {"student", "learner"} & {*row.roles} or not may(request, Capability.VIEW_GUARDIANS, row.client_id):
        return []
    answer = gettext("A guardian") if row.counts_as_child(get_action_time(request)) else gettext("The person")
    return [SummaryLine(gettext("Who decides"), answer, "#panel-gate")]


def _guardian_row(row: Guardianship, known: Guardian | None, at: datetime) -> dict[str, object]:
    answer = known.answer if known else None
    authority = known is not None and known.has_authority(at)
    return {
        "url": reverse("admin:guardians_guardianship_change", args=[row.pk], current_app=site.name),
        "guardian": row.guardian,
        "relation": row.get_relationship_display(),
        "state": period_pill(row),
        "authority": render_state(_("Verified"), "good") if authority else render_state(_("No authority"), "warn"),
        "answer": render_state(_WORDS[answer.decision], _PERSON_TONES[answer.decision])
        if answer
        else render_state(_("No answer")),
    }


STAFF_METHOD_CHOICES = [(one.value, one.label) for one in VerificationMethod if one.value in STAFF_METHODS]
"""Methods that staff carry out."""
_ROUTES = [one for one in Route if one != Route.PORTAL]
_TONES = {"given": "good", "refused": "bad", "withdrawn": "bad"}


class EvidenceForm(ActionForm):
    evidence = forms.CharField(
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Where the document is kept, or who saw the guardian and when, in at least three words. It is "
        "sealed. Do not copy identity cards.",
    )
    file = forms.FileField(label="Signed form", required=False, help_text="PDF, JPEG or PNG. It is sealed.")


class VerifyForm(EvidenceForm, RowActionForm):
    method = forms.ChoiceField(choices=STAFF_METHOD_CHOICES)
    field_order = ("method", "evidence", "file", "reason")


class AnswerForm(EvidenceForm):
    decision = forms.ChoiceField(label="Answer", choices=Decision.choices, widget=forms.RadioSelect)
    shares = forms.TypedChoiceField(
        label="Recipients outside",
        required=False,
        choices=[("", "Not asked"), ("yes", "Agrees"), ("no", "Does not agree")],
        help_text="A separate answer: consent to the service is not consent to outside recipients.",
    )
    route = forms.ChoiceField(label="How the answer was received", choices=[(one.value, one.label) for one in _ROUTES])
    claimed_at = forms.SplitDateTimeField(
        label="When it was given",
        required=False,
        widget=MomentInput(),
        help_text="Required for consent after a refusal or withdrawal, which older consent does not override.",
    )
    field_order = ("decision", "shares", "route", "claimed_at", "evidence", "file")

    def prepare(self) -> None:
        with in_client(self.row.client_id):
            possible = list_answers_to_record(self.row, at=get_action_time(self.request))
        set_choices(self, "decision", [(one.value, one.label) for one in possible])


class ChangeForm(RowActionForm):
    may_consent = forms.BooleanField(label="May decide, once verified", required=False)
    may_receive_data = forms.BooleanField(label="May receive data about the child", required=False)
    court_order = forms.BooleanField(label="A court order bars them from deciding", required=False)
    note = forms.CharField(label="Note on the court order", required=False, max_length=500, help_text="It is sealed.")

    def prepare(self) -> None:
        for name in ("may_consent", "may_receive_data", "court_order"):
            self.fields[name].initial = getattr(self.row, name)


class EndForm(RowActionForm):
    def prepare(self) -> None:
        with in_client(self.row.client_id):
            before, after = preview_end(self.row, at=get_action_time(self.request))
        words = gettext("Now: {now}. Afterwards: {after}. Guardians whose consent counts afterwards: {count}.")
        values = {"now": _WORDS[before.state], "after": _WORDS[after.state]}
        self.fields["reason"].help_text = words.format(count=len(after.persons), **values)


def _answer(row: Guardianship, given: FormData, request: HttpRequest) -> HttpResponse | None:
    shares = {"yes": True, "no": False}.get(given.pop("shares"))
    context: dict[str, Any] = {"shares": shares, "actor": actor_of(request), "at": get_action_time(request)}
    record_service_answer(row.child, guardian=row.guardian, **given, **context)
    if given["decision"] != Decision.WITHDRAWN:
        return None
    messages.success(request, gettext("Recorded, effective at once. Ask the guardian what should happen to the data."))
    return HttpResponseRedirect(reverse("admin:guardians_guardianship_data", args=[row.pk], current_app=site.name))


def _change(row: Guardianship, given: FormData, request: HttpRequest) -> None:
    reason, note = given.pop("reason"), given.pop("note")
    ground = given.pop("ground")
    change_guardian(row, changes=given, note=note, ground=ground, **by_user_for(request, reason))


def is_in_effect(row: Guardianship, at: datetime) -> bool:
    return row.ends_at is None or row.ends_at > at


def _takes_answer(row: Guardianship, at: datetime) -> bool:
    with in_client(row.client_id):
        return is_in_effect(row, at) and bool(list_answers_to_record(row, at=at))


@admin.register(Guardianship, site=site)
class GuardianshipAdmin(ExportableAdmin[Guardianship]):
    view_capability = Capability.VIEW_GUARDIANS
    person_field = "child"
    asks_reason = False
    loaded = ("child", "guardian")
    list_display = ("child", "guardian", "relationship", "owner", "state", "starts_at")
    list_filter = ("relationship", "client")
    exported = (
        "child=child__external_id guardian=guardian__external_id relationship may_consent may_receive_data "
        "starts_at ends_at"
    )
    sortable_by = ()
    detail_fields = (
        *("child", "guardian", "relationship", "source", "state", "may_consent", "may_receive_data", "court_order"),
        *("verified", "latest_answer", "starts_at", "ends_at"),
    )
    intro = "Who may act for a child, and for which period. A guardian has no authority before they are verified."
    empty_text = "No guardian is named yet. Name one on the page of the child."
    state = state_column(period_pill)
    acts = (
        act_page(verify_guardian, form=VerifyForm, weakens=Weakens.BY_ITS_VALUES, applies=is_in_effect),
        START_CHECK,
        RowAction(
            "answer",
            "Record answer",
            Capability.MANAGE_GUARDIANS,
            _answer,
            form=AnswerForm,
            lead="The guardian's answer about the service as a whole. A refusal needs no evidence and applies at once.",
            done="Recorded.",
            applies=_takes_answer,
        ),
        RowAction(
            "change-authority",
            "Change authority",
            Capability.MANAGE_GUARDIANS,
            _change,
            form=ChangeForm,
            lead=NEEDS_APPROVAL,
            done="Changed, or waiting for a second person.",
            step_up=True,
            weakens=Weakens.BY_ITS_VALUES,
            applies=is_in_effect,
        ),
        act_page(end_guardian, form=EndForm, step_up=True, weakens=Weakens.BY_ITS_VALUES, applies=is_in_effect),
    )

    def describe_row(self, row: Guardianship) -> str:
        words, (guardian, child) = gettext("{relationship}: {guardian}, for {child}"), (row.guardian, row.child)
        return words.format(relationship=row, guardian=isolate(str(guardian)), child=isolate(str(child)))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the answer for those who may not see the records of children."""
        sets = super().get_fieldsets(request, obj)
        if obj is None or self._may(request, Capability.VIEW_CHILD_RECORDS, obj):
            return sets
        return [(title, {**one, "fields": [n for n in one["fields"] if n != "latest_answer"]}) for title, one in sets]

    @admin.display(description="verified")
    def verified(self, row: Guardianship) -> Any:
        at = get_time_of(row.client_id)
        found = Verification.objects.filter(client_id=row.client_id, guardianship=row, ended_at=None)
        live = [one for one in found if one.expires_at is None or one.expires_at > at]
        return join_words(str(one.get_method_display()) for one in live) or render_state("Not verified", "warn")

    @admin.display(description="latest answer")
    def latest_answer(self, row: Guardianship) -> Any:
        answers = ServiceAuthorisation.objects.filter(client_id=row.client_id, child=row.child, guardianship=row)
        last = answers.order_by("-recorded_at", "-id").first()
        tone = _TONES[last.decision] if last else "warn"
        return render_state(last.get_decision_display() if last else "No answer", tone)


@admin.register(ServiceAuthorisation, site=site)
class ServiceAuthorisationAdmin(ExportableAdmin[ServiceAuthorisation], EvidenceAdmin[ServiceAuthorisation]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    loaded = ("child", "guardian")
    list_display = ("recorded_at", "child", "guardian", "answer", "route", "owner")
    list_filter = ("decision", "client")
    exported = (
        "child=child__external_id guardian=guardian__external_id decision shares route claimed_at "
        "recorded_at expires_at"
    )
    detail_fields = ("recorded_at", "child", "guardian", "answer", "shares", "route", "claimed_at", "expires_at")
    intro = (
        "Every answer about the service for a child. The latest answer of each guardian counts; a refusal takes "
        "precedence."
    )
    empty_text = "No guardian has answered yet."
    answer = state_column(lambda row: render_state(row.get_decision_display(), _TONES[row.decision]), "answer")


_OFF = {"autocomplete": "off"}
_PLAIN = forms.TextInput(attrs=_OFF)
_NEW = _("Only for a person who is not registered yet.")


class NameForm(EvidenceForm, RowActionForm):
    guardian = forms.CharField(
        label=_("Registered person"),
        required=False,
        max_length=255,
        widget=_PLAIN,
        help_text=_("LMS id, full name (not one of several names), email address or phone. The search is recorded."),
    )
    new_id = forms.CharField(
        label=_("Or a new person: LMS id"), required=False, max_length=255, widget=_PLAIN, help_text=_NEW
    )
    full_name = forms.CharField(label=_("Full name of the new person"), required=False, max_length=200, widget=_PLAIN)
    email = forms.EmailField(
        label=_("Email address of the new person"), required=False, widget=forms.EmailInput(attrs=_OFF)
    )
    phone = forms.CharField(label=_("Phone of the new person"), required=False, max_length=32, widget=_PLAIN)
    relationship = forms.ChoiceField(choices=Relationship.choices)
    may_consent = forms.BooleanField(label=_("May decide, once verified"), required=False, initial=True)
    may_receive_data = forms.BooleanField(label=_("May receive data about the child"), required=False)
    method = forms.ChoiceField(
        label=_("Evidence seen"), required=False, choices=[("", _("None yet")), *STAFF_METHOD_CHOICES]
    )
    field_order = (
        *("guardian", "new_id", "full_name", "email", "phone", "relationship", "may_consent", "may_receive_data"),
        *("method", "evidence", "file", "reason"),
    )

    def prepare(self) -> None:
        at = get_action_time(self.request)
        with in_client(self.row.client_id):
            standing = load_child_facts(self.row).standing(at)
            claim = list_candidates(self.row, actor=actor_of(self.request), at=at).order_by("pk").first()
        if claim is not None:
            self.fields["guardian"].initial = claim.guardian.external_id
        words = gettext(
            "Now: {now}; guardians whose consent counts: {count}. With evidence it is one more, and this guardian’s "
            "refusal applies at once. Without evidence nothing changes yet. Answers of others remain in effect."
        )
        self.fields["method"].help_text = words.format(now=_WORDS[standing.state], count=len(standing.persons))

    def clean(self) -> dict[str, object]:
        given = super().clean()
        if bool(given.get("guardian")) == bool(given.get("new_id")):
            self.add_error("guardian", gettext("Enter a registered person here, or a new person below: one of them."))
        if given.get("new_id") and not given.get("full_name"):
            self.add_error("full_name", gettext("Enter the full name of the new person."))
        if not given.get("method") and (given.get("evidence") or given.get("file")):
            self.add_error("method", gettext("Choose how you saw the evidence."))
        if given.get("guardian") and given.get("reason"):
            by, client_id = by_user_for(self.request, given["reason"]), self.row.client_id
            with in_client(client_id):  # recorded whatever becomes of the act: it may show who is registered
                found = find_people(given["guardian"].strip(), client_id=client_id, **by)
            given["registered"] = choose_guardian(found)
        return given


def _name(child: Subject, given: FormData, request: HttpRequest) -> HttpResponse:
    stamp = by_user_for(request, given["reason"])
    authority = {name: given[name] for name in ("relationship", "may_consent", "may_receive_data")}
    evidence = None
    if given["method"]:
        evidence = SeenEvidence(method=given["method"], reference=given["evidence"], file=given["file"])
    contact = {name: given[name] for name in ("full_name", "email", "phone")}
    new_id = given["new_id"].strip()
    guardian = NewGuardian(external_id=new_id, **contact) if new_id else given["registered"]
    row = name_guardian_with_evidence(child, guardian=guardian, evidence=evidence, **authority, **stamp)
    if row.guardian_id in load_child_facts(child).standing(stamp["at"]).persons:
        words = gettext("Named and verified. To undo it, use “End guardian” on this page.")
    else:
        words = gettext("Named, without authority until verified. To undo it, use “End guardian” on this page.")
    messages.success(request, words)
    return HttpResponseRedirect(reverse("admin:guardians_guardianship_change", args=[row.pk], current_app=site.name))


person_acts.connect(
    RowAction(
        "name-guardian",
        "Name guardian",
        Capability.MANAGE_GUARDIANS,
        _name,
        form=NameForm,
        lead="Name the guardian and record the evidence that you saw, in one act. Without evidence the guardian has no "
        "authority; you can add it later on the guardian’s page.",
        applies=needs_guardian,
    )
)


@admin.register(ChildMechanism, site=site)
class ChildMechanismAdmin(ScopedAdmin[ChildMechanism]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    add_capability = Capability.DECLARE_MECHANISMS
    row_fields = ("kind", "description", "description_ur", "reference", "provider")
    detail_fields = ("state", "starts_at", "ends_at")
    list_display = ("kind", "reference", "state", "starts_at", "owner")
    sortable_by = ()
    intro = (
        "A client whose platform serves minors is responsible for verifying ages and obtaining guardians' consent "
        "(policy, section 8), and declares here how it does so. A new declaration replaces the previous one."
    )
    empty_text = "No mechanism has been declared yet."
    state = state_column(period_pill)

    def write(self, row: ChildMechanism, saving: Saving) -> None:
        fields = {name: getattr(row, name) for name in self.row_fields}
        row.pk = declare_mechanism(row.client_id, **fields, **saving.by).pk


@admin.register(SchoolAuthorisation, site=site)
class SchoolAuthorisationAdmin(EvidenceAdmin[SchoolAuthorisation]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    loaded = ("child",)
    list_display = ("starts_at", "child", "contract_reference", "worth", "state", "owner")
    entered = ("contract_reference",)
    detail_fields = ("child", "contract_reference", "worth", "state", "starts_at", "ends_at")
    intro = (
        "A school's own authorisation for education: a separate, weaker record, not a guardian's consent. "
        "By itself it permits nothing."
    )
    empty_text = "No school has recorded an authorisation of its own."
    state = state_column(period_pill)
    worth = state_column(lambda _row: render_state(gettext("Weaker than a guardian's consent"), "warn"), "worth")
    acts = (act_page(end_school_authorisation),)


person_acts.connect(act_page(authorise_by_school, applies=needs_guardian))
person_acts.connect(act_page(quarantine, applies=lambda row, _at: row.erased_at is None))
