"""The console act that records a person's age by its source; some changes wait for a second person."""

from typing import Any

from django import forms
from django.http import HttpRequest

from paktaleem.directory.ages import AgeSource
from paktaleem.directory.people.age_changes import AGE_SOURCES, AgeRoute
from paktaleem.directory.people.details import AgeCheck
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.forms import RowActionForm
from paktaleem.foundation.console.person_pages import person_acts
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.places import CountryChoice

_NEEDED = {
    AgeSource.BIRTH_DATE: ("day",),
    AgeSource.ATTESTED: ("years",),
    AgeSource.DECLARED: ("years",),
    AgeSource.PROVIDER: ("result", "years", "day", "provider", "reference"),
}


class StateAgeForm(RowActionForm):
    """Source and value of a person's age."""

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
        label="Country of residence",
        required=False,
        help_text="Leave empty to keep the registered country.",
    )
    field_order = ("source", "day", "years", "result", "provider", "reference", "country", "reason")

    def clean(self) -> dict[str, Any]:
        """Require the fields that belong to the chosen source."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in _NEEDED.get(cleaned.get("source", ""), ()):
            if cleaned.get(name) in {None, ""} and name not in self.errors:
                self.add_error(name, "This source requires this field.")
        return cleaned


def _to_details(given: dict[str, Any]) -> dict[str, Any]:
    """Return the form's values as fields of SubjectDetails."""
    country = {"country": given["country"]} if given["country"] else {}
    source = AgeSource(given["source"])
    if source is AgeSource.BIRTH_DATE:
        return {"birth_date": given["day"], **country}
    if source is AgeSource.PROVIDER:
        found = (given[name] for name in ("result", "years", "day", "provider", "reference"))
        return {"age_check": AgeCheck(*found).text, **country}
    return {f"{source}_age": given["years"], **country}


def _state_age(subject: Subject, given: dict[str, Any], request: HttpRequest) -> None:
    common: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    details = {"role": subject.role, **_to_details(given)}
    register_subject(
        subject.external_id or "", client=subject.client, details=details, route=AgeRoute.CONSOLE, **common
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
        applies=lambda row, _at: row.is_recorded,
    )
)
