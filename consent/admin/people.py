"""What consent adds to a person's page: their answers, and what may be done now."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from consent.admin.answers import decision_cells
from consent.admin.consents import event_lines, state_pill
from consent.models import (
    Basis,
    Consent,
    ConsentEvent,
    ConsentState,
    Method,
    NoticeVersion,
    Objection,
    Purpose,
    Restriction,
)
from consent.models.consents import GivenBy
from consent.selectors.decisions import standing
from consent.selectors.purposes import NoticeUnknown, bases_in_force, current_notice
from consent.services import (
    Answer,
    ChildMayNotGive,
    ConsentNotBased,
    EvidenceMissing,
    GuardianUnknown,
    NothingToWithdraw,
    NoticeStale,
    PurposeUnknown,
    UnknownAgeMayNotGive,
    object_to_purpose,
    record_answers,
    restrict_processing,
    withdraw_consent,
)
from consent.services.grounds import TOKENLESS
from consent.shown import Shown, ShownForeign, ShownForged, ShownMissing, ShownStale, read_shown, sign_shown
from paktaleem.accounts.roles import Capability
from paktaleem.console.acts import Act
from paktaleem.console.asking import actor_of, may, received_at
from paktaleem.console.columns import period_pill, with_actor
from paktaleem.console.forms import ActForm, offer
from paktaleem.console.persons import add_person_acts, add_person_panel
from paktaleem.console.site import site
from paktaleem.console.words import translated
from paktaleem.subjects.models import GuardianClaim, Subject
from paktaleem.subjects.services import AlreadyErased
from paktaleem.tenancy.context import in_client
from paktaleem.tenancy.ids import PAKTALEEM

__all__: list[str] = []

LATEST_EVENTS = 20
BOTH_LANGUAGES = ""
METHODS = [one for one in Method if one not in {Method.IMPORT, Method.CONSOLE, Method.SYSTEM}]
GIVERS = [one for one in GivenBy if one != GivenBy.ORGANISATION]
ANSWERS = [
    (ConsentState.GIVEN.value, "Give"),
    (ConsentState.REFUSED.value, "Refuse"),
    (ConsentState.WITHDRAWN.value, "Withdraw"),
]
REFUSALS: dict[type[Exception], str] = {
    AlreadyErased: "The person is erased.",
    UnknownAgeMayNotGive: "The person's age is not known: a guardian gives consent, until the age is recorded.",
    ChildMayNotGive: "The person is a child: a guardian gives consent for them.",
    PurposeUnknown: "There is no such active purpose for this client.",
    ConsentNotBased: "This purpose does not rest on consent for the person's role.",
    EvidenceMissing: "Say what proves it: no screen of ours was there.",
    ShownForged: "The form was changed on its way: open it again.",
    ShownForeign: "The form was opened for another notice: open it again.",
    ShownStale: "The notice was shown too long ago, or before the consent ended: open the form again.",
    ShownMissing: "A consent needs a notice in effect that tells of the purpose, and there is none.",
    NoticeStale: "A consent needs the current notice, and this is no longer the current one: look at it again.",
    NothingToWithdraw: "There is no consent in force to withdraw.",
    GuardianUnknown: "This guardian is not one the school names for the person.",
}


class AnswerForm(ActForm):
    """An answer of the person or a guardian, and how it reached us. No reason is asked of them."""

    reason = None  # type: ignore[assignment]
    purpose = forms.CharField(widget=forms.HiddenInput)
    state = forms.ChoiceField(label="Answer", choices=ANSWERS, widget=forms.RadioSelect)
    method = forms.ChoiceField(label="How the answer reached us", choices=[(m.value, m.label) for m in METHODS])
    given_by = forms.ChoiceField(label="Whose answer it is", choices=[(one.value, one.label) for one in GIVERS])
    evidence = forms.CharField(
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Where the form or letter lies, or who spoke with whom and when. It is sealed. Giving on paper or by "
        "telephone needs it; withdrawing never does. A scan is added on the answer's page.",
    )
    guardian = forms.ModelChoiceField(
        Subject.objects.none(), required=False, empty_label="—", help_text="If a guardian answered."
    )
    language = forms.ChoiceField(choices=[("en", "English"), ("ur", "Urdu")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the guardians whom the school names, and show the notice that is in effect."""
        super().__init__(*args, **kwargs)
        guardians = GuardianClaim.objects.filter(child=self.row, ends_at=None).values("guardian_id")
        offer(self, "guardian", Subject.objects.filter(pk__in=guardians))
        self.fields["language"].initial = self.row.language
        self.fields["method"].initial = Method.IN_PERSON.value
        self.notice = self._notice()
        if self.notice is not None:
            self.fields["shown"] = forms.CharField(widget=forms.HiddenInput, initial=self._shown(self.notice))

    @property
    def purpose_code(self) -> str:
        """The purpose the page is about."""
        return str((self.data if self.is_bound else self.initial).get("purpose", ""))[:63]

    def _notice(self) -> Any:
        at = received_at(self.request)
        try:
            return current_notice(self.purpose_code, client_id=self.row.client_id, at=at)
        except NoticeUnknown:
            return None

    def _shown(self, notice: NoticeVersion) -> str:
        at, client_id = received_at(self.request), self.row.client_id
        return sign_shown(Shown(notice.pk, tuple(notice.notice.purposes), BOTH_LANGUAGES, client_id, at))

    def clean(self) -> dict[str, Any]:
        """Ask for the guardian where a guardian answered, and only there."""
        cleaned: dict[str, Any] = super().clean() or {}
        by_guardian = cleaned.get("given_by") == GivenBy.GUARDIAN
        if by_guardian and cleaned.get("guardian") is None:
            self.add_error("guardian", gettext("Choose the guardian who answered."))
        elif not by_guardian:
            cleaned["guardian"] = None
        gives = cleaned.get("state") == ConsentState.GIVEN
        if gives and cleaned.get("method") in TOKENLESS and not cleaned.get("evidence"):
            self.add_error("evidence", gettext("Say what proves it: no screen of ours was there."))
        return cleaned


