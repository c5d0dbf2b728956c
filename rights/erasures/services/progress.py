"""Continue an erasure in the worker: compare, start, verify and certify. Every step is one transaction, idempotent."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext as _, gettext_lazy

from consent.consents.models import Consent, ConsentState, Method
from consent.consents.services.recording import withdraw_consent
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import send_access_link
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.issuing import ERASURE, ERASURE_DUE, OrderSpec, issue_orders
from paktaleem.directory.mail.models import Channel, Letter, LetterState
from paktaleem.directory.mail.services import MessageKind, declare_message
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.extension_points import list_unheld, take_locks
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import start_erasure
from paktaleem.directory.people.services.people import lock_unheld_subject
from paktaleem.directory.staff.data_kinds import LEAVERS
from paktaleem.foundation.accounts.actors import Actor, Authorship
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.clock import to_client_clock
from paktaleem.foundation.encryption.erasure_list import Stage as LineStage, erasure_list
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from rights.erasures.certificates import find_readable, issue_certificate
from rights.erasures.leavers import list_leavers
from rights.erasures.models import ErasureProposal, Extent, Stage
from rights.erasures.selectors import (
    AUTHORITY,
    exclusive_categories,
    is_child,
    is_of_guardian,
    list_changes,
    list_entitled_guardians,
    list_legal_purposes,
    list_unanswered_requests,
)
from rights.erasures.services.proposals import (
    CONTINUE,
    PROPOSED_ALREADY,
    Target,
    find_holds_of,
    lock_proposal,
    propose_erasure,
    record,
    replace_proposal,
    send_back,
)
from rights.rectifications.services import list_recipients_to_inform
from rights.requests.letters import ANSWER
from rights.requests.models import PARENT as REQUEST, RequestPart, RightKind, RightsRequest
from rights.requests.selectors import list_purposes_of_part
from rights.requests.services.steps import list_parts, require_subject
from rights.requests.states import Decision

NOTICE = declare_message("erasure_notice", fields=("url", "days"), is_texted=True)
"""The person's data will be erased; the link leads to the page on which they can cancel it."""
GUARDIAN_NOTICE = declare_message("erasure_notice_guardian", fields=("url", "days"), is_texted=True)
"""The same about a child, to a guardian."""
NOTICE_KINDS = frozenset({NOTICE.code, GUARDIAN_NOTICE.code})


def list_clients_with_open_erasures(*, at: datetime) -> list[UUID]:
    """List the clients with an erasure that may go on; requires the officers' context."""
    del at
    return list(ErasureProposal.objects.open().order_by().values_list("client_id", flat=True).distinct())


@transaction.atomic
def continue_erasure(proposal: ErasureProposal, *, actor: Actor, at: datetime) -> ErasureProposal:
    """Do what is due for an erasure, at most one step (decision 0069). Raises OSError or ListDamaged."""
    proposal = lock_proposal(proposal)
    if proposal.is_before_start:
        return _before_start(proposal, actor, at)
    if proposal.stage in {Stage.ORDERED, Stage.VERIFYING} and not _is_waiting(proposal):
        return _verify(proposal, actor, at)
    return proposal


def certify_after_erasure(subject: Subject, _actor: Actor, _at: datetime) -> None:
    """Have the worker certify the erasure of a person whose key is destroyed now; ``people.before_erasure``."""
    for proposal in ErasureProposal.objects.open().filter(client_id=subject.client_id, subject=subject):
        _enqueue(proposal)


def certify_after_answers(order: Order, _actor: Actor, _at: datetime) -> None:
    """Have the worker certify a partial erasure whose order was answered; ``data_systems.order_answered``."""
    if order.kind == OrderKind.ERASE and order.parent_id is not None:
        open_ones = ErasureProposal.objects.open().filter(client_id=order.client_id, subject_id=order.subject_id)
        for proposal in open_ones.filter(stage__in=[Stage.ORDERED.value, Stage.VERIFYING.value]):
            _enqueue(proposal)


