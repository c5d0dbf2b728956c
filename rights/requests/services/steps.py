"""Orders, holds and steps of a request: what every service of requests uses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from consent.consents.models import Objection, Restriction
from consent.consents.services.restrictions import has_orders_to_issue
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.people.extension_points import Hold
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.acts import Refused, lock_row
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.rows import insert_rows
from retention.schedule.models import HoldKind
from retention.schedule.services import hold_for_case, lift_holds_of_case
from rights.requests.models import PARENT, RequestLimit, RequestPart, RequestStep, RightKind, RightsRequest
from rights.requests.states import Decider, Decision, RequestFacts, State, derive_state


def list_limits(request: RightsRequest) -> list[Restriction | Objection]:
    """List the restrictions and objections that a request brought about."""
    rows = RequestLimit.objects.filter(client_id=request.client_id, request=request)
    both = ((row.restriction, row.objection) for row in rows.select_related("restriction", "objection"))
    return [limit for pair in both for limit in pair if limit is not None]


def orders_of(request: RightsRequest, limits: list[Restriction | Objection] | None = None) -> QuerySet[Order]:
    """Return the orders that serve a request."""
    limits = list_limits(request) if limits is None else limits
    parents = Q(parent_kind=PARENT, parent_id=request.pk)
    for limit in limits:
        parents |= Q(parent_kind=str(limit._meta.model_name), parent_id=limit.pk)
    return Order.objects.filter(parents, client_id=request.client_id)


def is_carried_out(request: RightsRequest, *, at: datetime) -> bool:
    """Return True if every order of a request is issued, and answered or waived by two people."""
    limits = list_limits(request)
    if orders_of(request, limits).filter(ended_at=None).exists():
        return False
    return not any(has_orders_to_issue(limit, at=at) for limit in limits)


# A request does not hold the erasure that serves it, and an unverified one refuses none: anyone could write it in
# another's name.


_PORTAL = system_actor("rights.holds")
_COPIES = [RightKind.ACCESS.value, RightKind.PORTABILITY.value]


def hold_data(request: RightsRequest, at: datetime) -> None:
    """Hold all data of a request's person until it ends: rights are added to it, and purposes share categories."""
    if request.subject is not None:
        hold_for_case(
            request.subject,
            client=request.client,
            kind=HoldKind.OPEN_REQUEST,
            case=Parent(PARENT, request.pk),
            ground=f"Request {request.number}.",
            review_at=request.due_at,
            actor=_PORTAL,
            at=at,
        )


def move_hold(request: RightsRequest, at: datetime) -> None:
    """Place the hold of a request that was just assigned to a person; another person's is lifted."""
    _lift(request, "The request is about another person.", at)
    hold_data(request, at)


def find_copies_to_give(client_id: UUID, people: Sequence[UUID], _at: datetime) -> Iterator[tuple[UUID, Hold]]:
    """Find people's verified, unanswered requests for a copy, which forbid their erasure; ``people.erasure_holds``."""
    own_parts = RequestPart.objects.filter(client_id=OuterRef("client_id"), request_id=OuterRef("pk"))
    parts = own_parts.filter(kind__in=_COPIES).exclude(decision=Decision.REFUSED.value)
    own: dict[str, object] = {"client_id": client_id, "subject_id__in": people, "identity_verified_at__isnull": False}
    found = RightsRequest.objects.unanswered().filter(Exists(parts), **own).order_by("received_at", "pk")
    words = _("Request {number} for a copy of the data is not answered yet.")
    for key, subject_id, number in found.values_list("pk", "subject_id", "number"):
        if subject_id is not None:
            yield subject_id, Hold("open_request", words.format(number=number), case=key)


def _lift(request: RightsRequest, ground: str, at: datetime) -> None:
    lift_holds_of_case(request.client_id, Parent(PARENT, request.pk), ground=ground, actor=_PORTAL, at=at)


NEEDS_NO_IDENTITY = frozenset({RightKind.COMPLAINT, RightKind.QUESTION, RightKind.CHILD_CONCERN})
"""Kinds that may be answered without a verified identity: the answer discloses nothing about a person."""


class RequestEnded(PortalError):
    """The request is closed, withdrawn, or continued in another one."""

    console_message = "The request is already closed."


