"""Propose an erasure, approve or decline it as a second person, and cancel it before it starts."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy

from paktaleem.directory.people.extension_points import Hold, list_holds
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureHeld, ErasureInProgress
from paktaleem.directory.people.services.people import require_all_records
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change, request_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs import enqueue_job
from rights.erasures.models import ErasureProposal, Extent, Stage
from rights.erasures.selectors import find_changes, get_cooling_off, is_entitled, list_changes, read_facts
from rights.requests.models import RequestPart, RightKind, RightsRequest
from rights.requests.services.decisions import require_authority
from rights.requests.states import Decider, Decision

CONTINUE, NOTIFY = "erasures.continue", "erasures.notify"
"""Tasks that continue one erasure, and that inform the person of an approved one, by client and proposal."""
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PROPOSED_ALREADY = gettext_lazy("An erasure of this person is already proposed.")
_CHANGED_SINCE = gettext_lazy("Something about the person has changed since. Look at the preview again.")


class ErasureEnded(PortalError):
    """The erasure has started, was sent back or cancelled: it cannot be decided or cancelled any more."""

    console_message = "This erasure has started or ended in the meantime."


@dataclass(frozen=True, slots=True)
class Target:
    """The extent of an erasure: the whole person, or the purposes and categories (codes) of a partial erasure."""

    purposes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def extent(self) -> Extent:
        """Return the extent: a target without purposes is the whole person."""
        return Extent.PARTIAL if self.purposes else Extent.WHOLE

    @property
    def held_categories(self) -> frozenset[str] | None:
        """Return the categories of which a hold forbids the erasure; None: every one."""
        return frozenset(self.categories) if self.purposes else None


@transaction.atomic
def propose_erasure(
    subject: Subject,
    *,
    target: Target | None = None,
    request: RightsRequest | None = None,
    seen: Mapping[str, str] | None = None,
    ground: str = "",
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> ErasureProposal:
    """Propose to erase a person's data; nothing changes until a second person approves and the cooling-off is over.

    The person's other records get a proposal each, which is decided with this one. ``seen`` are the facts of the
    preview. An administrator of a client proposes only for a request of which they granted the client's part.
    Raises RequestNotAllowed, GroundNeeded, Refused, ErasureHeld, AlreadyErased, ErasureInProgress, RecordElsewhere,
    NotAllowed.
    """
    require(actor, Capability.DECIDE_ERASURES, subject.client_id)
    subject = _lock_subject(subject)
    require_all_records(subject)
    _require_controller(actor, request)
    if request is not None:
        require_authority(request, [RightKind.ERASURE], at=at)
    target = target or Target()
    serving, categories = request.pk if request is not None else None, target.held_categories
    if holds := list_holds(subject, at, serving=serving, categories=categories):
        raise ErasureHeld(holds)
    facts = read_facts(subject)
    if seen is not None and find_changes(seen, facts):
        raise Refused(_CHANGED_SINCE)
    if _is_proposed(subject):
        raise Refused(PROPOSED_ALREADY)
    if request is not None:
        ground = ground or f"Request {request.number}."
    row = _build(subject, target, request, ground, actor, at)
    _insert(row, facts, actor, reason, at)
    for other in list_same_person(subject):
        _propose_beside(row, other, target, actor, at)
    return row


def _propose_beside(leading: ErasureProposal, other: Subject, target: Target, actor: Actor, at: datetime) -> None:
    other = Subject.objects.select_for_update().get(pk=other.pk, client_id=other.client_id)
    if not other.is_recorded or _is_proposed(other):
        return
    if holds := list_holds(other, at, serving=leading.request_id, categories=target.held_categories):
        raise ErasureHeld(holds)
    row = _build(other, target, leading.request, leading.ground, actor, at)
    row.leading = leading
    _insert(row, read_facts(other), actor, leading.reason, at)


def _is_proposed(subject: Subject) -> bool:
    waiting = ErasureProposal.objects.before_start().filter(client_id=subject.client_id, subject=subject)
    return bool(waiting.exists())


def _insert(row: ErasureProposal, facts: dict[str, str], actor: Actor, reason: Reason | str, at: datetime) -> None:
    row.reason, row.seen = Reason(reason).value, facts
    row.save(force_insert=True)
    about: dict[str, object] = {"extent": row.extent, "reason": row.reason, "purposes": row.purposes}
    about |= {"categories": row.categories, "rights_request": str(row.request_id) if row.request_id else None}
    about |= {"leading": str(row.leading_id)} if row.leading_id else {}
    record("erasure.proposed", row, actor, at, facts=about)


@transaction.atomic
def decide_erasure(
    proposal: ErasureProposal, *, approve: bool, actor: Actor, at: datetime, reason: Reason | str = Reason.REVIEW
) -> ErasureProposal:
    """Approve an erasure as a second person, or decline it (decision 0069). Raises ErasureEnded, NotAllowed."""
    require(actor, Capability.DECIDE_ERASURES, proposal.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may approve or decline an erasure.")
    proposal = lock_proposal(proposal)
    require_all_records(proposal.subject)
    if proposal.stage != Stage.PROPOSED:
        raise ErasureEnded
    decided = _decide(proposal, actor, reason, at, approve=approve)
    for beside in list_beside(decided):
        if beside.stage == Stage.PROPOSED:
            _decide(lock_proposal(beside), actor, reason, at, approve=approve)
    return decided


def _decide(
    proposal: ErasureProposal, actor: Actor, reason: Reason | str, at: datetime, *, approve: bool
) -> ErasureProposal:
    if approve:
        subject = _lock_subject(proposal.subject)
        if list_changes(proposal, subject, at=at):
            raise Refused(_CHANGED_SINCE)
        if holds := find_holds_of(proposal, subject, at):
            raise ErasureHeld(holds)
    proposal = decide_change(proposal, approve=approve, actor=actor, at=at)
    proposal.settled_role = actor.role
    if not approve:
        return _end(proposal, "erasure.declined", actor, at, facts={"reason": Reason(reason).value})
    proposal.stage = Stage.COOLING_OFF.value
    proposal.cooling_ends_at = at + get_cooling_off(proposal.subject, at)
    proposal.save()
    facts = {"reason": Reason(reason).value, "cooling_ends_at": proposal.cooling_ends_at.isoformat()}
    record("erasure.approved", proposal, actor, at, facts=facts)
    client, key = str(proposal.client_id), str(proposal.pk)
    enqueue_job(NOTIFY, client=client, proposal=key)
    enqueue_job(CONTINUE, due_at=to_wall_clock(proposal.cooling_ends_at), client=client, proposal=key)
    return proposal


@transaction.atomic
def cancel_erasure(proposal: ErasureProposal, *, actor: Actor, at: datetime) -> ErasureProposal:
    """Cancel an erasure before its start: staff, the person, or a child's guardian. Raises ErasureEnded, NotAllowed."""
    proposal = lock_proposal(proposal)
    if actor.kind is ByKind.SUBJECT:
        if not is_entitled(actor.id, proposal, at=at):
            raise NotAllowed("Only the person or a guardian may cancel the erasure.")
    else:
        require(actor, Capability.DECIDE_ERASURES, proposal.client_id)
        require_all_records(proposal.subject)
    return _cancel(proposal, actor, at)


