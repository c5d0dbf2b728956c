"""Selectors of guardians' requests about a child."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from children.guardians.authority import RequestBlocker
from children.guardians.models.guardians import Guardianship
from paktaleem.directory.data_systems.selectors import Parent, list_answers
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.first_rows import FirstRows, take_latest
from rights.guardian_requests.wishes import RIGHT_OF, Wish
from rights.requests.models import PARENT, RequestPart, RightKind, RightsRequest
from rights.requests.selectors import is_erasing, list_parts_of
from rights.requests.services.outcomes import find_blocker

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


@dataclass(frozen=True, slots=True)
class RequestPage:
    """Some of a guardian's requests about one child, newest first.

    ``older`` and ``newer`` are the requests after which the pages beside it begin: the last one of this page, and the
    one before the newer page. ``newer`` is None on the second page, as the first one begins after none.
    """

    requests: FirstRows[RequestProgress]
    is_first: bool
    older: UUID | None
    newer: UUID | None


def list_requests_of_guardian(child: Subject, guardian: Subject, *, after: UUID | None = None) -> RequestPage:
    """List at most twenty requests of one guardian about one child, newest first: the latest, or those ``after`` one.

    Raises RightsRequest.DoesNotExist if the guardian has made no such request about the child.
    """
    own = _select_own(child, guardian)
    rows = own if after is None else own.filter(_is_before(own.get(pk=after)))
    found = take_latest(rows.order_by("-received_at", "-pk"), _SHOWN)
    parts = list_parts_of(found)
    return RequestPage(
        found.map(lambda request: _progress_of(request, parts[request.pk])),
        is_first=after is None,
        older=None if found.next_row is None else found[-1].pk,
        newer=None if after is None else _find_newer(own, after),
    )


def get_request_of_guardian(child: Subject, guardian: Subject, key: UUID) -> RequestProgress:
    """Return one request of a guardian about a child. Raises RightsRequest.DoesNotExist if there is none."""
    request = _select_own(child, guardian).get(pk=key)
    return _progress_of(request, list_parts_of([request])[request.pk])


def _select_own(child: Subject, guardian: Subject) -> QuerySet[RightsRequest]:
    own = RightsRequest.objects.filter(client_id=child.client_id, subject=child, requester=guardian)
    return own.defer("details", "contact", "answer")


def _is_before(request: RightsRequest) -> Q:
    return Q(received_at__lt=request.received_at) | Q(received_at=request.received_at, pk__lt=request.pk)


def _find_newer(own: QuerySet[RightsRequest], after: UUID) -> UUID | None:
    """Return the request after which the page begins that ends with a request; None for the first page."""
    newer = own.exclude(_is_before(own.get(pk=after))).order_by("received_at", "pk")
    return newer.values_list("pk", flat=True)[_SHOWN:].first()


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