def _enqueue(proposal: ErasureProposal) -> None:
    key = str(proposal.pk)
    enqueue_job(CONTINUE, lock=f"erasure-proposal/{key}", client=str(proposal.client_id), proposal=key)


def _before_start(proposal: ErasureProposal, actor: Actor, at: datetime) -> ErasureProposal:
    take_locks(proposal.subject)
    subject = Subject.objects.select_for_update().get(pk=proposal.subject_id, client_id=proposal.client_id)
    ends_at = proposal.cooling_ends_at
    is_due = proposal.stage == Stage.COOLING_OFF and ends_at is not None and at >= ends_at
    begun = Erasure.objects.filter(client_id=subject.client_id, subject=subject).first()
    if is_due and proposal.is_whole and begun is not None:
        return _order(proposal, begun, actor, at)
    if changed := list_changes(proposal, subject, at=at):
        return send_back(proposal, changed, actor, at)
    if not is_due:
        return proposal
    if find_holds_of(proposal, subject, at):
        return send_back(proposal, ["holds"], actor, at)
    if list_unanswered_requests(subject):
        return proposal
    return _start(proposal, subject, actor, at)


def _start(proposal: ErasureProposal, subject: Subject, actor: Actor, at: datetime) -> ErasureProposal:
    if proposal.is_whole:
        serving, reason = proposal.request_id, proposal.reason
        erasure = start_erasure(subject, serving=serving, actor=actor, reason=reason, at=at)
        return _order(proposal, erasure, actor, at)
    _order_partial(proposal, subject, actor, at)
    return _order(proposal, None, actor, at)


def _order(proposal: ErasureProposal, erasure: Erasure | None, actor: Actor, at: datetime) -> ErasureProposal:
    """Record that the orders are issued: now, or before by the erasure list, if the commit of this step had failed."""
    proposal.stage, proposal.started_at, proposal.erasure = Stage.ORDERED.value, at, erasure
    proposal.save()
    if proposal.request is None:
        list_recipients_to_inform(proposal.subject, actor=actor, at=at)
    key = proposal.erasure_id
    record("erasure.ordered", proposal, actor, at, facts={"erasure": str(key) if key else None})
    _enqueue(proposal)  # without any system, everything is answered already
    return proposal


def _order_partial(proposal: ErasureProposal, subject: Subject, actor: Actor, at: datetime) -> None:
    """Withdraw the consents of the purposes, and order the systems to erase what only these purposes need."""
    given = Consent.objects.filter(client_id=subject.client_id, subject=subject, state=ConsentState.GIVEN)
    for code in given.filter(purpose__code__in=proposal.purposes).values_list("purpose__code", flat=True):
        withdraw_consent(subject, purpose=code, method=Method.CONSOLE, actor=actor, at=at)
    if proposal.categories:
        spec = OrderSpec(
            kind=OrderKind.ERASE,
            categories=frozenset(proposal.categories),
            reason=Reason(proposal.reason),
            ground=Ground.RIGHT_OF_THE_PERSON,
            due_at=at + ERASURE_DUE,
            parent=_parent(proposal),
        )
        issue_orders(subject, spec, actor=actor, at=at)


def _parent(proposal: ErasureProposal) -> Parent:
    kind, key = (ERASURE, proposal.erasure_id) if proposal.is_whole else (REQUEST, proposal.request_id)
    if key is None:
        raise ValueError("The erasure has not started.")
    return Parent(kind, key)


def _has_open_order(proposal: ErasureProposal) -> bool:
    parent = _parent(proposal)
    own = {"client_id": proposal.client_id, "parent_kind": parent.kind, "parent_id": parent.id}
    return Order.objects.open().filter(**own, kind=OrderKind.ERASE).exists()


def _is_waiting(proposal: ErasureProposal) -> bool:
    return not proposal.erasure.is_complete if proposal.erasure is not None else _has_open_order(proposal)


