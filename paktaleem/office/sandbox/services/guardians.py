"""Force a guardian's answer, by naming, verifying and answering; and quarantine a person's data."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from children.guardians.models.guardians import Decision, Guardianship, Relationship, Route, VerificationMethod
from children.guardians.models.mechanisms import Quarantine, QuarantineCause
from children.guardians.services.answers import record_service_answer
from children.guardians.services.conflicts import end_quarantine, quarantine
from children.guardians.services.guardians import end_guardian, name_guardian
from children.guardians.services.verifications import verify_guardian
from consent.consents.models import Objection, Restriction
from consent.consents.services.restrictions import (
    lift_restriction,
    object_to_purpose,
    restrict_processing,
    withdraw_objection,
)
from paktaleem.directory.people.models import Subject, SubjectEventKind
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.office.sandbox.services.context import MOMENT, ForcingContext, years_before

_EVIDENCE = "Made by the sandbox"


def _name_guardian(playing: ForcingContext) -> Guardianship:
    born = years_before(playing.at, 40)
    details = {"role": "guardian", "birth_date": born, "full_name": "Guardian of the sandbox"}
    external_id = f"{playing.subject.external_id}-guardian"
    guardian, _ = register_subject(external_id, client=playing.client, details=details, **playing.audit)
    return name_guardian(
        playing.subject,
        guardian=guardian,
        relationship=Relationship.PARENT,
        may_consent=True,
        may_receive_data=True,
        **playing.audit,
    )


def _name_and_verify(playing: ForcingContext) -> Guardianship:
    guardianship = _name_guardian(playing)
    verify_guardian(guardianship, method=VerificationMethod.SIGNED_FORM, evidence=_EVIDENCE, **playing.audit)
    return guardianship


def _answer(playing: ForcingContext, guardian: Subject, decision: Decision) -> None:
    common: dict[str, Any] = {"route": Route.SCHOOL, "evidence": _EVIDENCE, "claimed_at": playing.at, **playing.audit}
    record_service_answer(playing.subject, guardian=guardian, decision=decision, **common)


def _name(playing: ForcingContext) -> None:
    _name_guardian(playing)


def _refuse(playing: ForcingContext) -> None:
    _answer(playing, _name_and_verify(playing).guardian, Decision.REFUSED)


def _authorise_and_get(playing: ForcingContext) -> Guardianship:
    guardianship = _name_and_verify(playing)
    _answer(playing, guardianship.guardian, Decision.GIVEN)
    return guardianship


def _authorise(playing: ForcingContext) -> None:
    _authorise_and_get(playing)


def _withdraw(playing: ForcingContext) -> None:
    _answer(playing, _authorise_and_get(playing).guardian, Decision.WITHDRAWN)


def _let_lapse(playing: ForcingContext) -> None:
    end_guardian(_authorise_and_get(playing), actor=playing.actor, at=playing.at + 2 * MOMENT)


def _hold_back(playing: ForcingContext) -> None:
    quarantine(playing.subject, cause=QuarantineCause.REPORT, **playing.audit)


GUARDIANS: dict[str, Callable[[ForcingContext], None]] = {
    "guardian_pending": _name,
    "guardian_refused": _refuse,
    "guardian_withdrawn": _withdraw,
    "guardian_authorised": _authorise,
    "guardian_lapsed": _let_lapse,
    "quarantined": _hold_back,
}


def release_quarantine(subject: Subject, **common: Any) -> None:
    """Release a person's data from quarantine, if quarantined, also while an incident is open."""
    if Quarantine.objects.filter(client_id=subject.client_id, subject=subject, ends_at=None).exists():
        end_quarantine(subject, **common)


_ADULT_AGE, _CHILD_AGE = 30, 9
_CHILDREN = {"child", *GUARDIANS}
_WHY = Reason.SUBJECT_REQUEST


def register_with_defaults(external_id: str, *, client: Client, state: str, actor: Actor, at: datetime) -> Subject:
    """Register the person, or reset them to the default: of age, with an open account, not restricted, no objection.

    The age follows from ``state``. Raises AlreadyErased, ValidationError.
    """
    born = None if state == "age_unknown" else years_before(at, _CHILD_AGE if state in _CHILDREN else _ADULT_AGE)
    details = {"role": "student", "birth_date": born, "attested_age": None}
    common: dict[str, Any] = {"actor": actor, "reason": Reason.LMS_UPDATE, "at": at}
    subject, _ = register_subject(external_id, client=client, details=details, route=None, **common)
    if not subject.is_account_open:
        record_subject_event(subject, kind=SubjectEventKind.ACTIVE, happened_at=at, actor=actor, at=at)
    release_quarantine(subject, actor=actor, at=at)
    own = {"client_id": client.pk, "subject": subject}
    for restriction in Restriction.objects.active(at).filter(**own):
        lift_restriction(restriction, actor=actor, reason=_WHY, at=at)
    for objection in Objection.objects.active(at).filter(**own):
        withdraw_objection(objection, actor=actor, reason=_WHY, at=at)
    return subject


def _close_account(playing: ForcingContext) -> None:
    kind = SubjectEventKind.ACCOUNT_CLOSED
    record_subject_event(playing.subject, kind=kind, happened_at=playing.at, **playing.audit)


def _restrict(playing: ForcingContext) -> None:
    restrict_processing(playing.subject, reason=_WHY, **playing.audit)


def _object(playing: ForcingContext) -> None:
    object_to_purpose(playing.subject, purpose_code=playing.purpose.code, reason=_WHY, **playing.audit)


def _erase(playing: ForcingContext) -> None:
    erase_subject(playing.subject, reason=_WHY, **playing.audit)


PEOPLE: dict[str, Callable[[ForcingContext], None]] = {
    "of_age": lambda _: None,
    "child": lambda _: None,
    "age_unknown": lambda _: None,
    "account_closed": _close_account,
    "restricted": _restrict,
    "objected": _object,
    "erased": _erase,
    **GUARDIANS,
}
"""Steps to each state after registration; the first three need only the registration."""
