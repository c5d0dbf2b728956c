"""A person's consents through time in the console, as they stood at any moment, and the proof to take away."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from consent.admin.answers import basis_label, decision_cells
from consent.admin.consents import state_pill
from consent.models import ConsentEvent
from consent.register import Register
from consent.selectors.consents import is_without_effect
from consent.selectors.decisions import standing
from consent.selectors.registers import current_register, register_as_of
from consent.selectors.timelines import ACKNOWLEDGED, Line, acknowledgements_of, consents_of, state_as_of, timeline
from consent.services import NothingToProve, export_evidence
from paktaleem.accounts.addresses import public_address
from paktaleem.accounts.roles import Capability
from paktaleem.console.acts import Act
from paktaleem.console.asking import actor_of, received_at
from paktaleem.console.columns import pill, who, with_actor
from paktaleem.console.forms import ActForm
from paktaleem.console.persons import PersonPage, add_person_acts, add_person_page
from paktaleem.console.site import site
from paktaleem.subjects.models import Subject
from paktaleem.tenancy.context import in_client

__all__: list[str] = []


class AsOfForm(forms.Form):
    """At which moment (UTC) to look; nothing given: now."""

    day = forms.DateField(label=_("As of (UTC)"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    hour = forms.TimeField(label=_("at"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))

    def moment(self, now: datetime) -> datetime:
        """Give the moment asked for, the end of the day where no time is given; never one to come."""
        if not self.is_valid() or self.cleaned_data.get("day") is None:
            return now
        hour = self.cleaned_data.get("hour") or time(23, 59, 59, 999_999)
        return min(datetime.combine(self.cleaned_data["day"], hour, now.tzinfo), now)


def _timeline_values(request: HttpRequest, row: Subject) -> dict[str, Any]:
    """Tell the story up to the moment asked for, with states and answers as they were then."""
    form = AsOfForm(request.GET or None)
    with in_client(row.client_id):
        now = received_at(request)
        at = form.moment(now)
        events = list(with_actor(consents_of(row, actor=actor_of(request), until=at), actor_of(request)))
        seen = list(with_actor(acknowledgements_of(row, actor=actor_of(request), until=at), actor_of(request)))
        lines = timeline(row, events=events, acknowledged=seen, until=at)
        register = current_register(row.client_id) if at == now else register_as_of(row.client_id, at)
        states = state_as_of(events, register, at)
        decisions = _decisions(request, row, at)
    return {
        "form": form,
        "at": at,
        "is_past": at < now,
        "lines": [_shown(line, row, register) for line in lines],
        "states": [
            (_words(code), state_pill(line.state), line, _is_without_effect(line, row, register))
            for code, line in states.items()
        ],
        "decisions": decisions,
        "bundle_url": reverse("admin:subjects_subject_evidence", args=[row.pk], current_app=site.name),
        "may_export": actor_of(request).may(Capability.EXPORT_EVIDENCE, row.client_id) and bool(events or seen),
    }


def _decisions(request: HttpRequest, row: Subject, at: datetime) -> list[dict[str, Any]]:
    """Say what would have been answered then, where the one who looks may ask."""
    actor, now = actor_of(request), received_at(request)
    if row.external_id is None or not actor.may(Capability.ASK_DECISIONS, row.client_id):
        return []
    return [
        {
            "purpose": _words(code),
            **decision_cells(one),
        }
        for code, one in standing(actor, row.client_id, row.external_id, at=at, now=now).items()
    ]


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _is_without_effect(line: Line, subject: Subject, register: Register) -> bool:
    return bool(line.state) and isinstance(line.row, ConsentEvent) and is_without_effect(line.row, subject, register)


def _shown(line: Line, subject: Subject, register: Register) -> dict[str, Any]:
    row: Any = line.row
    is_event = bool(line.state and row is not None)
    is_seen = line.what == ACKNOWLEDGED
    return {
        "at": line.at,
        "purpose": gettext("The privacy policy")
        if is_seen
        else _words(line.purpose)
        if line.purpose
        else gettext("Every purpose"),
        "state": state_pill(line.state)
        if line.state
        else pill(line.what, "calm" if line.notice is not None else "warn"),
        "who": who(row) if is_event or is_seen else "",
        "whose": row.get_given_by_display() if is_event else "",
        "guardian": row.guardian if is_event else None,
        "how": row.get_method_display() if is_event or is_seen else "",
        "is_seen": is_seen,
        "language": row.language if line.notice is not None else "",
        "followed": line.row is None,
        "without_effect": _is_without_effect(line, subject, register),
        "notice": line.notice,
        "basis": basis_label(line.basis),
        "url": reverse("admin:consent_consentevent_change", args=[row.pk], current_app=site.name) if is_event else "",
    }


_TITLE = gettext_noop("Timeline of consents")
add_person_page(PersonPage("timeline", _TITLE, Capability.VIEW_CONSENTS, "console/timeline.html", _timeline_values))


class BundleForm(ActForm):
    """In which language the receipts give names."""

    language = forms.ChoiceField(choices=[("en", "English"), ("ur", "Urdu")])
    field_order = ("language", "reason")


def _bundle(subject: Subject, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    packed = export_evidence(
        subject,
        base=public_address(request),
        language=given["language"],
        actor=actor_of(request),
        reason=given["reason"],
        at=received_at(request),
    )
    response = HttpResponse(packed, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="evidence-{subject.pk}.zip"'
    return response


add_person_acts(
    Act(
        "evidence",
        "Take evidence away",
        Capability.EXPORT_EVIDENCE,
        _bundle,
        form=BundleForm,
        lead="A ZIP with the receipts, the notices as they were shown, the ledger's entries and a hash of each: it can "
        "be checked offline. People are named by pseudonym. That you took it is recorded.",
        refusals={NothingToProve: "The person has never answered anything: there is nothing to prove."},
    )
)
