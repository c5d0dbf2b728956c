"""The act that names a guardian on a child's page: who, with which authority, and the evidence that was seen."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from children.guardians.admin.guardians import STAFF_METHOD_CHOICES, EvidenceForm, describe_answer, needs_guardian
from children.guardians.models.guardians import Relationship, SchoolAuthorisation
from children.guardians.models.mechanisms import ChildMechanism
from children.guardians.selectors import list_candidates, load_child_facts
from children.guardians.services.checks import authorise_by_school, declare_mechanism, end_school_authorisation
from children.guardians.services.conflicts import quarantine
from children.guardians.services.naming import NewGuardian, SeenEvidence, choose_guardian, name_guardian_with_evidence
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import find_people
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import period_pill, render_state, state_column
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.model_admin import EvidenceAdmin, ScopedAdmin
from paktaleem.foundation.console.person_pages import person_acts
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client

_OFF = {"autocomplete": "off"}
_NEW = _("Only for a person who is not registered yet.")


class NameForm(EvidenceForm, RowActionForm):
    """Form to name a guardian, registered or new, with the evidence that was seen."""

    guardian = forms.CharField(
        label=_("Registered person"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs=_OFF),
        help_text=_("LMS id, full name (not one of several names), email address or phone. The search is recorded."),
    )
    new_id = forms.CharField(
        label=_("Or a new person: LMS id"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs=_OFF),
        help_text=_NEW,
    )
    full_name = forms.CharField(
        label=_("Full name of the new person"), required=False, max_length=200, widget=forms.TextInput(attrs=_OFF)
    )
    email = forms.EmailField(
        label=_("Email address of the new person"), required=False, widget=forms.EmailInput(attrs=_OFF)
    )
    phone = forms.CharField(
        label=_("Phone of the new person"), required=False, max_length=32, widget=forms.TextInput(attrs=_OFF)
    )
    relationship = forms.ChoiceField(choices=Relationship.choices)
    may_consent = forms.BooleanField(label=_("May decide, once verified"), required=False, initial=True)
    may_receive_data = forms.BooleanField(label=_("May receive data about the child"), required=False)
    method = forms.ChoiceField(
        label=_("Evidence seen"), required=False, choices=[("", _("None yet")), *STAFF_METHOD_CHOICES]
    )
    field_order = (
        "guardian",
        "new_id",
        "full_name",
        "email",
        "phone",
        "relationship",
        "may_consent",
        "may_receive_data",
        "method",
        "evidence",
        "file",
        "reason",
    )

    def __init__(self, *args: object, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
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
        now = describe_answer(standing.state)
        self.fields["method"].help_text = words.format(now=now, count=len(standing.persons))

    def clean(self) -> dict[str, object]:
        given = super().clean()
        if bool(given.get("guardian")) == bool(given.get("new_id")):
            self.add_error("guardian", gettext("Enter a registered person here, or a new person below: one of them."))
        if given.get("new_id") and not given.get("full_name"):
            self.add_error("full_name", gettext("Enter the full name of the new person."))
        if not given.get("method") and (given.get("evidence") or given.get("file")):
            self.add_error("method", gettext("Choose how you saw the evidence."))
        if given.get("guardian") and given.get("reason"):
            given["registered"] = self._search(given["guardian"], given["reason"])
        return given

    def _search(self, text: str, reason: str) -> Subject:
        """Find the guardian. The search stays recorded whatever becomes of the act: it may show who is registered."""
        stamp: dict[str, Any] = {"actor": actor_of(self.request), "reason": reason, "at": get_action_time(self.request)}
        with in_client(self.row.client_id):
            found = find_people(text.strip(), client_id=self.row.client_id, **stamp)
        return choose_guardian(found)


def _name(child: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    stamp: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    authority = {name: given[name] for name in ("relationship", "may_consent", "may_receive_data")}
    evidence = None
    if given["method"]:
        evidence = SeenEvidence(method=given["method"], reference=given["evidence"], file=given["file"])
    guardian: Subject | NewGuardian
    if given["new_id"]:
        contact = {name: given[name] for name in ("full_name", "email", "phone")}
        guardian = NewGuardian(external_id=given["new_id"].strip(), **contact)
    else:
        guardian = given["registered"]
    row = name_guardian_with_evidence(child, guardian=guardian, evidence=evidence, **authority, **stamp)
    if row.guardian_id in load_child_facts(child).standing(stamp["at"]).persons:
        words = gettext("Named and verified. To undo it, use “End guardian” on this page.")
    else:
        words = gettext("Named, without authority until verified. To undo it, use “End guardian” on this page.")
    messages.success(request, words)
    page = reverse("admin:guardians_guardianship_change", args=[row.pk], current_app=site.name)
    return HttpResponseRedirect(page)


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
class ChildMechanismAdmin(ScopedAdmin):
    """Console page of clients' declared mechanisms."""

    view_capability = Capability.VIEW_CHILD_RECORDS
    add_capability = Capability.DECLARE_MECHANISMS
    row_fields = ("kind", "description", "description_ur", "reference", "provider")
    detail_fields = ("state", "starts_at", "ends_at")
    list_display = ("kind", "reference", "state", "starts_at", "owner")
    list_filter = ("client",)
    newest_by = "starts_at"
    sortable_by = ()
    intro = (
        "A client whose platform serves minors is responsible for verifying ages and obtaining guardians' consent "
        "(policy, section 8), and declares here how it does so. A new declaration replaces the previous one."
    )
    empty_text = "No mechanism has been declared yet."
    state = state_column(period_pill)

    def write(self, row: ChildMechanism, **details: Any) -> None:
        context = {name: details[name] for name in ("actor", "reason", "at")}
        fields = {name: getattr(row, name) for name in self.row_fields}
        row.pk = declare_mechanism(row.client_id, **fields, **context).pk


@admin.register(SchoolAuthorisation, site=site)
class SchoolAuthorisationAdmin(EvidenceAdmin):
    """Console page of schools' own authorisations."""

    view_capability = Capability.VIEW_CHILD_RECORDS
    list_display = ("starts_at", "child", "contract_reference", "worth", "state", "owner")
    list_filter = ("client",)
    newest_by = "starts_at"
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[SchoolAuthorisation]:
        return super().get_queryset(request).select_related("child")


person_acts.connect(act_page(authorise_by_school, applies=needs_guardian))
person_acts.connect(act_page(quarantine, applies=lambda row, _at: row.erased_at is None))
