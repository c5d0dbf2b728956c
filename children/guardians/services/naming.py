"""Naming a guardian with the evidence that was seen, in one act; someone who is not registered yet is registered."""

from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Guardianship
from children.guardians.services.guardians import name_guardian
from children.guardians.services.verifications import verify_guardian
from children.strength import Method
from paktaleem.directory.people.models import Subject, SubjectRole
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.first_rows import FirstRows

_NOT_FOUND = _("No person is registered with this text. Check it, or enter the person below as a new one.")
_SEVERAL = _("Several people match: %(ids)s. Enter the LMS id of one of them.")
_IS_REGISTERED = _("A person with this LMS id is registered already: enter the id above instead.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGuardian:
    """A guardian who is not registered yet: the LMS id, and how to reach the person."""

    external_id: str
    full_name: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvidence:
    """Evidence that staff saw: the method, where it is kept or who saw it and when, and the signed form."""

    method: Method | str
    reference: str = ""
    file: IO[bytes] | None = None


@transaction.atomic
def name_guardian_with_evidence(
    child: Subject,
    *,
    guardian: Subject | NewGuardian,
    relationship: str,
    may_consent: bool,
    may_receive_data: bool,
    evidence: SeenEvidence | None,
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> Guardianship:
    """Name a guardian from ``at``, verified by ``evidence``; without it they have no authority yet.

    Follows policy §8. All or nothing: if the evidence is refused, no person is registered or named.
    Raises as ``name_guardian``, ``verify_guardian`` and ``register_guardian``.
    """
    stamp: dict[str, Any] = {"actor": actor, "reason": reason, "at": at}
    if isinstance(guardian, NewGuardian):
        guardian = register_guardian(guardian, client=child.client, **stamp)
    row = name_guardian(
        child,
        guardian=guardian,
        relationship=relationship,
        may_consent=may_consent,
        may_receive_data=may_receive_data,
        **stamp,
    )
    if evidence is not None:
        verify_guardian(row, method=evidence.method, evidence=evidence.reference, file=evidence.file, **stamp)
    return row


def register_guardian(
    given: NewGuardian, *, client: Client, actor: Actor, reason: Reason | str, at: datetime
) -> Subject:
    """Register a person as a guardian. Raises ValidationError naming the field, AlreadyErased, NotAllowed."""
    details = {"role": SubjectRole.GUARDIAN, "full_name": given.full_name}
    details |= {name: value for name in ("email", "phone") if (value := getattr(given, name))}
    person, is_new = register_subject(
        given.external_id, client=client, details=details, route=None, actor=actor, reason=reason, at=at
    )
    if not is_new:
        raise ValidationError({"new_id": [_IS_REGISTERED]})
    return person


def choose_guardian(found: FirstRows[Subject]) -> Subject:
    """Return the only person whom a search found. Raises ValidationError if there is none or several."""
    ids = [*map(str, found), *(["…"] if found.note else [])]
    if not found:
        raise ValidationError({"guardian": [_NOT_FOUND]})
    if len(found) > 1:
        raise ValidationError({"guardian": [ValidationError(_SEVERAL, params={"ids": ", ".join(ids)})]})
    return found[0]
