"""Check the giver of an answer: the person, or for a child a guardian (policy §8)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from children.guardians.models.guardians import Guardianship
from children.guardians.services.guardians import StillAChild
from consent.consents.models.consents import ConsentState, GivenBy
from consent.register.compiled import Register
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.services.people import was_child
from paktaleem.foundation.errors import PortalError, Problem

_JUST_NOW = timedelta(days=1)
"""An answer this recent is judged by the age now, without unsealing the age of an adult."""
_GUARDIAN_GIVES = (
    "A guardian with verified authority gives it: GET /api/v1/subjects/{external_id}/guardians lists them. Send by."
)


class ChildMayNotGive(PortalError):
    """The person is a child, for whom only a guardian can give consent."""

    problem = Problem(
        "guardian-must-give",
        HTTPStatus.CONFLICT,
        "A guardian gives consent for this person",
        f"The person is a child, or was one at claimed_at. {_GUARDIAN_GIVES}",
        field="by",
    )
    console_message = "The person is a child: a guardian gives consent for them."


class UnknownAgeMayNotGive(ChildMayNotGive):
    """The person's age is unknown where minors are served: a guardian gives consent, until the age is registered."""

    problem = Problem(
        "guardian-must-give",
        HTTPStatus.CONFLICT,
        "A guardian gives consent for this person",
        f"The person's age is unknown, and this client serves minors: register the age. {_GUARDIAN_GIVES}",
        field="by",
    )
    console_message = "The person's age is not known: a guardian gives consent, until the age is recorded."


class GuardianUnknown(PortalError, LookupError):
    """The guardian is not registered or claimed for this person, or is named without a guardian's answer."""

    problem = Problem(
        "guardian-unknown",
        HTTPStatus.CONFLICT,
        "The guardian is not registered for this person",
        "Register the guardian for the person first.",
    )
    console_message = "The school has not named this guardian for the person."


def check_guardian(subject: Subject, given_by: GivenBy, guardian: Subject | None, at: datetime) -> None:
    """Check that a guardian's answer, and no other, names a guardian of the person. Raises GuardianUnknown."""
    if given_by != GivenBy.GUARDIAN:
        if guardian is not None:
            raise GuardianUnknown("Only a guardian's answer may name a guardian.")
        return
    pair: dict[str, Any] = {"client_id": subject.client_id, "child": subject, "guardian": guardian}
    named = Guardianship.objects.filter(**pair)
    claimed = GuardianClaim.objects.filter(**pair, starts_at__lte=at, ends_at=None)
    if guardian is None or not (named.live(at).exists() or (claimed.exists() and not named.exists())):
        raise GuardianUnknown


def check_giver(
    subject: Subject,
    guardian: Subject | None,
    states: Collection[ConsentState],
    register: Register,
    *,
    at: datetime,
    claimed_at: datetime | None,
) -> bool:
    """Refuse consent that a child gives; a child may see, refuse and withdraw. Return True if the child answers.

    A child cannot consent for another person either. An answer given by a child counts as a child's for good.
    Raises ChildMayNotGive, StillAChild if the guardian is a child.
    """
    gives = ConsentState.GIVEN in states
    gate: dict[str, Any] = {"thresholds": register.thresholds, "serves_minors": register.serves_minors}
    if guardian is not None:
        if gives and guardian.is_child(at, **gate):
            raise StillAChild
        return False
    is_child = subject.is_child(at, **gate)
    if not is_child and claimed_at is not None and at - claimed_at > _JUST_NOW:
        is_child = was_child(subject, claimed_at, time_zone=register.time_zone, **gate)
    if not is_child:
        return False
    if gives:
        raise UnknownAgeMayNotGive if subject.of_age_for(register.thresholds) is None else ChildMayNotGive
    return True
