"""The notice an answer is based on: which text was shown, when, and whether it suffices for consent.

Only refusals of guardians who may forbid count.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import IO, Annotated
from uuid import UUID

from django import forms
from django.conf import settings
from django.db import transaction

from children.guardians.authority import ChildFacts
from children.guardians.models import Guardianship
from children.guardians.selectors import NotAChild, load_child_facts, require_no_adult
from children.guardians.services.answers import AnswerOutdated, AnswerUndated, update_conflict
from children.guardians.services.guardians import StillAChild
from consent.consents.models import ConsentEvent, ConsentEvidence, ConsentState, GivenBy, Method
from consent.notices.notice_tokens import ShownNotice, TokenExpired, TokenForeign, TokenMissing, read_notice_token
from consent.register.compiled import Register, TextRule
from consent.register.models.purposes import Purpose
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.files.services import iterate_file, store_file
from paktaleem.directory.people.models import AgeGate, GuardianClaim, Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.directory.people.services.people import record_access, was_child
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import act, as_given
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason, actor_fields
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import Sealed
from paktaleem.foundation.errors import PortalError, Problem

METHODS_WITHOUT_TOKEN = frozenset({Method.PAPER, Method.PHONE, Method.IMPORT})
"""Methods without a portal screen, so that no token exists."""


class EvidenceMissing(PortalError):
    """A consent without a token needs other evidence."""

    problem = Problem(
        "evidence-missing",
        "A consent without a token requires other evidence",
        "Give the location of the signed form, or when and with whom the call was.",
        field="evidence",
        status=HTTPStatus.BAD_REQUEST,
    )
    console_message = "Describe the evidence: the answer was not given on a screen of this portal."


class ClaimBeforeNotice(PortalError):
    """The claimed time of collection is before the notice took effect, so the consent cannot rest on it."""

    problem = Problem(
        "claimed-before-notice",
        "claimed_at is before the notice took effect",
        "A consent is not older than its notice: ask again under GET /api/v1/notices/current?purpose=….",
        field="claimed_at",
    )
    console_message = "The answer is older than the notice: show the current notice and ask again."


class ClaimBeforeRefusal(TokenExpired):
    """The consent was given before it was refused or withdrawn, which it does not override."""

    problem = AnswerOutdated.problem
    console_message = AnswerOutdated.console_message


class ClaimUndated(TokenExpired):
    """The consent was refused or withdrawn before: without a token, it must say when it was given."""

    problem = AnswerUndated.problem
    console_message = AnswerUndated.console_message


class NoticeNotInEffect(PortalError):
    """The notice version is not the one in effect about this purpose."""

    problem = Problem(
        "notice-stale",
        "The notice that was shown is not the one in effect",
        "Show the notice from GET /api/v1/notices/current?purpose=… and send its shown value.",
    )
    console_message = "Consent requires the current notice, and this one has been replaced: open the form again."


@dataclass(frozen=True, slots=True)
class ConsentBasis:
    """The notice version of an answer, the purposes for which it is in effect, and the token of its showing."""

    version: TextRule | None = None
    purposes: frozenset[str] = frozenset()
    shown: ShownNotice | None = None

    def shown_at(self, recorded_at: datetime) -> datetime | None:
        """Return when the notice was shown: never later than ``recorded_at``, as the clocks of two hosts may differ."""
        return min(self.shown.at, recorded_at) if self.shown else None

    def language(self, requested: str | None) -> str:
        """Return the language the notice was shown in, else the requested one, else English."""
        return (self.shown and self.shown.language) or requested or "en"


def resolve_notices(
    tokens: Iterable[str | None], *, notice_version: UUID | None, language: str | None, register: Register, at: datetime
) -> Mapping[str | None, ConsentBasis]:
    """Map each token (None: no token) to the notice it proves, for answers of any state.

    Raises TokenForged, TokenForeign, NoticeNotInEffect if a version is unknown or not yet in effect.
    """
    proofs = {token: read_notice_token(token, client_id=register.client) if token else None for token in tokens}
    for shown in filter(None, proofs.values()):
        if notice_version not in {None, shown.version}:
            raise TokenForeign("The token belongs to another version than notice_version.")
        if shown.language and language not in {None, shown.language}:
            raise TokenForeign(f"The notice was shown in another language: {shown.language}.")
    return {
        token: _resolve_notice(shown.version if shown else notice_version, shown, register, at)
        for token, shown in proofs.items()
    }


def _resolve_notice(version: UUID | None, shown: ShownNotice | None, register: Register, at: datetime) -> ConsentBasis:
    if version is None:
        return ConsentBasis()
    text = register.texts.get(version)
    if text is None or text.effective_at > at:
        raise NoticeNotInEffect
    in_effect = ((code, rule.in_effect(at)) for code, rule in register.notices.items())
    purposes = frozenset(code for code, rule in in_effect if rule is not None and rule.id == version)
    return ConsentBasis(text, purposes, shown)


@dataclass(frozen=True, slots=True)
class CollectionMethod:
    """How an answer was collected: the method, whether there is evidence, and the claimed time."""

    method: Method
    has_evidence: bool
    claimed_at: datetime | None


def check_consent_basis(
    grounds: ConsentBasis,
    purpose: Purpose,
    *,
    collected: CollectionMethod,
    ended_at: datetime | None,
    widened_at: datetime | None = None,
    at: datetime,
) -> None:
    """Raise unless consent to the purpose can be given under this notice: informed and specific (GDPR Art. 4(11)).

    A notice shown, or a form collected, before consent ended or the purpose was widened does not count. Raises
    TokenMissing, EvidenceMissing, TokenForeign, TokenExpired, NoticeNotInEffect, ClaimBeforeNotice.
    """
    shown, version = grounds.shown, grounds.version
    if shown is None and collected.method not in METHODS_WITHOUT_TOKEN:
        raise TokenMissing(purpose.code)
    if shown is None and not collected.has_evidence:
        raise EvidenceMissing(purpose.code)
    if shown is not None and purpose.code not in shown.purposes:
        raise TokenForeign(f"The notice shown does not inform about {purpose.code}.")
    if shown is not None and at - shown.at > settings.NOTICE_SHOWN_FOR:
        raise TokenExpired(purpose.code)
    if version is None or purpose.code not in grounds.purposes:
        raise NoticeNotInEffect(purpose.code)
    seen_at = _get_seen_at(shown, version, collected.claimed_at)
    if ended_at is not None and (seen_at is None or seen_at <= ended_at):
        raise _get_end_refusal(shown, collected.claimed_at, ended_at)(purpose.code)
    if widened_at is not None and (seen_at or version.effective_at) <= widened_at:
        raise TokenExpired(purpose.code)


def _get_end_refusal(shown: ShownNotice | None, claimed_at: datetime | None, ended_at: datetime) -> type[TokenExpired]:
    """Return why a consent does not override a refusal or withdrawal: its time, or the time of its notice."""
    if claimed_at is not None and claimed_at <= ended_at:
        return ClaimBeforeRefusal
    return ClaimUndated if shown is None else TokenExpired


def _get_seen_at(shown: ShownNotice | None, version: TextRule, claimed_at: datetime | None) -> datetime | None:
    if claimed_at is not None and claimed_at < version.effective_at:
        raise ClaimBeforeNotice
    moments = (shown.at if shown else None, claimed_at)
    return min((moment for moment in moments if moment is not None), default=None)


_JUST_NOW = timedelta(days=1)
"""An answer this recent is judged by the age now, without unsealing the age of an adult."""
_GUARDIAN_GIVES = (
    "A guardian with verified authority gives it: GET /api/v1/subjects/{external_id}/guardians lists them. Send by."
)


class ChildMayNotGive(PortalError):
    """The person is a child, for whom only a guardian can give consent."""

    problem = Problem(
        "guardian-must-give",
        "A guardian gives consent for this person",
        f"The person is a child, or was one at claimed_at. {_GUARDIAN_GIVES}",
        field="by",
    )
    console_message = "The person is a child: a guardian gives consent for them."


class UnknownAgeMayNotGive(ChildMayNotGive):
    """The person's age is unknown where minors are served: a guardian gives consent, until the age is registered."""

    problem = Problem(
        "guardian-must-give",
        "A guardian gives consent for this person",
        f"The person's age is unknown, and this client serves minors: register the age. {_GUARDIAN_GIVES}",
        field="by",
    )
    console_message = "The person's age is not known: a guardian gives consent, until the age is recorded."


