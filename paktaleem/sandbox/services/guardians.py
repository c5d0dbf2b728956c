"""Force a guardian's answer, by naming, verifying and answering; and quarantine a person's data."""

from collections.abc import Callable
from typing import Any

from children.guardians.models.authorisations import Decision, Route
from children.guardians.models.cases import Quarantine, QuarantineCause
from children.guardians.models.guardians import Guardianship, Relationship, VerificationMethod
from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import end_guardian, name_guardian
from children.guardians.services.quarantines import end_quarantine, quarantine
from children.guardians.services.verifications import verify_guardian
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.sandbox.services.context import MOMENT, ForcingContext, years_before

_EVIDENCE = "Made by the sandbox"


def _name_guardian(playing: ForcingContext) -> Guardianship:
    """Name the child's sandbox guardian, an adult registered with the child."""
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
