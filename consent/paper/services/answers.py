"""Typing in the answers of a form, and settling them: consent is recorded only when a person confirms (decision 0020).

The services that record answers decide what counts. An answer that they refuse is left out, with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import IO, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, gettext_lazy, gettext_lazy as _

from children.guardians.authority import Method as VerificationMethod, check_evidence, strength_of
from children.guardians.models import Decision, Guardianship, Route, ServiceAuthorisation
from children.guardians.selectors import GuardianshipUnknown, get_live_guardianship, load_child_facts
from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import accept_roster_claim
from children.guardians.services.verifications import verify_guardian
from consent.consents.models import ConsentEvent, ConsentState, GivenBy, Method
from consent.consents.selectors.consents import printed_notice
from consent.consents.services.consent_basis import NoticeNotInEffect, add_evidence_file
from consent.consents.services.recording import Answer, lock_subject, record_answers
from consent.notices.notice_tokens import TokenExpired
from consent.notices.selectors.registers import current_register
from consent.paper.models import SERVICE, SHARING, AnswerState, FormPage, FormPurpose, FormRun, PaperAnswer
from consent.paper.selectors import list_open_signers, list_signers
from paktaleem.directory.people.copies.declarations import Copied, Reader, Section, Value, ValueKind
from paktaleem.directory.people.models import AgeGate, GuardianClaim, Subject
from paktaleem.directory.people.selectors import sealer_of, sealers_of
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import Refused, act, refuse_if
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.errors import PortalError

NOTE = "paper_paperanswer.note"
_ANSWERED = (
    ConsentState.GIVEN,
    ConsentState.REFUSED,
    ConsentState.WITHDRAWN,
    ConsentState.REVOKED,
    ConsentState.INVALIDATED,
)


_SETTLED = gettext_lazy("The answer has already been settled.")
_ANSWERED_SINCE = gettext_lazy(
    "There is a later answer, or the consent has been ended since: an older form does not change it."
)
_NOTICE_REPLACED = gettext_lazy("The notice has changed since the form was made: ask again.")
_NOT_GUARDIAN = gettext_lazy("The person who signed is not, or no longer, a guardian who may decide for this child.")


class AnswersRefused(PortalError):
    """Answers that cannot be recorded: all of them, or some where all are required; ``left_out`` has the reasons."""

    console_message = "Not everything can be recorded."

    def __init__(self, left_out: Mapping[str, PortalError]) -> None:
        super().__init__(", ".join(left_out))
        self.left_out = left_out
        self.console_details = describe_left_out(left_out)


def describe_left_out(left_out: Mapping[str, PortalError]) -> list[str]:
    """Return a sentence for each answer that was not recorded, in the reader's language."""
    return [f"{code}: {gettext(error.console_message)}" for code, error in left_out.items()]


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    """The answers on one page; ``guardian`` is the id of the guardian who signed, None for the person of the page."""

    page: FormPage
    answers: Mapping[str, bool]
    answered_on: date
    guardian: UUID | None = None


@transaction.atomic
def enter_answers(
    run: FormRun, typed: Sequence[TypedAnswer], *, method: str, note: str = "", actor: Actor, at: datetime
) -> list[PaperAnswer]:
    """Add answers to the queue; nothing counts yet. Raises ValidationError by page and field (``3-answered_on``)."""
    require(actor, Capability.MANAGE_FORMS, run.client_id)
    client, note = Client.objects.get(pk=run.client_id), check_evidence(note)
    _check_typed(client, run, typed, method, at)
    sealers = sealers_of(client.pk, {one.page.subject_id for one in typed})
    answers = [
        PaperAnswer(
            client_id=run.client_id,
            page=one.page,
            subject=one.page.subject,
            answers={code: one.answers[code] for code in one.page.asked if code in one.answers},
            method=method,
            guardian_id=one.guardian,
            answered_on=one.answered_on,
            note=sealers[one.page.subject_id].seal(note, column=NOTE) if note else None,
            entered_at=at,
        )
        for one in typed
    ]
    PaperAnswer.objects.bulk_create(answers)
    facts = {"form": str(run.pk), "answers": [str(answer.pk) for answer in answers]}
    record_entry("answer.entered", client_id=run.client_id, facts=facts, actor=actor, at=at)
    return answers