def _answer(subject: Subject, given: dict[str, Any], request: HttpRequest) -> None:
    shared: dict[str, Any] = {
        "given_by": GivenBy(given["given_by"]),
        "guardian": given["guardian"],
        "method": Method(given["method"]),
        "language": given["language"],
        "actor": actor_of(request),
        "at": received_at(request),
    }
    if given["state"] == ConsentState.WITHDRAWN:
        withdraw_consent(subject, purpose=given["purpose"], evidence=given["evidence"], **shared)
        return
    answers = [Answer(given["purpose"], ConsentState(given["state"]))]
    token, evidence = given.get("shown"), given["evidence"]
    if given["method"] in TOKENLESS and token is not None:  # what the page shows is not what the person was shown
        version = read_shown(token, client_id=subject.client_id).version
        record_answers(subject, answers=answers, notice_version=version, evidence=evidence, **shared)
        return
    record_answers(subject, answers=answers, shown=token, evidence=evidence, **shared)


class RestrictForm(ActForm):
    """For which purpose, or all."""

    purpose = forms.ChoiceField(required=False, help_text="None chosen: every purpose.")
    field_order = ("purpose", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the client's purposes and the shared ones."""
        super().__init__(*args, **kwargs)
        offer(self, "purpose", [("", gettext("Every purpose")), *_purposes_of(self.row)])


class ObjectForm(ActForm):
    """To which purpose."""

    purpose = forms.ChoiceField(help_text="Those that rest on legitimate interest for this person's role.")
    field_order = ("purpose", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the purposes that rest on legitimate interest."""
        super().__init__(*args, **kwargs)
        at = received_at(self.request)
        bases = bases_in_force(self.row.client_id, at=at)
        resting = {
            purpose
            for (purpose, role), basis in bases.items()
            if role == self.row.role and basis.basis == Basis.LEGITIMATE_INTEREST
        }
        offer(self, "purpose", _purposes_of(self.row, resting))


def _purposes_of(subject: Subject, only: set[Any] | None = None) -> list[tuple[str, str]]:
    found = Purpose.objects.filter(client_id__in=[subject.client_id, PAKTALEEM], is_active=True)
    return [(one.code, one.name_en) for one in found if only is None or one.pk in only]


def _restrict(subject: Subject, given: dict[str, Any], request: HttpRequest) -> None:
    restrict_processing(
        subject,
        purpose_code=given["purpose"],
        actor=actor_of(request),
        reason=given["reason"],
        at=received_at(request),
    )


def _object(subject: Subject, given: dict[str, Any], request: HttpRequest) -> None:
    object_to_purpose(
        subject,
        purpose_code=given["purpose"],
        actor=actor_of(request),
        reason=given["reason"],
        at=received_at(request),
    )


def _not_erased(row: Subject, _at: Any) -> bool:
    return row.erased_at is None


add_person_acts(
    Act(
        "answer",
        "Record an answer",
        Capability.RECORD_CONSENTS,
        _answer,
        form=AnswerForm,
        done="Recorded: the next answer follows it.",
        applies=_not_erased,
        refusals=REFUSALS,
        listed=False,
        template="console/answer.html",
    ),
    Act(
        "restrict",
        "Restrict processing",
        Capability.RESTRICT_PROCESSING,
        _restrict,
        form=RestrictForm,
        lead="Data is kept and not otherwise used until the restriction is lifted.",
        done="Restricted: the next answer follows it.",
        applies=_not_erased,
        refusals=REFUSALS,
    ),
    Act(
        "object",
        "Record objection",
        Capability.RESTRICT_PROCESSING,
        _object,
        form=ObjectForm,
        lead="The person objects to a purpose that rests on legitimate interest.",
        done="Recorded: the next answer follows it.",
        applies=_not_erased,
        refusals=REFUSALS,
    ),
)


@add_person_panel
def consents_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show each purpose that rests on consent with its answer, and what may be answered next."""
    if not may(request, Capability.VIEW_CONSENTS, row.client_id):
        return None
    bases = bases_in_force(row.client_id, at=received_at(request))
    resting = {purpose for (purpose, role), one in bases.items() if role == row.role and one.basis == Basis.CONSENT}
    current = {one.purpose_id: one for one in Consent.objects.filter(client_id=row.client_id, subject=row)}
    found = Purpose.objects.filter(pk__in=[*resting, *current]).order_by("name_en")
    can_record = row.erased_at is None and may(request, Capability.RECORD_CONSENTS, row.client_id)
    return {
        "template": "console/panels/consents.html",
        "rows": [_consent_line(row, purpose, current.get(purpose.pk), can_record=can_record) for purpose in found],
    }


def _consent_line(subject: Subject, purpose: Purpose, consent: Consent | None, *, can_record: bool) -> dict[str, Any]:
    state = consent.state if consent else ConsentState.UNKNOWN
    answer = reverse("admin:subjects_subject_answer", args=[subject.pk], current_app=site.name)
    offered = [
        {
            "label": translated(label),
            "danger": value == ConsentState.WITHDRAWN,
            "url": f"{answer}?purpose={purpose.code}&state={value}",
        }
        for value, label in ANSWERS
        if can_record and (value == ConsentState.WITHDRAWN) == (state == ConsentState.GIVEN)
    ]
    return {
        "purpose": purpose,
        "state": state_pill(state),
        "consent": consent,
        "url": consent and reverse("admin:consent_consent_history", args=[consent.pk], current_app=site.name),
        "offered": offered,
    }


@add_person_panel
def standing_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show what would be answered now for each purpose, with the reason."""
    actor = actor_of(request)
    if row.external_id is None or not actor.may(Capability.ASK_DECISIONS, row.client_id):
        return None
    with in_client(row.client_id):
        at = received_at(request)
        answers = standing(actor, row.client_id, row.external_id, at=at, now=at)
    rows = [
        {
            "purpose": code.replace("_", " ").capitalize(),
            **decision_cells(one),
        }
        for code, one in answers.items()
    ]
    return {"template": "console/panels/standing.html", "rows": rows}


@add_person_panel
def limits_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show restrictions and objections."""
    if not may(request, Capability.VIEW_CONSENTS, row.client_id):
        return None
    limits: list[dict[str, Any]] = []
    for kind, model in ((gettext("Restriction"), Restriction), (gettext("Objection"), Objection)):
        name = f"admin:consent_{model._meta.model_name}_change"
        limits += [
            {
                "kind": kind,
                "purpose": one.purpose_code or gettext("Every purpose"),
                "state": period_pill(one),
                "starts_at": one.starts_at,
                "url": reverse(name, args=[one.pk], current_app=site.name),
            }
            for one in model._default_manager.filter(client_id=row.client_id, subject=row)
        ]
    return {"template": "console/panels/limits.html", "rows": limits}


@add_person_panel
def events_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show the latest answers."""
    if not may(request, Capability.VIEW_CONSENTS, row.client_id):
        return None
    events = ConsentEvent.objects.filter(client_id=row.client_id, subject=row).select_related("purpose", "guardian")
    return {
        "template": "console/panels/events.html",
        "events": event_lines(with_actor(events, actor_of(request))[:LATEST_EVENTS]),
    }