class GuardianUnknown(PortalError, LookupError):
    """The guardian is not registered or claimed for this person, or is named without a guardian's answer."""

    problem = Problem(
        "guardian-unknown",
        "The guardian is not registered for this person",
        "Register the guardian for the person first.",
    )
    console_message = "The school has not named this guardian for the person."


def check_guardian(subject: Subject, given_by: GivenBy, guardian: Subject | None, at: datetime) -> None:
    """Check that a guardian's answer, and no other, names a guardian of the person.

    Raises GuardianUnknown, OfFullAge for a person who can have none.
    """
    if given_by != GivenBy.GUARDIAN:
        if guardian is not None:
            raise GuardianUnknown("Only a guardian's answer may name a guardian.")
        return
    pair: dict[str, object] = {"client_id": subject.client_id, "child": subject, "guardian": guardian}
    named = Guardianship.objects.filter(**pair)
    claimed = GuardianClaim.objects.filter(**pair, starts_at__lte=at, ends_at=None)
    if guardian is None or not (named.live(at).exists() or (claimed.exists() and not named.exists())):
        require_no_adult(subject, at=at)
        raise GuardianUnknown


class GuardianMayNotAnswer(NotAChild):
    """A guardian answers for a person who decides alone, or withdraws what that person gave."""

    problem = Problem(
        "not-a-child",
        "This person is not a child and decides for themselves",
        "Send the person's own answer, without by: a guardian may only withdraw what a guardian gave.",
        field="by",
    )


