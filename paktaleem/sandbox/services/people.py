"""Force facts about one person: age, closed account, restriction, objection, erasure."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from consent.consents.models.consents import Objection, Restriction
from consent.consents.services.restrictions import (
    lift_restriction,
    object_to_purpose,
    restrict_processing,
    withdraw_objection,
)
from paktaleem.directory.people.models import Subject, SubjectEventKind
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.events import record_subject_event
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.sandbox.services.context import ForcingContext, years_before
from paktaleem.sandbox.services.guardians import GUARDIANS, release_quarantine

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
