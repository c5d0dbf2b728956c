"""A guardian's authority for a request about a child: checked at receipt, when verified, and with each decision."""

from collections.abc import Iterable
from datetime import datetime

from children.guardians.request_rules import RequestBlocker
from children.guardians.selectors.guardians import GuardianshipUnknown, find_request_blocker, get_live_guardianship
from children.guardians.services.locking import lock_child
from consent.consents.models.consents import Restriction
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.errors import PortalError
from rights.requests.models.limits import RequestLimit
from rights.requests.models.requests import RightKind, RightsRequest
from rights.requests.services.steps import require_subject

_DISCLOSING = frozenset({RightKind.ACCESS, RightKind.PORTABILITY})
"""Rights whose exercise hands data of the child to the guardian."""
GUARDIANS_RIGHTS = frozenset(set(RightKind) - {RightKind.WITHDRAWAL, RightKind.CHILD_CONCERN})
"""Rights and questions that a guardian may send about a child. Consent is withdrawn on the guardian's own page."""


class RequestNotAllowed(PortalError):
    """The guardian may not make this request, or no longer; ``why`` is the reason."""

    console_message = (
        "The guardian may not request this, or no longer. Verify them first (for a copy, by a method stronger than two "
        "messages), and check that they may receive data about the child."
    )

    def __init__(self, why: RequestBlocker) -> None:
        """Store the reason."""
        super().__init__(why.value)
        self.why = why


def find_blocker(child: Subject, guardian: Subject, kind: RightKind | str, *, at: datetime) -> RequestBlocker | None:
    """Return why a guardian may not exercise a right for a child. Raises GuardianshipUnknown."""
    row = get_live_guardianship(child, guardian, at=at)
    return find_request_blocker(row, discloses_data=RightKind(kind) in _DISCLOSING, at=at)


def has_authority(request: RightsRequest, kind: RightKind | str, *, at: datetime) -> bool:
    """Return True if the guardian who made a request may exercise a right now, without a lock; True without one."""
    return _why_not(request, kind, at) is None


def require_authority(request: RightsRequest, kinds: Iterable[RightKind | str], *, at: datetime) -> None:
    """Require that the guardian who made a request may exercise these rights now; a person's own request passes.

    Follows policy §8. The child's row stays locked, so that the authority does not end meanwhile. Raises
    RequestNotAllowed, AlreadyErased, ErasureInProgress.
    """
    if request.requester is None:
        return
    lock_child(require_subject(request))
    for kind in kinds:
        if (why := _why_not(request, kind, at)) is not None:
            raise RequestNotAllowed(why)


def find_guardian_of_limit(restriction: Restriction, at: datetime) -> Subject | None:
    """Return the guardian whose request brought about a restriction; connected to ``limits.requesters``.

    Raises RequestNotAllowed if they have no authority any more: the portal writes to them no longer.
    """
    rows = RequestLimit.objects.filter(client_id=restriction.client_id, restriction=restriction)
    made = rows.filter(request__requester__isnull=False).select_related("request__subject", "request__requester")
    row = made.first()
    if row is None:
        return None
    require_authority(row.request, [RightKind.RESTRICTION], at=at)
    return row.request.requester


def _why_not(request: RightsRequest, kind: RightKind | str, at: datetime) -> RequestBlocker | None:
    if request.requester is None:
        return None
    try:
        return find_blocker(require_subject(request), request.requester, kind, at=at)
    except GuardianshipUnknown:
        return RequestBlocker.NOT_VERIFIED
