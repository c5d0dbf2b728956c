"""The console act that records a person's age by its source; some changes wait for a second person."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_lazy as _, gettext_noop

from paktaleem.directory.people.ages import AgeSource
from paktaleem.directory.people.details import AGE_GATE_FIELDS, AgeCheck, SubjectDetails, check_external_id
from paktaleem.directory.people.fields import PERSONAL_FIELDS, FieldKind
from paktaleem.directory.people.models import AGE_SOURCES, AgeChange, AgeRoute, HasSeveralRoles, Subject, SubjectRole
from paktaleem.directory.people.services.age_recomputation import open_age_change, settle_age_change
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.filters import ConditionFilter
from paktaleem.foundation.console.forms import FormData, ReasonField, RowActionForm, ScopedForm, add_service_error
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.person_pages import person_acts
from paktaleem.foundation.console.requests import actor_of, by_user_for, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, Weakens, show_revealed
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.text.places import CountryChoice

_NEEDED = {
    AgeSource.BIRTH_DATE: ("day",),
    AgeSource.ATTESTED: ("years",),
    AgeSource.DECLARED: ("years",),
    AgeSource.PROVIDER: ("result", "years", "day", "provider", "reference"),
}


class StateAgeForm(RowActionForm):
    source = forms.ChoiceField(
        label="Source of the age", choices=[(one.value, words) for one, words in AGE_SOURCES.items()]
    )
    day = forms.DateField(label="Birth date or date of the check", required=False, widget=DayInput())
    years = forms.IntegerField(label="Age in years", required=False, min_value=0, max_value=120)
    result = forms.ChoiceField(
        label="Result of the provider's check",
        required=False,
        choices=[("", "—"), ("over", "Over"), ("under", "Under")],
    )
    provider = forms.CharField(label="Provider code", required=False, max_length=63)
    reference = forms.CharField(
        label="Check reference number",
        required=False,
        max_length=100,
        help_text="The reference of the check only; never a document or its number.",
    )
    country = CountryChoice(
        label="Country of residence", required=False, help_text="Leave empty to keep the registered country."
    )

    def clean(self) -> dict[str, object]:
        cleaned: FormData = super().clean() or {}
        for name in _NEEDED.get(cleaned.get("source", ""), ()):
            if cleaned.get(name) in {None, ""} and name not in self.errors:
                self.add_error(name, "This source requires this field.")
        return cleaned


def _to_details(given: dict[str, Any]) -> dict[str, object]:
    country = {"country": given["country"]} if given["country"] else {}
    source = AgeSource(given["source"])
    if source is AgeSource.BIRTH_DATE:
        return {"birth_date": given["day"], **country}
    if source is AgeSource.PROVIDER:
        found = (given[name] for name in ("result", "years", "day", "provider", "reference"))
        return {"age_check": AgeCheck(*found).text, **country}
    return {f"{source}_age": given["years"], **country}


def _state_age(subject: Subject, given: FormData, request: HttpRequest) -> None:
    common = by_user_for(request, given["reason"])
    details = {"role": subject.role, **_to_details(given)}
    register_subject(
        subject.external_id or "",
        client=subject.client,
        details=details,
        route=AgeRoute.CONSOLE,
        ground=given["ground"],
        **common,
    )


person_acts.connect(
    RowAction(
        "state-age",
        "State an age",
        Capability.REGISTER_SUBJECTS,
        _state_age,
        form=StateAgeForm,
        lead="Record an age that the learning platform does not send. An age that would let a child decide waits "
        "for a second person; an age that shows the person is a child takes effect immediately.",
        done="The age is recorded, or waits for a second person.",
        step_up=True,
        weakens=Weakens.BY_ITS_VALUES,
        applies=lambda row, _at: row.is_recorded,
    )
)


_LABELS = {
    "role": gettext_noop("Role"),
    "other_roles": gettext_noop("Other roles"),
    **{field.name: field.label for field in PERSONAL_FIELDS if field.name in AGE_GATE_FIELDS},
    "country": gettext_noop("Country"),
}


def _show_proposal(row: AgeChange, given: FormData, request: HttpRequest) -> HttpResponse:
    by = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    values = open_age_change(row, **by)
    shown = [(translate_text(label), _to_text(values.get(name))) for name, label in _LABELS.items()]
    return show_revealed(request, row, gettext("Personal data"), shown)


def _to_text(value: Any) -> Any:
    return ", ".join(str(SubjectRole(role).label) for role in value) if isinstance(value, tuple) else value


@admin.register(AgeChange, site=site)
class AgeChangeAdmin(EvidenceAdmin[AgeChange]):
    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("subject",)
    loaded = ("subject",)
    list_display = ("requested_at", "standing", "subject", "route", "owner")
    list_filter = ("state", "client")
    detail_fields = ("standing", "subject", "route", "ground", "requested_at", "settled_at")
    effect_fields = ("subject", "route", "effect")
    entered = ("ground",)
    intro = "A birth date, age or role that would let a child decide has no effect until a second person confirms it."
    empty_text = "No age changes are waiting for confirmation."
    standing = change_state_column
    acts = (
        RowAction(
            "look",
            "View the proposal",
            Capability.REVEAL_PERSONAL_DATA,
            _show_proposal,
            lead="Your name and the reason are recorded before the data is shown.",
        ),
        *approval_actions(
            settle_age_change,
            approve="Confirm age",
            decline="Decline age",
            lead="The change takes effect immediately. Confirm it only if the school's records show it.",
        ),
    )

    @admin.display(description="effect")
    def effect(self, row: AgeChange) -> str:
        """Return what the approval changes, without the proposal: it is opened by an act of its own."""
        if row.subject.counts_as_child(get_time_of(row.client_id)):
            return gettext("Now a guardian decides for this person; afterwards they decide for themselves.")
        return gettext("The person’s age or role changes, by which the portal tells who decides.")


@admin.display(description="role")
def describe_roles(row: Subject) -> str:
    return ", ".join(str(SubjectRole(role).label) for role in row.roles)


class OtherRoleFilter(ConditionFilter):
    """Filter by a role that people have besides their main one; reads the index of people with several roles."""

    title = "other role"
    parameter_name = "other_role"
    offered = {
        role.value: (role.label, Q(HasSeveralRoles(), other_roles__contains=[role.value])) for role in SubjectRole
    }


_KINDS = {FieldKind.TEXT, FieldKind.NAME, FieldKind.EMAIL, FieldKind.PHONE, FieldKind.DAY}
_SEALED = [field for field in PERSONAL_FIELDS if field.kind in _KINDS]
ADDED_FIELDS = (
    "external_id",
    "role",
    "other_roles",
    "grade",
    "language",
    "country",
    *(field.name for field in _SEALED),
)
"""The fields of the form; ages without a birth date are stated on the person's page, with their source."""
_EXISTS = _("A person with this LMS id is registered already. Open their page to correct a field.")