def list_beside(proposal: ErasureProposal) -> list[ErasureProposal]:
    """List the proposals for the other records of the same person that were made with this one, by number."""
    leading = proposal.leading_id or proposal.pk
    own = ErasureProposal.objects.filter(Q(pk=leading) | Q(leading_id=leading), client_id=proposal.client_id)
    return list(own.exclude(pk=proposal.pk).select_related("subject").order_by("pk"))


def replace_proposal(proposal: ErasureProposal, *, actor: Actor, at: datetime) -> None:
    """Cancel a proposal that has not started, because a wider one takes its place. Raises ErasureEnded."""
    _cancel(lock_proposal(proposal), actor, at)


def send_back(proposal: ErasureProposal, changed: list[str], actor: Actor, at: datetime) -> ErasureProposal:
    """End a locked proposal because the facts changed since; ``changed`` are sections of ``read_facts``."""
    proposal.changed = changed
    _close_decision(proposal, actor, at)
    return _end(proposal, "erasure.sent_back", actor, at, facts={"changed": changed})


def lock_proposal(proposal: ErasureProposal) -> ErasureProposal:
    """Return the stored proposal, locked until the end of the transaction, with its person."""
    rows = ErasureProposal.objects.select_for_update(of=("self",)).select_related("subject", "client", "request")
    return rows.get(pk=proposal.pk, client_id=proposal.client_id)