def _check_typed(client: Client, run: FormRun, typed: Sequence[TypedAnswer], method: str, at: datetime) -> None:
    zone = ZoneInfo(client.time_zone)
    made_on, today = run.made_at.astimezone(zone).date(), at.astimezone(zone).date()
    children = [one.page.subject for one in typed]
    signers = list_signers(client, children if run.for_guardians else [], at=at)
    waiting = list_open_signers(client.pk, [one.page.pk for one in typed])
    problems: dict[str, list[str]] = {}
    for one in typed:
        day, signer = f"{one.page.position}-answered_on", f"{one.page.position}-guardian"
        if not one.page.subject.is_recorded:
            problems[day] = [gettext("The person is erased: nothing can be recorded.")]
        elif not made_on <= one.answered_on <= today:
            problems[day] = [gettext("The day is not between the making of the form and today.")]
        elif one.guardian is not None and one.guardian not in {person.pk for person, _ in signers[one.page.subject_id]}:
            problems[signer] = [str(_NOT_GUARDIAN)]
        elif one.guardian is not None and method == "phone" and any(one.answers.values()):
            problems[signer] = [
                gettext("A guardian’s consent by telephone is not signed: only a refusal can be entered.")
            ]
        elif (one.page.pk, one.guardian) in waiting:
            problems[day] = [gettext("An answer of this person waits already: confirm or dismiss it first.")]
    if problems:
        raise ValidationError(problems)


@transaction.atomic
def confirm_answer(
    answer: PaperAnswer, *, scan: IO[bytes] | None = None, whole: bool = False, actor: Actor, at: datetime
) -> Mapping[str, PortalError]:
    """Record the answers of a page, one event per purpose; return those left out, with the reason. Idempotent.

    The guardian who signed is verified by the form (decision 0020). Raises AnswersRefused if nothing can be recorded,
    or with ``whole`` not everything; Refused if dismissed, or the signer may not answer; AlreadyErased, NotAllowed.
    """
    require(actor, Capability.MANAGE_FORMS, answer.client_id)
    lock_subject(answer.subject)
    rows = PaperAnswer.objects.select_for_update(of=("self",)).filter(client_id=answer.client_id)
    locked = rows.select_related("page__run", "subject__client", "guardian").get(pk=answer.pk)
    if locked.state == AnswerState.DISMISSED:
        raise Refused(_SETTLED)
    answer = locked
    if answer.state == AnswerState.CONFIRMED:
        return {}
    recording = _Recording(answer, scan, actor, at)
    recording.record()
    if recording.left_out and (whole or not (answer.recorded or answer.authorisation)):
        raise AnswersRefused(recording.left_out)
    _settle(answer, AnswerState.CONFIRMED, {"left_out": sorted(recording.left_out)}, actor, at)
    return recording.left_out


class ConfirmedAnswers(NamedTuple):
    """The waiting answers of a form after a confirmation: confirmed, held with the error, or left for the next one."""

    number: int
    held: Sequence[tuple[PaperAnswer, PortalError]]
    left: int


@transaction.atomic
def confirm_waiting(run: FormRun, *, actor: Actor, at: datetime) -> ConfirmedAnswers:
    """Confirm the waiting answers of a form, up to ``ANSWERS_AT_ONCE``; hold those not recorded as a whole."""
    require(actor, Capability.MANAGE_FORMS, run.client_id)
    waiting = PaperAnswer.objects.filter(client_id=run.client_id, page__run=run, state=AnswerState.WAITING)
    oldest = waiting.select_related("page__run", "subject").order_by("entered_at", "id")
    number, held = 0, []
    for answer in oldest[: settings.ANSWERS_AT_ONCE]:
        try:
            confirm_answer(answer, whole=True, actor=actor, at=at)
        except NotAllowed:
            raise
        except PortalError as error:
            held.append((answer, error))
        else:
            number += 1
    waiting.filter(pk__in=[answer.pk for answer, _ in held]).update(state=AnswerState.HELD)
    return ConfirmedAnswers(number, held, waiting.count())


