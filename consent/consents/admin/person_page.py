"""Consents, restrictions and objections on a person's page, and the acts on them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext

from consent.consents.admin.consents import answer_cell, format_limited_purpose, serialize_events, state_pill
from consent.consents.models import Consent, ConsentEvent, ConsentState, GivenBy, Method, Objection, Restriction
from consent.consents.selectors.consents import AskedWords, current_states, load_asked_words
from consent.consents.services.consent_basis import METHODS_WITHOUT_TOKEN
from consent.consents.services.recording import Answer, AnswerArguments, record_answers, withdraw_consent
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.notices.models import NoticeVersion
from consent.notices.notice_tokens import ShownNotice, read_notice_token, sign_notice_token
from consent.notices.selectors.notices import NoticeUnknown
from consent.notices.selectors.registers import bases_in_force, current_register, get_current_notice
from consent.register.compiled import Basis
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import period_pill
from paktaleem.foundation.console.forms import ActionForm, FormData, RowActionForm, set_choices
from paktaleem.foundation.console.person_pages import (
    OVERVIEW,
    TIMELINE,
    list_url_of_person,
    on_tab,
    person_acts,
    person_panels,
)
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, calls
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.console.widgets import MomentInput
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

LATEST_EVENTS = 20
BOTH_LANGUAGES = ""
METHODS = [one for one in Method if one not in {Method.IMPORT, Method.CONSOLE, Method.SYSTEM}]
GIVERS = [one for one in GivenBy if one != GivenBy.ORGANISATION]
ANSWERS = [
    (ConsentState.GIVEN.value, "Give"),
    (ConsentState.REFUSED.value, "Refuse"),
    (ConsentState.WITHDRAWN.value, "Withdraw"),
]


class AnswerForm(ActionForm):
    """A form to record an answer of the person or a guardian. No reason is required."""

    purpose = forms.CharField(widget=forms.HiddenInput)
    state = forms.ChoiceField(label="Answer", choices=ANSWERS, widget=forms.RadioSelect)
    method = forms.ChoiceField(label="How the answer was received", choices=[(m.value, m.label) for m in METHODS])
    given_by = forms.ChoiceField(label="Who answered", choices=[(one.value, one.label) for one in GIVERS])
    claimed_at = forms.SplitDateTimeField(
        label="When it was given",
        required=False,
        widget=MomentInput(),
        help_text="Required for consent on paper or by telephone after a refusal or withdrawal, which older consent "
        "does not override.",
    )
    evidence = forms.CharField(
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The location of the form or letter, or who spoke with whom and when. It is encrypted. Required "
        "for consent on paper or by telephone, never for withdrawal. Add a scan on the answer's page.",
    )
    guardian = forms.ModelChoiceField(
        Subject.objects.none(), required=False, empty_label="—", help_text="If a guardian answered."
    )
    language = forms.ChoiceField(choices=[("en", "English"), ("ur", "Urdu")])
    notice: NoticeVersion | None = None

    def prepare(self) -> None:
        guardians = GuardianClaim.objects.filter(child=self.row, ends_at=None).values("guardian_id")
        set_choices(self, "guardian", Subject.objects.filter(pk__in=guardians))
        self.fields["language"].initial = self.row.language
        self.fields["method"].initial = Method.IN_PERSON.value
        at = get_action_time(self.request)
        with suppress(NoticeUnknown):
            self.notice = get_current_notice(self.purpose_code, client_id=self.row.client_id, at=at)
            purposes = tuple(self.notice.notice.purposes)
            shown = ShownNotice(self.notice.pk, purposes, BOTH_LANGUAGES, self.row.client_id, at)
            self.fields["shown"] = forms.CharField(widget=forms.HiddenInput, initial=sign_notice_token(shown))

    @property
    def purpose_code(self) -> str:
        return str((self.data if self.is_bound else self.initial).get("purpose", ""))[:63]

    @property
    def purpose_name(self) -> str:
        return format_purpose(self.purpose_code, self.row.client_id)

    def clean(self) -> dict[str, object]:
        cleaned: FormData = super().clean() or {}
        by_guardian = cleaned.get("given_by") == GivenBy.GUARDIAN
        if by_guardian and cleaned.get("guardian") is None:
            self.add_error("guardian", gettext("Choose the guardian who answered."))
        elif not by_guardian:
            cleaned["guardian"] = None
        gives = cleaned.get("state") == ConsentState.GIVEN
        if gives and cleaned.get("method") in METHODS_WITHOUT_TOKEN and not cleaned.get("evidence"):
            self.add_error(
                "evidence", gettext("Describe the evidence: the answer was not given on a screen of this portal.")
            )
        return cleaned


def _record_answer(subject: Subject, given: FormData, request: HttpRequest) -> None:
    shared: AnswerArguments = {
        "given_by": GivenBy(given["given_by"]),
        "guardian": given["guardian"],
        "method": Method(given["method"]),
        "language": given["language"],
        "actor": actor_of(request),
        "at": get_action_time(request),
    }
    if given["state"] == ConsentState.WITHDRAWN:
        withdraw_consent(subject, purpose=given["purpose"], evidence=given["evidence"], **shared)
        return
    answers, token, version = [Answer(given["purpose"], ConsentState(given["state"]))], given.get("shown"), None
    if given["method"] in METHODS_WITHOUT_TOKEN and token is not None:  # the person was not shown the console page
        version, token = read_notice_token(token, client_id=subject.client_id).version, None
    details = {"evidence": given["evidence"], "claimed_at": given["claimed_at"]}
    record_answers(subject, answers=answers, shown=token, notice_version=version, **details, **shared)


class RestrictForm(RowActionForm):
    purpose_code = forms.ChoiceField(label="Purpose", required=False, help_text="None chosen: every purpose.")

    def prepare(self) -> None:
        set_choices(self, "purpose_code", [("", gettext("Every purpose")), *_purpose_choices(self.row)])


class ObjectForm(RowActionForm):
    purpose_code = forms.ChoiceField(label="Purpose", help_text="Purposes to which this person may object.")

    def prepare(self) -> None:
        row, at = self.row, get_action_time(self.request)
        with in_client(row.client_id):
            register = current_register(row.client_id)
        found = register.purposes.items()
        only = {rule.id for code, rule in found if register.may_object(code, row.roles, row.country, at)}
        set_choices(self, "purpose_code", _purpose_choices(self.row, only))


def _list_purposes_on(basis: Basis, row: Subject, request: HttpRequest) -> set[UUID]:
    bases = bases_in_force(row.client_id, at=get_action_time(request))
    return {purpose for (purpose, role), one in bases.items() if role in row.roles and one.basis == basis}


def _purpose_choices(subject: Subject, only: set[UUID] | None = None) -> list[tuple[str, str]]:
    found = Purpose.objects.filter(client_id__in=[subject.client_id, PAKTALEEM], is_active=True)
    return [(one.code, str(one)) for one in found if only is None or one.pk in only]


_ACTS = (
    RowAction(
        "answer",
        "Record an answer",
        Capability.RECORD_CONSENTS,
        _record_answer,
        form=AnswerForm,
        done="Recorded. In effect from the next decision.",
        applies=lambda row, _at: row.erased_at is None,
        listed=False,
        template="console/answer.html",
    ),
    RowAction(
        "restrict",
        "Restrict processing",
        Capability.RESTRICT_PROCESSING,
        calls(restrict_processing),
        form=RestrictForm,
        lead="Data is stored but not otherwise used until the restriction is lifted.",
        done="Restricted. In effect from the next decision.",
        applies=lambda row, _at: row.erased_at is None,
    ),
    RowAction(
        "object",
        "Record objection",
        Capability.RESTRICT_PROCESSING,
        calls(object_to_purpose),
        form=ObjectForm,
        lead="The person objects to a purpose based on legitimate interest.",
        done="Recorded. In effect from the next decision.",
        applies=lambda row, _at: row.erased_at is None,
    ),
)
for _act in _ACTS:
    person_acts.connect(_act)


@on_tab(OVERVIEW, place=2)
def consents_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    if not may(request, Capability.VIEW_CONSENTS, row.client_id):
        return None
    own = Consent.objects.filter(client_id=row.client_id, subject=row)
    current = {one.purpose_id: one for one in own.select_related("subject__client", "purpose")}
    states = current_states(row.client_id, current.values(), at=get_action_time(request))
    purpose_ids = [*_list_purposes_on(Basis.CONSENT, row, request), *current]
    found = Purpose.objects.filter(pk__in=purpose_ids).order_by("name_en")
    words = load_asked_words((one.event_id for one in current.values()), language=get_language() or "en")
    serialize = partial(_serialize_consent, row, states=states, words=words, answers=_list_answers(row, request))
    rows = [serialize(purpose, current.get(purpose.pk)) for purpose in found]
    return {"template": "console/panels/consents.html", "rows": rows}


def _list_answers(row: Subject, request: HttpRequest) -> list[tuple[str, str]]:
    """Return the answers that can be recorded: consent for a child only if a guardian is named who can give it."""
    if row.erased_at is not None or not may(request, Capability.RECORD_CONSENTS, row.client_id):
        return []
    may_consent = row.is_recorded and (
        not row.counts_as_child(get_action_time(request))
        or GuardianClaim.objects.filter(client_id=row.client_id, child=row, ends_at=None).exists()
    )
    return [(value, label) for value, label in ANSWERS if may_consent or value != ConsentState.GIVEN]


def _serialize_consent(
    subject: Subject,
    purpose: Purpose,
    consent: Consent | None,
    *,
    states: Mapping[UUID, str],
    words: Mapping[UUID, AskedWords],
    answers: Iterable[tuple[str, str]],
) -> dict[str, object]:
    state = states[consent.pk] if consent else ConsentState.UNKNOWN
    answer = reverse("admin:people_subject_answer", args=[subject.pk], current_app=site.name)
    offered = [
        {"label": translate_text(label), "url": f"{answer}?purpose={purpose.code}&state={value}"}
        for value, label in answers
        if (value == ConsentState.WITHDRAWN) == (state == ConsentState.GIVEN)
    ]
    return {
        "purpose": purpose,
        "state": answer_cell(consent, state) if consent else state_pill(state),
        "consent": consent,
        "url": consent and reverse("admin:consent_consent_history", args=[consent.pk], current_app=site.name),
        "offered": offered,
        "asked": consent and words[consent.event_id],
    }


@person_panels.connect
def limits_panel(request: HttpRequest, row: Subject) -> dict[str, object] | None:
    if not may(request, Capability.VIEW_CONSENTS, row.client_id):
        return None
    limits: list[dict[str, object]] = []
    for kind, model in ((gettext("Restriction"), Restriction), (gettext("Objection"), Objection)):
        name = f"admin:consent_{model._meta.model_name}_change"
        limits += [
            {
                "kind": kind,
                "purpose": format_limited_purpose(one),
                "state": period_pill(one),
                "starts_at": one.starts_at,
                "url": reverse(name, args=[one.pk], current_app=site.name),
            }
            for one in model._default_manager.filter(client_id=row.client_id, subject=row)
        ]
    return {"template": "console/panels/limits.html", "rows": limits}


@on_tab(TIMELINE)
def events_panel(request: HttpRequest, row: Subject) -> dict[str, object]:
    events = ConsentEvent.objects.filter(client_id=row.client_id, subject=row)
    return {
        "template": "console/panels/events.html",
        "events": serialize_events(events, actor_of(request), limit=LATEST_EVENTS),
        "all_url": list_url_of_person(ConsentEvent, row.pk),
    }