def find_holds_of(proposal: ErasureProposal, subject: Subject, at: datetime) -> list[Hold]:
    """Find what forbids a proposed erasure; the request that it serves does not."""
    categories = Target(tuple(proposal.purposes), tuple(proposal.categories)).held_categories
    return list_holds(subject, at, serving=proposal.request_id, categories=categories)


def record(
    kind: str, proposal: ErasureProposal, actor: Actor, at: datetime, *, facts: Mapping[str, object] | None = None
) -> None:
    """Record a step of an erasure in the ledger; ``facts`` are codes, ids and times."""
    about = {"proposal": str(proposal.pk), "number": proposal.number, **(facts or {})}
    record_entry(kind, client_id=proposal.client_id, subject_id=proposal.subject_id, facts=about, actor=actor, at=at)


def _build(  # noqa: PLR0917 -- the proposal, then its context
    subject: Subject, target: Target, request: RightsRequest | None, ground: str, actor: Actor, at: datetime
) -> ErasureProposal:
    row = ErasureProposal(
        client_id=subject.client_id,
        number="E" + "".join(secrets.choice(_ALPHABET) for _ in range(8)),
        subject=subject,
        request=request,
        extent=target.extent.value,
        purposes=sorted(target.purposes),
        categories=sorted(target.categories),
        stage=Stage.PROPOSED.value,
        requested_role=actor.role,
    )
    return request_change(row, ground=ground, actor=actor, at=at)


def _lock_subject(subject: Subject) -> Subject:
    locked = Subject.objects.select_for_update().get(pk=subject.pk, client_id=subject.client_id)
    if locked.erased_at is not None:
        raise AlreadyErased
    if locked.is_being_erased:
        raise ErasureInProgress
    return locked


def _require_controller(actor: Actor, request: RightsRequest | None) -> None:
    if actor.client_id is None:
        return
    granted = RequestPart.objects.filter(
        client_id=actor.client_id,
        request=request,
        kind=RightKind.ERASURE,
        decider=Decider.CLIENT.value,
        decision__in=[Decision.GRANTED.value, Decision.PARTLY.value],
        decided_by=actor.id,
    )
    if request is None or not granted.exists():
        raise NotAllowed("An administrator proposes an erasure by granting a request.")


def _cancel(proposal: ErasureProposal, actor: Actor, at: datetime) -> ErasureProposal:
    """Cancel a locked proposal, and with it those for the other records of the person."""
    if not proposal.is_before_start:
        raise ErasureEnded
    for row in (proposal, *(lock_proposal(one) for one in list_beside(proposal) if one.is_before_start)):
        row.cancelled_kind, row.cancelled_by, row.cancelled_role = actor.kind.value, actor.id, actor.role
        _close_decision(row, actor, at)
        _end(row, "erasure.cancelled", actor, at)
    return proposal


def _close_decision(proposal: ErasureProposal, actor: Actor, at: datetime) -> None:
    if proposal.state == ChangeState.WAITING:
        proposal.state, proposal.settled_by, proposal.settled_at = ChangeState.REPLACED, actor.id, at


def _end(
    proposal: ErasureProposal, kind: str, actor: Actor, at: datetime, *, facts: Mapping[str, object] | None = None
) -> ErasureProposal:
    proposal.stage = Stage.CHANGED.value if proposal.changed else Stage.CANCELLED.value
    proposal.ended_at = at
    proposal.save()
    record(kind, proposal, actor, at, facts=facts)
    return proposal