def require_guardian_decides(subject: Subject, register: Register, at: datetime) -> None:
    """Raise GuardianMayNotAnswer if a person decides alone."""
    if not subject.is_child(at, thresholds=register.thresholds, serves_minors=register.serves_minors):
        raise GuardianMayNotAnswer


def check_giver(
    subject: Subject, guardian: Subject | None, states: Collection[ConsentState], register: Register, *, at: datetime
) -> bool:
    """Refuse consent that a child gives, also for another person. Return True if the child answers.

    Raises ChildMayNotGive, StillAChild if the guardian is a child, GuardianMayNotAnswer if the person is not one.
    """
    gives = ConsentState.GIVEN in states
    gate: AgeGate = {"thresholds": register.thresholds, "serves_minors": register.serves_minors}
    if guardian is not None:
        if gives and guardian.is_child(at, **gate):
            raise StillAChild
        if states != {ConsentState.WITHDRAWN}:
            require_guardian_decides(subject, register, at)
        return False
    if not subject.is_child(at, **gate):
        return False
    if gives:
        raise UnknownAgeMayNotGive if subject.of_age_for(register.thresholds) is None else ChildMayNotGive
    return True


def check_age_then(
    subject: Subject,
    guardian: Subject | None,
    states: Collection[ConsentState],
    register: Register,
    *,
    at: datetime,
    claimed_at: datetime | None,
) -> bool:
    """Refuse consent given as a child, by its claimed time. Return True if a child answered. Raises ChildMayNotGive."""
    gate: AgeGate = {"thresholds": register.thresholds, "serves_minors": register.serves_minors}
    if guardian is not None or claimed_at is None or at - claimed_at <= _JUST_NOW:
        return False
    if not was_child(subject, claimed_at, time_zone=register.time_zone, **gate):
        return False
    if ConsentState.GIVEN in states:
        raise ChildMayNotGive
    return True


_REFUSALS = frozenset({"refused", "withdrawn"})


def is_refused_by_another_guardian(child: Subject, purpose: Purpose, guardian: UUID, *, at: datetime) -> bool:
    """Return True if another guardian who may forbid refused last (decision 0028); the child's row must be locked."""
    latest = _load_latest_answers(child, purpose)
    against = {person for person, state in latest.items() if state in _REFUSALS and person != guardian}
    return bool(against & _guardians_who_may_forbid(load_child_facts(child), at)) if against else False


def update_purpose_conflict(event: ConsentEvent, purpose: Purpose, *, actor: Actor) -> None:
    """Open or close the conflict case about a purpose, if the child's guardians disagree or not (decision 0028)."""
    latest, at, disagree = _load_latest_answers(event.subject, purpose), event.recorded_at, False
    if len(latest) > 1:
        facts = load_child_facts(event.subject)
        refusing = {person for person, state in latest.items() if state in _REFUSALS}
        consenting = {*latest} - refusing
        disagree = bool(refusing & _guardians_who_may_forbid(facts, at) and consenting & facts.standing(at).persons)
    update_conflict(event.subject, purpose.code, disagree=disagree, actor=actor, reason=Reason.SUBJECT_REQUEST, at=at)