class AddPersonForm(ScopedForm):
    other_roles = forms.MultipleChoiceField(
        label=_("Other roles"),
        choices=SubjectRole.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("What else the person is, such as the parent of a student: one person has one LMS id."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    reason = ReasonField()

    def prepare(self) -> None:
        for field in _SEALED:
            options: dict[str, Any] = {"label": _(field.label), "required": field.is_required}
            if field.kind is FieldKind.DAY:
                self.fields[field.name] = forms.DateField(widget=DayInput(), **options)
            else:
                off = forms.TextInput(attrs={"autocomplete": "off"})
                self.fields[field.name] = forms.CharField(max_length=field.longest, widget=off, **options)

    def clean(self) -> dict[str, object]:
        """Check all values as the service does, so that every wrong field is reported at once."""
        given = super().clean()
        for check in (lambda given: check_external_id(given.get("external_id") or ""), self._check_details):
            try:
                check(given)
            except ValidationError as refusal:
                found = refusal.error_dict.items()
                add_service_error(self, ValidationError({name: why for name, why in found if name not in self.errors}))
        return given

    def _check_details(self, given: dict[str, Any]) -> None:
        client = given.get("client") or (self.instance.client if self.instance.client_id else None)
        at = get_action_time(self.request)
        zone, region = (client.time_zone, client.country) if client else ("UTC", "")
        SubjectDetails(**_to_new_details(given)).checked(today=at.astimezone(ZoneInfo(zone)).date(), region=region)


def _to_new_details(given: Mapping[str, Any]) -> dict[str, Any]:
    details = {name: given.get(name) or None for name in ADDED_FIELDS if name != "external_id"}
    plain = {"country": given.get("country", ""), "language": given.get("language", "")}
    return {**details, **plain, "role": given.get("role", ""), "other_roles": tuple(given.get("other_roles", ()))}


def add_person(row: Subject, given: dict[str, Any], **stamp: Any) -> Subject:
    """Register a person in the client's context. Raises ValidationError if the LMS id is known; the page rolls back."""
    client, details = Client.objects.get(pk=row.client_id), _to_new_details(given)
    subject, is_new = register_subject(
        given["external_id"] or "", client=client, details=details, route=AgeRoute.CONSOLE, **stamp
    )
    if not is_new:
        raise ValidationError({"external_id": [_EXISTS]})
    return subject
