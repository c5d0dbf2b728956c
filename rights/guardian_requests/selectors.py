"""Selectors of guardians' requests about a child."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from children.guardians.models import Guardianship
from children.guardians.request_rules import RequestBlocker
from paktaleem.directory.data_systems.selectors import Parent, list_answers
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.first_rows import FirstRows, take_latest
from rights.guardian_requests.wishes import RIGHT_OF, Wish
from rights.requests.models import PARENT, RequestPart, RightKind, RightsRequest
from rights.requests.selectors import is_erasing, list_parts_of
from rights.requests.services.authority import find_blocker

__all__ = [
    "RequestProgress",
    "find_open_request",
    "list_request_blockers",
    "list_requests_of_guardian",
]

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class RequestProgress:
    """A guardian's request with its rights, and the number of systems that received an order and that have answered.

    ``is_erasing`` is True if its erasure was granted.
    """

    request: RightsRequest
    rights: tuple[RightKind, ...]
    total: int
    answered: int
    is_erasing: bool

    @property
    def may_be_ended(self) -> bool:
        """Return True if the guardian may end it: it is unanswered. A granted erasure is cancelled by itself."""
        return self.request.is_open and self.request.answered_at is None and not self.is_erasing


def list_requests_of_guardian(child: Subject, guardian: Subject) -> FirstRows[RequestProgress]:
    """List the latest requests of one guardian about one child, newest first, at most twenty."""
    own = RightsRequest.objects.filter(client_id=child.client_id, subject=child, requester=guardian)
    found = take_latest(own.defer("details", "contact", "answer").order_by("-received_at", "-pk"), _SHOWN)
    parts = list_parts_of(found)
    return found.map(lambda request: _progress_of(request, parts[request.pk]))


def _progress_of(request: RightsRequest, parts: list[RequestPart]) -> RequestProgress:
    answers = list_answers(Parent(PARENT, request.pk), client_id=request.client_id)
    rights = tuple(dict.fromkeys(RightKind(part.kind) for part in parts))
    return RequestProgress(request, rights, len(answers), sum(not one.is_open for one in answers), is_erasing(parts))


def find_open_request(child: Subject, guardian: Subject, kind: RightKind) -> RightsRequest | None:
    """Return the open request of a guardian that exercises a right for a child, or None; there is at most one."""
    own = RightsRequest.objects.open().filter(client_id=child.client_id, subject=child, requester=guardian)
    parts = RequestPart.objects.filter(client_id=child.client_id, request__in=own, kind=kind)
    found: RightsRequest | None = own.filter(pk__in=parts.values("request")).select_related("subject").first()
    return found


def list_request_blockers(row: Guardianship, *, at: datetime) -> Mapping[Wish, RequestBlocker]:
    """Return why a guardian may not make a request, by wish; those left out are allowed. Raises GuardianshipUnknown."""
    found = {wish: find_blocker(row.child, row.guardian, kind, at=at) for wish, kind in RIGHT_OF.items()}
    return {wish: blocker for wish, blocker in found.items() if blocker is not None}