def has_refused_a_purpose(guardianship: Guardianship, at: datetime) -> bool:
    """Return True if a guardian's latest answer to any purpose is a refusal, which ends with their authority."""
    del at
    events = ConsentEvent.objects.filter(client_id=guardianship.client_id, subject_id=guardianship.child_id)
    answers = events.filter(guardian_id=guardianship.guardian_id, state__in=["given", *_REFUSALS])
    latest = dict(answers.order_by("recorded_at", "id").values_list("purpose_id", "state"))
    return any(state in _REFUSALS for state in latest.values())


def _load_latest_answers(child: Subject, purpose: Purpose) -> Mapping[UUID, str]:
    events = ConsentEvent.objects.filter(client_id=child.client_id, subject=child, purpose=purpose)
    answers = events.filter(guardian_id__isnull=False, state__in=["given", *_REFUSALS])
    return dict(answers.order_by("recorded_at", "id").values_list("guardian_id", "state"))


def _guardians_who_may_forbid(facts: ChildFacts, at: datetime) -> set[UUID]:
    return {one.person for one in facts.guardians if one.may_forbid(at)}


_COLUMN = "consent_consentevidence.reference"


@transaction.atomic
def add_evidence_reference(event: ConsentEvent, text: str, *, actor: Actor, at: datetime) -> ConsentEvidence:
    """Store a sealed reference to evidence of an answer: its location, or a note. Raises NotAllowed, KeyDestroyed."""
    require(actor, Capability.RECORD_CONSENTS, event.client_id)
    sealed = sealer_of(event.subject).seal(text, column=_COLUMN)
    return _add_evidence(event, reference=sealed, facts={"kind": "reference"}, actor=actor, at=at)


EvidenceFile = Annotated[
    IO[bytes],
    forms.FileField(
        help_text="PDF, JPEG or PNG. The file name is not stored. Do not upload a guardian's identity document."
    ),
]


@act(
    "add-evidence",
    "Add evidence",
    Capability.RECORD_CONSENTS,
    lead="It is encrypted under the person's key. Opening it requires a reason, which is logged.",
    done="Evidence added.",
    lock=as_given,
)
def add_evidence_file(event: ConsentEvent, file: EvidenceFile, *, actor: Actor, at: datetime) -> ConsentEvidence:
    """Store a scan or letter as evidence of an answer (GDPR Art. 7(1)), sealed under the person's key.

    Raises FileKindNotAccepted, FileTooLarge, AlreadyErased, ErasureInProgress, NotAllowed.
    """
    subject = Subject.objects.get(pk=event.subject_id, client_id=event.client_id)
    if subject.erased_at is not None:
        raise AlreadyErased
    if subject.is_being_erased:
        raise ErasureInProgress
    stored = store_file(subject, file, at=at)
    facts = {"kind": stored.kind, "size": stored.size, "sealed_hash": stored.sealed_hash, "file": str(stored.pk)}
    return _add_evidence(event, file=stored, facts=facts, actor=actor, at=at)


def _add_evidence(
    event: ConsentEvent,
    *,
    reference: Sealed | None = None,
    file: SealedFile | None = None,
    facts: dict[str, object],
    actor: Actor,
    at: datetime,
) -> ConsentEvidence:
    evidence = ConsentEvidence(
        client_id=event.client_id,
        subject_id=event.subject_id,
        event=event,
        reference=reference,
        file=file,
        **actor_fields(actor),
        added_at=at,
    )
    evidence.save(force_insert=True)
    record_entry(
        "consent.evidence_added",
        client_id=event.client_id,
        subject_id=event.subject_id,
        facts={"evidence": str(evidence.pk), "event": str(event.pk), **facts},
        actor=actor,
        at=at,
    )
    return evidence


@transaction.atomic
def open_evidence(
    evidence: ConsentEvidence, *, actor: Actor, reason: Reason | str, at: datetime
) -> str | Iterator[bytes]:
    """Return the text or the file of evidence; the access is logged with its reason (need to know, policy §5).

    Raises AlreadyErased if the person's key is destroyed, NotAllowed.
    """
    require(actor, Capability.VIEW_EVIDENCE, evidence.client_id)
    subject = evidence.subject
    if subject.erased_at is not None:
        raise AlreadyErased
    record_access(subject, [f"evidence {evidence.pk}"], actor=actor, reason=reason, at=at)
    if evidence.file is not None:
        return iterate_file(evidence.file)
    return sealer_of(subject).open(evidence.reference, column=_COLUMN)