def _verify(proposal: ErasureProposal, actor: Actor, at: datetime) -> ErasureProposal:
    faults = _find_faults(proposal)
    if faults:
        if proposal.faults != faults or proposal.stage != Stage.VERIFYING:
            proposal.stage, proposal.faults = Stage.VERIFYING.value, faults
            proposal.save()
            record("erasure.verification_failed", proposal, actor, at, facts={"faults": faults})
        return proposal
    proposal.stage, proposal.faults, proposal.ended_at = Stage.CERTIFIED.value, [], at
    proposal.save()
    issue_certificate(proposal, parent=_parent(proposal), actor=actor, at=at)
    return proposal


def _find_faults(proposal: ErasureProposal) -> list[str]:
    subject = proposal.subject
    faults = ["order_open"] if _has_open_order(proposal) else []
    if not proposal.is_whole:
        given = Consent.objects.filter(client_id=subject.client_id, subject=subject, state=ConsentState.GIVEN)
        kept = given.filter(purpose__code__in=proposal.purposes, recorded_at__lte=proposal.started_at)
        return [*faults, "consent_given"] if kept.exists() else faults
    lines = erasure_list().intents().values()
    is_listed = any(one.subject_id == subject.pk and one.stage is LineStage.KEY_DESTROYED for one in lines)
    return [*faults, *find_readable(subject), *([] if is_listed else ["erasure_list"])]


_AWAITED = frozenset({ANSWER.code, *NOTICE_KINDS})


@transaction.atomic
def notify_person(proposal: ErasureProposal, *, address: Callable[[str], str], actor: Actor, at: datetime) -> int:
    """Send the person, and the guardians of a child, a link to the page on which they can cancel; return how many.

    Once to each contact on file; not to a child if a guardian requested it (decision 66). ``address`` returns the
    URL for a token; ``at`` is on the system clock.
    """
    proposal = lock_proposal(proposal)
    if proposal.stage != Stage.COOLING_OFF:
        return 0
    known = set(list_notices(proposal).values_list("subject_id", "channel"))
    contacts = _contacts(proposal, to_client_clock(at))
    new = [(person, channel, kind) for person, channel, kind in contacts if (person.pk, channel.value) not in known]
    by: Authorship = {"actor": actor, "at": at}
    for person, channel, kind in new:
        send_access_link(
            person, page=Page.REQUESTS, address=address, channel=channel, kind=kind, related_id=proposal.pk, **by
        )
    record("erasure.announced", proposal, actor, to_client_clock(at), facts={"messages": len(new)})
    return len(new)


def list_notices(proposal: ErasureProposal) -> QuerySet[Letter]:
    """Return the messages about an erasure."""
    return Letter.objects.filter(client_id=proposal.client_id, related_id=proposal.pk, kind__in=NOTICE_KINDS)


def describe_unsent_messages(erasure: Erasure) -> str:
    """Return a sentence while a message to the person is queued: without the key it could not be sent."""
    queued = Letter.objects.filter(client_id=erasure.client_id, subject_id=erasure.subject_id, kind__in=_AWAITED)
    is_queued = queued.filter(state=LetterState.QUEUED).exists()
    return gettext("A message to the person is not sent yet.") if is_queued else ""


def _contacts(proposal: ErasureProposal, at: datetime) -> Iterator[tuple[Subject, Channel, MessageKind]]:
    subject = proposal.subject
    if not is_of_guardian(proposal):
        yield from _channels(subject, NOTICE)
    if is_child(subject, at):
        for guardian in list_entitled_guardians(subject, at=at):
            yield from _channels(guardian, GUARDIAN_NOTICE)


def _channels(person: Subject, kind: MessageKind) -> Iterator[tuple[Subject, Channel, MessageKind]]:
    if person.email is not None:
        yield person, Channel.MAIL, kind
    if person.phone is not None:
        yield person, Channel.TEXT, kind


_GRANTED = frozenset({Decision.GRANTED.value, Decision.PARTLY.value})


