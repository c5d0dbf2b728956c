"""Steps of a request: lock it, derive its state, and record the step in the timeline and the ledger."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.rows import insert_rows, new_id
from rights.requests.carried_out import is_carried_out
from rights.requests.models import RequestPart, RequestStep, RightKind, RightsRequest
from rights.requests.services.holds import lift_hold_at_end
from rights.requests.states import Decider, Decision, PartFacts, RequestFacts, State, derive_state

NEEDS_NO_IDENTITY = frozenset({RightKind.COMPLAINT, RightKind.QUESTION, RightKind.CHILD_CONCERN})
"""Kinds that may be answered without a verified identity: the answer discloses nothing about a person."""


class RequestEnded(PortalError):
    """The request is closed, withdrawn, or continued in another one."""

    console_message = "The request is already closed."


def lock_request(row: RightsRequest) -> RightsRequest:
    """Return the stored request, open or ended, locked until the end of the transaction."""
    rows = RightsRequest.objects.select_for_update(of=("self",)).select_related("subject", "requester", "client")
    found: RightsRequest = rows.get(pk=row.pk, client_id=row.client_id)
    return found


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
    facts: Mapping[str, Any] | None = None,
    ended_as: State | None = None,
) -> RequestStep:
    """Save a request in the state that follows from its rows, and record the step in the timeline and the ledger.

    ``kind`` is the ledger's, ``rights_request.…``; ``facts`` are codes and times. A request that has ended stays so.
    """
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
    facts: Mapping[str, Any] | None,
) -> tuple[Entry, RequestStep]:
    """Return the unsaved ledger entry and timeline row of a step, in the state that the request has."""
    kinds = sorted({part.kind for part in parts})
    about: dict[str, Any] = {"rights_request": str(request.pk), "kind": kinds[0], "kinds": kinds}
    about |= {"state": request.state, "due_at": request.due_at.isoformat(), **(facts or {})}
    context: dict[str, Any] = {
        "client_id": request.client_id,
        "subject_id": request.subject_id,
        "actor": actor,
        "at": at,
    }
    entry = make_entry(kind, facts=about, **context)
    step = RequestStep(
        id=new_id(),
        client_id=request.client_id,
        request=request,
        kind=kind.partition(".")[2],
        state=request.state,
        facts=dict(facts or {}),
        entry_id=entry.pk,
        at=at,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
    )
    return entry, step


def end_request(
    kind: str,
    request: RightsRequest,
    actor: Actor,
    at: datetime,
    *,
    ended_as: State,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """End a locked request as ``ended_as``, record the step, and lift its hold."""
    request.closed_at = at
    record_step(kind, request, actor, at, facts, ended_as)
    lift_hold_at_end(request, at)


def _facts_of(request: RightsRequest, parts: list[RequestPart], ended_as: State | None, at: datetime) -> RequestFacts:
    undecided = {part.kind for part in parts if not part.decision}
    may_be_executing = ended_as is None and not undecided
    return RequestFacts(
        parts=[PartFacts(Decider(one.decider), Decision(one.decision) if one.decision else None) for one in parts],
        is_person_known=request.subject_id is not None,
        is_identity_verified=request.is_identity_verified,
        needs_identity=bool(undecided - NEEDS_NO_IDENTITY),
        has_open_orders=may_be_executing and not is_carried_out(request, at=at),
        is_answered=request.answered_at is not None,
        ended_as=ended_as,
    )
