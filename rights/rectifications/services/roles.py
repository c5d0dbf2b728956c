"""Change a person's roles without a request, as another correction: with history, and orders to the systems."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from children.guardians.models.guardians import Guardianship
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.roles import SubjectRole
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError
from rights.rectifications.models import CorrectedValue
from rights.rectifications.services.applying import correct_person
from rights.rectifications.values import ROLES


class StillGuardian(PortalError):
    """The role of a guardian is taken from a person who is a guardian of a child."""

    console_message = (
        "This person is a guardian of a child. End that first, on the page of the guardianship or at its source."
    )


@transaction.atomic
def correct_roles(
    subject: Subject, *, role: str, other_roles: Collection[str], actor: Actor, reason: Reason | str, at: datetime
) -> CorrectedValue | None:
    """Give a person this main role and these other roles, and no others; order the systems to do the same.

    Returns the corrected value, which waits for a second person if it would let a child decide (decision 0029); None
    if the person has these roles. Raises StillGuardian, ValidationError, AlreadyErased, ErasureInProgress, NotAllowed.
    """
    roles = list(dict.fromkeys((role, *other_roles)))
    made = correct_person(subject, field=ROLES, value=", ".join(roles), actor=actor, reason=reason, at=at)
    if SubjectRole.GUARDIAN in subject.roles and SubjectRole.GUARDIAN not in roles and _is_guardian(subject, at):
        raise StillGuardian
    return made


def _is_guardian(subject: Subject, at: datetime) -> bool:
    of = {"client_id": subject.client_id, "guardian": subject}
    claims = GuardianClaim.objects.filter(**of, ends_at=None)
    return claims.exists() or Guardianship.objects.live(at).filter(**of).exists()