@act(
    "dismiss",
    "Dismiss",
    Capability.MANAGE_FORMS,
    lead="The row is closed permanently. None of its answers is recorded.",
    done="Dismissed: none of its answers is recorded.",
    danger=True,
    check=refuse_if(lambda row: not row.is_open, _SETTLED),
)
def dismiss_answer(answer: PaperAnswer, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Dismiss an answer without recording it. Raises Refused if it is settled, NotAllowed."""
    _settle(answer, AnswerState.DISMISSED, {"reason": Reason(reason).value}, actor, at)


def _settle(answer: PaperAnswer, state: AnswerState, facts: Mapping[str, object], actor: Actor, at: datetime) -> None:
    """Save the state; the note is in the evidence by now, or not needed any more."""
    answer.state, answer.note = state, None
    answer.save()
    facts = {
        "answer": str(answer.pk),
        "form": str(answer.page.run_id),
        "events": [str(event) for event in answer.recorded],
        **({"authorisation": str(answer.authorisation_id)} if answer.authorisation_id else {}),
        **facts,
    }
    about = {"client_id": answer.client_id, "subject_id": answer.subject_id}
    record_entry(f"answer.{state}", **about, facts=facts, actor=actor, at=at)


@dataclass(slots=True)
class _Recording:
    """The recording of one answered page: ``left_out`` collects the answers that were refused."""

    answer: PaperAnswer
    scan: IO[bytes] | None
    actor: Actor
    at: datetime
    left_out: dict[str, PortalError] = field(default_factory=dict)

    @property
    def _page(self) -> FormPage:
        return self.answer.page

    @property
    def _day(self) -> tuple[datetime, datetime]:
        """Return the earliest time at which the answer can have been given on its day, and the end of that day."""
        zone, made_at = ZoneInfo(self.answer.subject.client.time_zone), self._page.run.made_at
        start = datetime.combine(self.answer.answered_on, time.min, zone)
        return max(start.astimezone(UTC), made_at), (start + timedelta(days=1)).astimezone(UTC)

    @property
    def _evidence(self) -> str:
        try:
            note = sealer_of(self.answer.subject).open(self.answer.note, column=NOTE) if self.answer.note else ""
        except CannotOpen:
            note = ""
        where = f"Form “{self._page.run.name}”, page {self._page.reference}"
        return f"{where}: {note}" if note else where

    def record(self) -> None:
        """Record the answers about the service and to each purpose. Raises Refused."""
        signer, allows = self.answer.guardian, True
        if self._page.run.for_guardians:
            client = self.answer.subject.client
            gate: AgeGate = {"thresholds": client.thresholds, "serves_minors": client.serves_minors}
            if not self.answer.subject.is_child(self.at, **gate):
                raise Refused(gettext("The person is of age and answers for themselves, not through a guardian."))
            if signer is not None:
                self._verify(signer)
            allows = self._record_service() or signer is None
        printed = FormPurpose.objects.filter(client_id=self.answer.client_id, run=self._page.run)
        for purpose in printed.select_related("purpose"):
            if purpose.purpose.code in self.answer.answers:
                self._record_purpose(purpose, allows=allows)

    def _verify(self, signer: Subject) -> None:
        """Verify the guardian by the signed form, unless they are verified as strongly; a claimed one is named."""
        child = self.answer.subject
        if signer not in [
            person for person, _ in list_signers(self.answer.subject.client, [child], at=self.at)[child.pk]
        ]:
            raise Refused(_NOT_GUARDIAN)
        guardianship = self._get_guardianship(signer)
        known = next(one for one in load_child_facts(child).guardians if one.id == guardianship.pk)
        if self.answer.method == "paper" and known.strength(self.at) < strength_of(VerificationMethod.SIGNED_FORM):
            verify_guardian(
                guardianship,
                method=VerificationMethod.SIGNED_FORM,
                evidence=self._evidence,
                file=self._rewound_scan,
                actor=self.actor,
                reason=Reason.SUBJECT_REQUEST,
                at=self.at,
            )

    def _get_guardianship(self, signer: Subject) -> Guardianship:
        child = self.answer.subject
        try:
            return get_live_guardianship(child, signer, at=self.at)
        except GuardianshipUnknown:
            claims = GuardianClaim.objects.select_related("child__client", "guardian")
            claim = claims.get(client_id=child.client_id, child=child, guardian=signer, ends_at=None)
            return accept_roster_claim(claim, actor=self.actor, reason=Reason.SUBJECT_REQUEST, at=self.at)

    def _record_service(self) -> bool:
        """Record the answer about the service; return True if the guardian's yes to it counts."""
        answer, child, signer = self.answer, self.answer.subject, self.answer.guardian
        if SERVICE not in answer.answers:
            return False
        gives, shares = bool(answer.answers[SERVICE]), answer.answers.get(SHARING)
        said = ServiceAuthorisation.objects.filter(client_id=child.client_id, child=child, guardian=signer)
        latest = _find_latest(said)
        if self._is_answered_since(latest, gives=gives):
            self.left_out[SERVICE] = Refused(_ANSWERED_SINCE)
            return gives and latest is not None and latest.decision == Decision.GIVEN
        if gives and printed_notice(self.answer.subject.client, child.roles, at=self.at).hash != self._page.notice_hash:
            self.left_out[SERVICE] = Refused(_NOTICE_REPLACED)
            return False
        try:
            answer.authorisation = record_service_answer(
                child,
                guardian=signer,
                decision=Decision.GIVEN if gives else Decision.REFUSED,
                shares=shares if gives else None,
                route=Route.PAPER if answer.method == "paper" else Route.PHONE,
                evidence=self._evidence,
                file=self._rewound_scan,
                shown_hash=self._page.notice_hash,
                language=(signer or child).language,
                claimed_at=self._day[0],
                actor=self.actor,
                at=self.at,
            )
        except NotAllowed:
            raise
        except PortalError as error:
            self.left_out[SERVICE] = error
            return False
        return gives

    def _record_purpose(self, printed: FormPurpose, *, allows: bool) -> None:
        """Record the answer to one purpose; without ``allows``, no yes counts."""
        answer, child, code = self.answer, self.answer.subject, printed.purpose.code
        gives = answer.answers[code]
        said = ConsentEvent.objects.filter(
            client_id=child.client_id, subject=child, purpose=printed.purpose, guardian=answer.guardian
        )
        rule = current_register(child.client_id).purposes.get(code)
        widened_at = rule.last_widened_at(self.at) if rule is not None else None
        if gives and not allows:
            self.left_out[code] = Refused(
                gettext("The guardian did not say yes to the use of the platform, so no other yes counts.")
            )
        elif self._is_answered_since(_find_latest(said.filter(state__in=_ANSWERED)), gives=gives):
            self.left_out[code] = Refused(_ANSWERED_SINCE)
        elif gives and widened_at is not None and self._page.run.made_at <= widened_at:
            self.left_out[code] = Refused(_NOTICE_REPLACED)
        else:
            self._try_purpose(printed, gives=gives)

    def _try_purpose(self, printed: FormPurpose, *, gives: bool) -> None:
        answer, child, code = self.answer, self.answer.subject, printed.purpose.code
        try:
            [event] = record_answers(
                child,
                answers=[Answer(code, ConsentState.GIVEN if gives else ConsentState.REFUSED)],
                notice_version=printed.notice_version_id,
                given_by=GivenBy.GUARDIAN if answer.guardian else GivenBy.SELF,
                guardian=answer.guardian,
                language=(answer.guardian or child).language,
                method=Method(answer.method),
                claimed_at=self._day[0],
                evidence=self._evidence,
                actor=self.actor,
                at=self.at,
            )
        except NotAllowed:
            raise
        except TokenExpired:
            self.left_out[code] = Refused(_ANSWERED_SINCE)
        except NoticeNotInEffect:
            self.left_out[code] = Refused(_NOTICE_REPLACED)
        except PortalError as error:
            self.left_out[code] = error
        else:
            answer.recorded.append(event.pk)
            if self.scan is not None:
                add_evidence_file(event, self._rewound_scan or self.scan, actor=self.actor, at=self.at)

    def _is_answered_since(self, latest: Any, *, gives: bool) -> bool:
        """Return True if the same person answered later; on the day itself, a later answer overrides a yes only."""
        starts, ends = self._day
        return latest is not None and bool(latest.said_at >= (starts if gives else ends))

    @property
    def _rewound_scan(self) -> IO[bytes] | None:
        if self.scan is not None:
            self.scan.seek(0)
        return self.scan


def _find_latest(answers: QuerySet[Any]) -> Any:
    return answers.annotate(said_at=Coalesce("claimed_at", "recorded_at")).order_by("-recorded_at", "-id").first()


def _list_answers(row: Any, _reader: Reader) -> Value:
    return [f"{purpose}: {'yes' if answer else 'no'}" for purpose, answer in sorted(row.answers.items())]


def _note(row: Any, reader: Reader) -> Value:
    """Return the note of an answer about the person: it is sealed under the key of the person of the page."""
    is_about_reader = row.note is not None and row.subject_id == reader.subject.pk
    return reader.sealer.open(row.note, column=NOTE) if is_about_reader else None


_ANSWERS = Copied(
    "paper_answers",
    _("Answers on paper and by telephone"),
    "part answers method answered_on state text entered_at",
    of=("subject", "guardian"),
    read={"answers": (ValueKind.LIST, _list_answers), "text": _note},
    is_provided=True,
)


def list_paper_sections() -> Sequence[Section]:
    """List the section of a copy with the answers about a person, or by them, from forms on paper."""
    return (_ANSWERS.make_section(PaperAnswer),)
