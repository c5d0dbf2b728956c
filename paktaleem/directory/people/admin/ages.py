"""Stating somebody's age in the console, by its source; what would let a child decide waits for a second person."""

from typing import Any

from django import forms
from django.http import HttpRequest

from paktaleem.directory.people.agechanges import AGE_SOURCES
from paktaleem.directory.people.ages import AgeSource
from paktaleem.directory.people.details import AgeCheck
from paktaleem.directory.people.models import AgeRoute, Subject
from paktaleem.directory.people.services import AlreadyErased, register_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, received_at
from paktaleem.foundation.console.forms import ActForm
from paktaleem.foundation.console.persons import person_acts

__all__: list[str] = []

_NEEDED = {
    AgeSource.BIRTH_DATE: ("day",),
    AgeSource.ATTESTED: ("years",),
    AgeSource.DECLARED: ("years",),
    AgeSource.PROVIDER: ("result", "years", "day", "provider", "reference"),
}


class StateAgeForm(ActForm):
    """Who says what."""

    source = forms.ChoiceField(label="Who says so", choices=[(one.value, words) for one, words in AGE_SOURCES.items()])
    day = forms.DateField(
        label="Birth date, or day of the check", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    years = forms.IntegerField(label="Age in years", required=False, min_value=0, max_value=120)
    result = forms.ChoiceField(
        label="A provider found them", required=False, choices=[("", "—"), ("over", "Over"), ("under", "Under")]
    )
    provider = forms.CharField(label="Code of the provider", required=False, max_length=63)
    reference = forms.CharField(
        label="Its number of the check",
        required=False,
        max_length=100,
        help_text="Never the number of a paper, nor the paper: only that of the check.",
    )
    country = forms.CharField(
        label="Country where they live",
        required=False,
        max_length=2,
        help_text="Two letters, such as DE; empty where it is as known.",
    )
    field_order = ("source", "day", "years", "result", "provider", "reference", "country", "reason")

    def clean(self) -> dict[str, Any]:
        """Ask for what the source says."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in _NEEDED.get(cleaned.get("source", ""), ()):
            if cleaned.get(name) in {None, ""} and name not in self.errors:
                self.add_error(name, "This source says so.")
        return cleaned


def _details(given: dict[str, Any]) -> dict[str, Any]:
    """Give what was stated as details of the person."""
    country = {"country": given["country"]} if given["country"] else {}
    source = AgeSource(given["source"])
    if source is AgeSource.BIRTH_DATE:
        return {"birth_date": given["day"], **country}
    if source is AgeSource.PROVIDER:
        found = (given[name] for name in ("result", "years", "day", "provider", "reference"))
        return {"age_check": AgeCheck(*found).text, **country}
    return {f"{source}_age": given["years"], **country}


def _state(subject: Subject, given: dict[str, Any], request: HttpRequest) -> None:
    told: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": received_at(request)}
    details = {"role": subject.role, **_details(given)}
    register_subject(subject.external_id or "", client=subject.client, details=details, route=AgeRoute.CONSOLE, **told)


person_acts.connect(
    Act(
        "state-age",
        "State an age",
        Capability.REGISTER_SUBJECTS,
        _state,
        form=StateAgeForm,
        lead="What the learning platform does not tell. An age that would let a child decide waits for a second "
        "person; one that shows a child acts at once.",
        done="Written, or waiting for a second person.",
        applies=lambda row, _at: row.erased_at is None,
        refusals={AlreadyErased: "The person is erased."},
    )
)