def propose_for_part(request: RightsRequest, part: RequestPart, actor: Actor, at: datetime) -> None:
    """Propose the erasure that a decision granted, with the decider as proposer (GDPR Art. 17, decision 0069).

    A later grant replaces the request's proposal that has not started, never one of the whole person: it erases
    this too. Raises Refused if a partial erasure for another request has not started.
    """
    subject = request.subject
    if part.kind != RightKind.ERASURE or subject is None or not subject.is_recorded:
        return
    target = find_target(request, at)
    waiting = ErasureProposal.objects.before_start().filter(client_id=request.client_id, subject=subject).first()
    if target is None or (waiting is not None and waiting.is_whole):
        return
    if waiting is not None:
        if waiting.request_id != request.pk and target.extent is Extent.PARTIAL:
            raise Refused(PROPOSED_ALREADY)
        replace_proposal(waiting, actor=actor, at=at)
    propose_erasure(subject, target=target, request=request, actor=actor, reason=Reason.SUBJECT_REQUEST, at=at)


def require_certificate(request: RightsRequest) -> None:
    """Raise Refused if a request is closed whose granted erasure is not certified (decision 0069)."""
    if is_granted(request) and not is_certified(request):
        raise Refused(_("Erasure was granted: it is closed once the erasure is certified."))


def is_granted(request: RightsRequest) -> bool:
    """Return True if an erasure of a known person was granted, wholly or partly."""
    return request.subject is not None and any(part.decision in _GRANTED for part in _erasure_parts(request))


def is_certified(request: RightsRequest) -> bool:
    """Return True if nothing is left to do of a granted erasure: certified, given up, void, by rule, or of nothing."""
    subject = require_subject(request)
    of_person = ErasureProposal.objects.filter(client_id=request.client_id, subject=subject)
    if of_person.filter(extent=Extent.WHOLE.value, stage=Stage.CERTIFIED.value).exists():
        return True
    latest = of_person.filter(request=request).order_by("-requested_at", "-pk").first()
    if latest is not None:
        is_given_up = latest.cancelled_kind == ByKind.SUBJECT or AUTHORITY in latest.changed
        if is_given_up or latest.stage == Stage.CERTIFIED:
            return True
    if subject.erased_at is not None:
        return not of_person.open().exists()
    return latest is None and find_target(request, request.received_at) is None


def find_target(request: RightsRequest, at: datetime) -> Target | None:
    """Return what the decisions of a request grant to erase, without what the law keeps; None if it is nothing."""
    subject, parts = require_subject(request), _erasure_parts(request)
    if all(part.decision == Decision.GRANTED and not part.purposes for part in parts):
        return Target()
    purposes: set[str] = set()
    for part in parts:
        if part.decision in _GRANTED:
            kept = list_legal_purposes(subject, at) if part.decision == Decision.PARTLY else {}
            purposes |= set(list_purposes_of_part(subject, part, at)) - set(kept)
    named = sorted(purposes)
    return Target(tuple(named), tuple(exclusive_categories(subject, named, at))) if named else None


def _erasure_parts(request: RightsRequest) -> list[RequestPart]:
    return [part for part in list_parts(request) if part.kind == RightKind.ERASURE]


_AT_ONCE = 50


def erase_leavers(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Erase up to 50 people of a client who left long ago; return how many. Raises OSError or ListDamaged."""
    due = list_leavers(at).filter(client_id=client_id).order_by("pk")
    return sum(_erase(one, actor, at) for one in list_unheld(due, client_id, at, most=_AT_ONCE))


@transaction.atomic
def _erase(person: Subject, actor: Actor, at: datetime) -> bool:
    unheld = lock_unheld_subject(person, at=at)
    if unheld is None or not list_leavers(at).filter(client_id=person.client_id, pk=person.pk).exists():
        return False
    start_erasure(unheld, actor=actor, reason=Reason.REVIEW, at=at)
    return True


LEAVERS_RECORDS = DataKind(
    code=LEAVERS,
    name=gettext_lazy("Names, contact details and ages of people who left, about whom nothing else is held or open"),
    counted_from=gettext_lazy(
        "The closing of the account, the end of the client’s agreement, for guardians of the last child’s"
        " account, for contacts of a client of that task, for other people of their last request; a later change of"
        " the record begins it anew"
    ),
    disposal=Disposal.KEY,
    bounds=Bounds(365, 30, 1095),
    due=list_leavers,
    is_quick=False,
    purge=erase_leavers,
)
