"""Continue an erasure in the worker: compare, start, verify and certify. Every step is one transaction, idempotent."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from consent.consents.models.consents import Consent, ConsentState, Method
from consent.consents.services.recording import withdraw_consent
from paktaleem.directory.data_systems.models.orders import Ground, Order, OrderKind
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.erasure import ERASURE, ERASURE_DUE
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.people.erasure_hooks import take_locks
from paktaleem.directory.people.erasure_records import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import start_erasure
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.encryption.erasure_list import Stage as LineStage
from paktaleem.foundation.encryption.erasure_list import erasure_list
from paktaleem.foundation.jobs.enqueue import enqueue_job
from rights.erasures.certificates import issue_certificate
from rights.erasures.facts import list_changes
from rights.erasures.holdings import find_readable
from rights.erasures.models import ErasureProposal, Stage
from rights.erasures.selectors import list_unanswered_requests
from rights.erasures.services.proposals import CONTINUE, find_holds_of, lock_proposal, record, send_back
from rights.rectifications.services.recipients import list_recipients_to_inform
from rights.requests.models.requests import PARENT as REQUEST


def list_clients_with_open_erasures(*, at: datetime) -> list[UUID]:
    """List the clients with an erasure that may go on; requires the officers' context."""
    del at
    return list(ErasureProposal.objects.open().order_by().values_list("client_id", flat=True).distinct())


@transaction.atomic
def continue_erasure(proposal: ErasureProposal, *, actor: Actor, at: datetime) -> ErasureProposal:
    """Do what is due for an erasure, at most one step; return it as it then is (decision 0069).

    Before the start a change of the facts sends it back, and so does a hold at the end of the cooling-off. It starts
    once every verified request of the person is answered. When every system has answered and the key is destroyed, it
    is verified and certified. A step whose transaction failed is done by the next call. Raises OSError or ListDamaged
    if the erasure list cannot be written or read.
    """
    proposal = lock_proposal(proposal)
    if proposal.is_before_start:
        return _before_start(proposal, actor, at)
    if proposal.stage in {Stage.ORDERED, Stage.VERIFYING} and not _is_waiting(proposal):
        return _verify(proposal, actor, at)
    return proposal


def certify_after_erasure(subject: Subject, actor: Actor, at: datetime) -> None:
    """Have the worker certify the erasure of a person whose key is destroyed now; ``people.before_erasure``."""
    del actor, at
    for proposal in ErasureProposal.objects.open().filter(client_id=subject.client_id, subject=subject):
        _enqueue(proposal)


def certify_after_answers(order: Order, actor: Actor, at: datetime) -> None:
    """Have the worker certify a partial erasure whose order was answered; ``data_systems.order_answered``."""
    del actor, at
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
        return _order(proposal, _confirm(proposal, subject, actor, at), actor, at)
    _order_partial(proposal, subject, actor, at)
    return _order(proposal, None, actor, at)


def _confirm(proposal: ErasureProposal, subject: Subject, actor: Actor, at: datetime) -> Erasure:
    serving, reason = proposal.request_id, proposal.reason
    return start_erasure(subject, serving=serving, actor=actor, reason=reason, at=at)


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
    """Return the case of the orders: the erasure of the whole person, otherwise the request."""
    kind, key = (ERASURE, proposal.erasure_id) if proposal.is_whole else (REQUEST, proposal.request_id)
    if key is None:
        raise ValueError("The erasure has not started.")
    return Parent(kind, key)


def _orders(proposal: ErasureProposal) -> Any:
    parent = _parent(proposal)
    own = {"client_id": proposal.client_id, "parent_kind": parent.kind, "parent_id": parent.id}
    return Order.objects.filter(**own, kind=OrderKind.ERASE)


def _is_waiting(proposal: ErasureProposal) -> bool:
    if proposal.erasure is not None:
        return not proposal.erasure.is_complete
    return bool(_orders(proposal).open().exists())


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
    """List what contradicts the erasure: codes; empty if it is verified."""
    subject = proposal.subject
    faults = ["order_open"] if _orders(proposal).open().exists() else []
    if not proposal.is_whole:
        given = Consent.objects.filter(client_id=subject.client_id, subject=subject, state=ConsentState.GIVEN)
        kept = given.filter(purpose__code__in=proposal.purposes, recorded_at__lte=proposal.started_at)
        return [*faults, "consent_given"] if kept.exists() else faults
    lines = erasure_list().intents().values()
    is_listed = any(one.subject_id == subject.pk and one.stage is LineStage.KEY_DESTROYED for one in lines)
    return [*faults, *find_readable(subject), *([] if is_listed else ["erasure_list"])]
