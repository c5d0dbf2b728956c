"""Forcing what a child's guardian answered, by naming, verifying and answering; and holding a person's data back."""

from collections.abc import Callable
from typing import Any

from children.guardians.models import (
    Decision,
    Guardianship,
    Quarantine,
    QuarantineCause,
    Relationship,
    Route,
    VerificationMethod,
)
from children.guardians.services import (
    answer_service,
    end_guardian,
    name_guardian,
    quarantine,
    release,
    verify_guardian,
)
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services import register_subject
from paktaleem.sandbox.services.playing import MOMENT, Playing, years_before

__all__ = ["GUARDIANS", "hold_back_no_longer"]

_EVIDENCE = "Sandbox"


def _named(playing: Playing) -> Guardianship:
    """Name the child's guardian of the sandbox, an adult registered beside the child."""
    born = years_before(playing.at, 40)
    details = {"role": "guardian", "birth_date": born, "full_name": "Guardian of the sandbox"}
    external_id = f"{playing.subject.external_id}-guardian"
    guardian, _ = register_subject(external_id, client=playing.client, details=details, **playing.told)
    return name_guardian(
        playing.subject,
        guardian=guardian,
        relationship=Relationship.PARENT,
        may_consent=True,
        may_receive_data=True,
        **playing.told,
    )


def _verified(playing: Playing) -> Guardianship:
    guardianship = _named(playing)
    verify_guardian(guardianship, method=VerificationMethod.SIGNED_FORM, evidence=_EVIDENCE, **playing.told)
    return guardianship


def _answer(playing: Playing, guardian: Subject, decision: Decision) -> None:
    told: dict[str, Any] = {"route": Route.SCHOOL, "evidence": _EVIDENCE, **playing.told}
    answer_service(playing.subject, guardian=guardian, decision=decision, **told)


def _name(playing: Playing) -> None:
    _named(playing)


def _refuse(playing: Playing) -> None:
    _answer(playing, _verified(playing).guardian, Decision.REFUSED)


def _authorised(playing: Playing) -> Guardianship:
    guardianship = _verified(playing)
    _answer(playing, guardianship.guardian, Decision.GIVEN)
    return guardianship


def _authorise(playing: Playing) -> None:
    _authorised(playing)


def _withdraw(playing: Playing) -> None:
    _answer(playing, _authorised(playing).guardian, Decision.WITHDRAWN)


def _let_lapse(playing: Playing) -> None:
    end_guardian(_authorised(playing), actor=playing.actor, at=playing.at + 2 * MOMENT)


def _hold_back(playing: Playing) -> None:
    quarantine(playing.subject, cause=QuarantineCause.REPORT, **playing.told)


GUARDIANS: dict[str, Callable[[Playing], None]] = {
    "guardian_pending": _name,
    "guardian_refused": _refuse,
    "guardian_withdrawn": _withdraw,
    "guardian_authorised": _authorise,
    "guardian_lapsed": _let_lapse,
    "quarantined": _hold_back,
}


def hold_back_no_longer(subject: Subject, **told: Any) -> None:
    """Release a person's data, if it is held back."""
    if Quarantine.objects.filter(client_id=subject.client_id, subject=subject, ends_at=None).exists():
        release(subject, **told)