def lock_request(row: RightsRequest) -> RightsRequest:
    """Return the stored request, open or ended, locked until the end of the transaction."""
    rows = RightsRequest.objects.select_for_update(of=("self",)).select_related("subject", "requester", "client")
    return rows.get(pk=row.pk, client_id=row.client_id)


def lock_about_request(row: Any) -> Any:
    """Return the stored row about a request, locked after its request; for the acts on such a row."""
    request = None if row.request is None else lock_request(row.request)
    locked = lock_row(row)
    locked.request = request
    return locked


def lock_open_request(row: RightsRequest) -> RightsRequest:
    """Return the stored request, locked until the end of the transaction. Raises RequestEnded."""
    found = lock_request(row)
    require_open(found)
    return found


def require_open(request: RightsRequest, _actor: object = None, _at: object = None) -> None:
    """Require that a request is open. Raises RequestEnded."""
    if request.closed_at is not None:
        raise RequestEnded


def require_texts(request: RightsRequest, _actor: object = None, _at: object = None) -> None:
    """Require that the texts of a request can be read. Raises Refused once their key is destroyed."""
    if request.wrapped is None:
        raise Refused(_("The texts of this request have been deleted."))


def require_subject(request: RightsRequest) -> Subject:
    """Return the person of a request. Raises Refused if it is not assigned to one yet."""
    if request.subject is None:
        raise Refused(_("Assign the request to a person first."))
    return request.subject


def list_parts(request: RightsRequest) -> list[RequestPart]:
    """List the parts of a request in the order in which they were created."""
    return list(RequestPart.objects.filter(client_id=request.client_id, request=request).order_by("pk"))


def record_step(  # noqa: PLR0917 -- what happened to what, by whom, when
    kind: str,
    request: RightsRequest,
    actor: Actor,
    at: datetime,
    facts: Mapping[str, object] | None = None,
    ended_as: State | None = None,
) -> RequestStep:
    """Save a request in the state that follows from its rows, and record the step in the timeline and the ledger."""
    parts = list_parts(request)
    if request.closed_at is not None and ended_as is None:
        ended_as = State(request.state)
    request.state = derive_state(_facts_of(request, parts, ended_as, at))
    request.save()
    entry, step = make_step(kind, request, parts, actor, at, facts)
    insert_rows(entry, step)
    return step


def make_step(  # noqa: PLR0917 -- what happened to what, by whom, when
    kind: str,
    request: RightsRequest,
    parts: Iterable[RequestPart],
    actor: Actor,
    at: datetime,
    facts: Mapping[str, object] | None,
) -> tuple[Entry, RequestStep]:
    """Return the unsaved ledger entry and timeline row of a step, in the state that the request has."""
    kinds = sorted({part.kind for part in parts})
    about: dict[str, object] = {"rights_request": str(request.pk), "kind": kinds[0], "kinds": kinds}
    about |= {"state": request.state, "due_at": request.due_at.isoformat(), **(facts or {})}
    client_id, subject_id = request.client_id, request.subject_id
    entry = make_entry(kind, client_id=client_id, subject_id=subject_id, facts=about, actor=actor, at=at)
    columns = {"kind": kind.partition(".")[2], "state": request.state, "facts": dict(facts or {})}
    return entry, RequestStep.by(actor, request, entry_id=entry.pk, at=at, **columns)


def end_request(
    kind: str,
    request: RightsRequest,
    actor: Actor,
    at: datetime,
    *,
    ended_as: State,
    facts: Mapping[str, object] | None = None,
) -> None:
    """End a locked request as ``ended_as``, record the step, and lift its hold."""
    request.closed_at = at
    record_step(kind, request, actor, at, facts, ended_as)
    if request.subject_id is not None:
        _lift(request, "The request has ended.", at)


def _facts_of(request: RightsRequest, parts: list[RequestPart], ended_as: State | None, at: datetime) -> RequestFacts:
    undecided = {part.kind for part in parts if not part.decision}
    may_be_executing = ended_as is None and not undecided
    return RequestFacts(
        decisions=[part.decision for part in parts],
        awaits_client=any(not part.decision and part.decider == Decider.CLIENT for part in parts),
        is_person_known=request.subject_id is not None,
        is_identity_verified=request.is_identity_verified,
        needs_identity=bool(undecided - NEEDS_NO_IDENTITY),
        has_open_orders=may_be_executing and not is_carried_out(request, at=at),
        is_answered=request.answered_at is not None,
        ended_as=ended_as,
    )
