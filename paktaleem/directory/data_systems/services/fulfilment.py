"""Carry out orders: hand over, accept, complete, fail, retry (decision 0014); store what systems give for copies."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any, Protocol
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.data_systems.extension_points import order_answered, reported_records
from paktaleem.directory.data_systems.models import (
    Delivery,
    Ground,
    Order,
    OrderKind,
    OrderPart,
    OrderStep,
    System,
    Waiver,
)
from paktaleem.directory.data_systems.selectors import list_parts
from paktaleem.directory.data_systems.states import (
    ENDED,
    KIND_OF_ENTRY,
    Answer,
    Outcome,
    Section,
    State,
    Step,
    StepRefused,
    find_answer_faults,
    is_contradiction,
    next_state,
    retry_at,
    spread_of,
    stuck_at,
)
from paktaleem.directory.files.models import FileKind, SealedFile, detect_file_kind
from paktaleem.directory.files.services import FileKindNotAccepted, FileTooLarge, store_file
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import require_second_person
from paktaleem.foundation.audit.actors import ByKind, Reason, actor_fields
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import make_entry, record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.rows import PAKTALEEM, insert_rows, new_id

_CLEARED_AT_THE_END = ("named", "new_values", "retry_at", "stuck_at")


def lock_order(order: Order) -> Order:
    """Return the order, locked until the end of the transaction, with its system and person."""
    rows = Order.objects.select_for_update(of=("self",)).select_related("system", "subject")
    locked: Order = rows.get(pk=order.pk, client_id=order.client_id)
    return locked


class ToSystem(Protocol):
    """A row addressed to a system, with the client that owns the system."""

    system_owner: UUID


def require_system_owner(order: ToSystem, actor: Actor) -> None:
    """Refuse clients' staff for PakTaleem's own systems. Raises NotAllowed."""
    if order.system_owner == PAKTALEEM and actor.client_id not in {None, PAKTALEEM}:
        raise NotAllowed("This is PakTaleem’s own system.")


def take_step(
    order: Order,
    step: Step,
    *,
    code: str = "",
    facts: Mapping[str, object] | None = None,
    changes: Mapping[str, object] | None = None,
    actor: Actor,
    at: datetime,
) -> Order:
    """Take one step with a locked order. Raises StepRefused if the order's state does not allow it."""
    state = next_state(order.state, step)
    order.state, order.changed_at, order.retry_at = state.value, at, None
    for name, value in (changes or {}).items():
        setattr(order, name, value)
    order.stuck_at = stuck_at(state, changed_at=at, retry_due_at=order.retry_at)
    if state in ENDED:
        order.ended_at = at
        for column in _CLEARED_AT_THE_END:
            setattr(order, column, None)
    order.save(update_fields=["state", "changed_at", "ended_at", *_CLEARED_AT_THE_END, *(changes or ())])
    entry_facts = {**facts_of(order), **({"code": code} if code else {}), **(facts or {})}
    entry = make_entry(
        KIND_OF_ENTRY[state],
        client_id=order.client_id,
        subject_id=order.subject_id,
        facts=entry_facts,
        actor=actor,
        at=at,
    )
    insert_rows(entry, step_row(order, code=code, entry_id=entry.pk, actor=actor, at=at))
    if state in ENDED:
        for handler in order_answered:
            handler(order, actor, at)
    return order


def facts_of(order: Order) -> dict[str, Any]:
    """Return the facts common to all entries about an order: id, kind, system, attempt, set and case."""
    found = {"order": str(order.pk), "kind": order.kind, "system": str(order.system_id), "attempt": order.attempts}
    if order.order_set_id is not None:
        found["set"] = str(order.order_set_id)
    if order.parent_id is not None:
        found["parent"] = {"kind": order.parent_kind, "id": str(order.parent_id)}
    return found


def step_row(order: Order, *, code: str = "", entry_id: UUID, actor: Actor, at: datetime) -> OrderStep:
    """Return the unsaved row that records an order's new state."""
    return OrderStep(
        client_id=order.client_id,
        order_id=order.pk,
        state=State(order.state).value,
        attempt=order.attempts,
        code=code,
        entry_id=entry_id,
        **actor_fields(actor),
        taken_at=at,
    )


MOST_PARTS = 100
"""Maximum number of sections and files of one order."""


class CategoryUnknown(PortalError):
    """The system does not hold data of this category."""

    problem = Problem(
        "category-unknown",
        "The system does not hold this category of data",
        "Use one of the categories registered for this system.",
        field="category",
        status=HTTPStatus.BAD_REQUEST,
    )


class TooManyParts(PortalError):
    """The order has the maximum number of sections and files."""

    problem = Problem("too-many-parts", "The order has the maximum number of parts")
    console_message = "The order has the maximum number of files."


class PartKindNotAccepted(FileKindNotAccepted):
    """The file is empty or is not PDF, JPEG, PNG or valid JSON."""

    problem = Problem(
        "file-kind-refused",
        "The file is empty or is not PDF, JPEG, PNG or JSON",
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    )
    console_message = "Choose a PDF, JPEG, PNG or JSON file."


@transaction.atomic
def add_part(order: Order, content: IO[bytes], *, category: str, actor: Actor, at: datetime) -> OrderPart:
    """Store one file for an accepted collect order: a PDF, JPEG or PNG, or a section of its data as JSON.

    Raises CategoryUnknown, PartKindNotAccepted, FileTooLarge, TooManyParts, StepRefused, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.COMPLETE_ORDERS, order.client_id)
    if actor.kind is ByKind.USER:
        require_system_owner(order, actor)
    order = lock_order(order)
    if order.kind != OrderKind.COLLECT or order.state != State.ACCEPTED:
        raise StepRefused(State(order.state), Step.CONFIRM)
    if category not in order.system.categories:
        raise CategoryUnknown
    _refuse_too_many(order, 1)
    kind = _detect_kind(content)
    part = _store_part(order, store_file(order.subject, content, kind=kind, package=order.pk, at=at), category, at)
    facts = {**facts_of(order), **_facts(part)}
    record_entry(
        "order.part_added", client_id=order.client_id, subject_id=order.subject_id, facts=facts, actor=actor, at=at
    )
    return part


def _detect_kind(content: IO[bytes]) -> FileKind:
    data = content.read(settings.FILE_MOST_BYTES + 1)
    content.seek(0)
    if len(data) > settings.FILE_MOST_BYTES:
        raise FileTooLarge
    kind = detect_file_kind(data)
    if kind is None and data.lstrip()[:1] in {b"{", b"["}:
        with suppress(ValueError, RecursionError):
            json.loads(data, parse_constant=_refuse_constant)
            kind = FileKind.JSON
    if kind is None:
        raise PartKindNotAccepted
    return kind


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON.")


def keep_sections(order: Order, sections: Sequence[Section], *, at: datetime) -> list[dict[str, object]]:
    """Seal the sections of a locked order's answer; return the ledger facts of each. Raises TooManyParts."""
    _refuse_too_many(order, len(sections))
    parts = []
    for section in sections:
        text = json.dumps(section.data, ensure_ascii=False, separators=(",", ":")).encode()
        file = store_file(order.subject, BytesIO(text), kind=FileKind.JSON, package=order.pk, at=at)
        parts.append(_store_part(order, file, section.category, at))
    return [_facts(part) for part in parts]


def _store_part(order: Order, file: SealedFile, category: str, at: datetime) -> OrderPart:
    part = OrderPart(
        client_id=order.client_id, order=order, category=category, file=file, attempt=order.attempts, added_at=at
    )
    part.save(force_insert=True)
    return part


def _facts(part: OrderPart) -> dict[str, object]:
    file = part.file
    return {
        "part": str(part.pk),
        "category": part.category,
        "kind_of_file": file.kind,
        "size": file.size,
        "sealed_hash": file.sealed_hash,
    }


def _refuse_too_many(order: Order, more: int) -> None:
    kept = OrderPart.objects.filter(client_id=order.client_id, order=order, attempt=order.attempts).count()
    if kept + more > MOST_PARTS:
        raise TooManyParts


_REPORTED = frozenset({OrderKind.ERASE, OrderKind.ANONYMISE, OrderKind.COLLECT})
"""Kinds of orders whose answer is compared with what the system had reported."""
_NO_DATA = gettext_noop("Give at least one section or file, or answer that the system has no such person.")
_ADDED = frozenset({"reported", "outcome"})
"""Keys that the portal adds to an answer: the records reported before it, and the outcome of a disputed one."""


class AlreadyAnswered(PortalError):
    """The order already has a different answer."""

    problem = Problem("order-answered", "The order already has a different answer", "The first answer is final.")
    console_message = "The order has already been answered."


class NotByHand(PortalError):
    """The system fetches its orders itself: they cannot be answered in the console."""

    problem = Problem("order-not-by-hand", "This system answers its orders itself")
    console_message = f"{problem.title}."


@transaction.atomic
def hand_over(orders: Sequence[Order], *, system: System, client_id: UUID, actor: Actor, at: datetime) -> None:
    """Record that a system was given these orders, if it had not been given them before: one ledger entry for all.

    Follows decision 0014. The given instances are updated to their new state. Raises NotAllowed.
    """
    require(actor, Capability.COMPLETE_ORDERS, client_id)
    new = [order.pk for order in orders if order.state in {State.QUEUED, State.FAILED}]
    if not new:
        return
    locked = Order.objects.select_for_update(of=("self",)).filter(client_id=client_id, system=system, pk__in=new)
    still = list(locked.filter(state__in=[State.QUEUED, State.FAILED]).order_by("pk").values_list("pk", flat=True))
    if not still:
        return
    due = stuck_at(State.SENT, changed_at=at, retry_due_at=None)
    Order.objects.filter(client_id=client_id, pk__in=still).update(
        state=State.SENT, retry_at=None, changed_at=at, stuck_at=due
    )
    facts = {"system": str(system.pk), "orders": [str(key) for key in still], "count": len(still)}
    entry = record_entry("order.sent", client_id=client_id, facts=facts, actor=actor, at=at)
    given = [order for order in orders if order.pk in set(still)]
    for order in given:
        order.state, order.retry_at, order.changed_at, order.stuck_at = State.SENT.value, None, at, due
    OrderStep.objects.bulk_create([step_row(order, entry_id=entry.pk, actor=actor, at=at) for order in given])


@transaction.atomic
def accept_order(order: Order, *, actor: Actor, at: datetime) -> Order:
    """Accept an order; idempotent (decision 0014). Raises StepRefused, NotByHand, NotAllowed."""
    _require_carrier(order, actor)
    order = lock_order(order)
    return order if order.state == State.ACCEPTED else take_step(order, Step.ACCEPT, actor=actor, at=at)


@transaction.atomic
def complete_order(order: Order, answer: Answer, *, actor: Actor, at: datetime) -> Order:
    """Record the answer to an accepted order; the same answer again changes nothing (decision 0014).

    An answer that contradicts the records which the system had reported leaves the order open (``disputed``), until two
    people accept it (``approve_waiver``) or the system answers again. Raises ValidationError naming what does not fit
    the order, AlreadyAnswered if it has a different answer, StepRefused if it was not accepted, TooManyParts,
    NotByHand, NotAllowed.
    """
    _require_carrier(order, actor)
    order = lock_order(order)
    faults = find_answer_faults(answer, kind=order.kind, holds=order.system.categories, asked=order.fields)
    if faults:
        raise ValidationError(faults)
    if _is_repeated(order, answer):
        return order
    if State(order.state) in ENDED:
        raise AlreadyAnswered
    result, facts = _result_in_clear(order, answer), {}
    step, gives_data = answer.outcome.step, answer.outcome is Outcome.DONE and order.kind == OrderKind.COLLECT
    if gives_data:
        facts = {"parts": keep_sections(order, answer.sections, at=at)}
        if not list_parts(order):
            raise ValidationError({"sections": [_NO_DATA]})
    elif order.kind in _REPORTED and (found := {pair for read in reported_records for pair in read(order).items()}):
        result["reported"] = reported = dict(sorted(found))
        if is_contradiction(answer, reported=reported, may_keep=order.ground != Ground.CHILD_WITHOUT_CONSENT):
            step, result["outcome"] = Step.DISPUTE, answer.outcome.value
    return take_step(
        order,
        step,
        code=answer.reason,
        facts={**facts, "result": result},
        changes={"result": result},
        actor=actor,
        at=at,
    )


@transaction.atomic
def carry_out_by_hand(order: Order, answer: Answer, *, actor: Actor, at: datetime) -> Order:
    """Accept and answer an order of a system by hand. Raises as ``accept_order`` and ``complete_order``."""
    return complete_order(accept_order(order, actor=actor, at=at), answer, actor=actor, at=at)


@transaction.atomic
def fail_order(order: Order, *, code: str, again: bool, actor: Actor, at: datetime) -> Order:
    """Record a failed attempt, to be retried with ``again``. Raises StepRefused, NotByHand, NotAllowed."""
    _require_carrier(order, actor)
    order = lock_order(order)
    attempt = order.attempts + 1
    due = retry_at(attempt, spread=spread_of(order.pk, attempt), at=at) if again else None
    changes: dict[str, object] = {"attempts": attempt, "failure": code, "retry_at": due}
    facts = {"retry_at": due and due.isoformat()}
    return take_step(order, Step.FAIL, code=code, facts=facts, changes=changes, actor=actor, at=at)


def _check_failed(order: Order, actor: Actor, _at: datetime) -> None:
    require_system_owner(order, actor)
    if order.state != State.FAILED:
        raise StepRefused(State(order.state), Step.RETRY)


@act(
    "try-again",
    "Try again",
    Capability.ISSUE_ORDERS,
    lead="The system can fetch the order again at once; its attempts are counted from zero.",
    done="The order is waiting to be fetched.",
    lock=lock_order,
    check=_check_failed,
)
def retry_order(order: Order, *, actor: Actor, at: datetime) -> Order:
    """Let a failed order be fetched again at once, with attempts reset. Raises StepRefused, NotAllowed."""
    return take_step(order, Step.RETRY, changes={"attempts": 0, "failure": ""}, actor=actor, at=at)


def _require_carrier(order: Order, actor: Actor) -> None:
    require(actor, Capability.COMPLETE_ORDERS, order.client_id)
    if actor.kind is ByKind.USER:
        require_system_owner(order, actor)
        if order.system.delivery != Delivery.BY_HAND:
            raise NotByHand


def _is_repeated(order: Order, answer: Answer) -> bool:
    states = {Outcome.DONE: State.CONFIRMED, Outcome.NOT_FOUND: State.NOT_FOUND}
    result = order.result or {}
    if order.state == State.DISPUTED:
        is_same = result.get("outcome") == answer.outcome
    else:
        is_same = order.state == states.get(answer.outcome, State.NOT_APPLICABLE)
    said = {name: value for name, value in result.items() if name not in _ADDED}
    return is_same and said == _result_in_clear(order, answer)


def _result_in_clear(order: Order, answer: Answer) -> dict[str, object]:
    if answer.outcome is Outcome.NOT_APPLICABLE:
        return {"reason": answer.reason}
    if answer.outcome is Outcome.NOT_FOUND:
        return {}
    counts = {"counts": dict(sorted(answer.counts.items()))}
    of_kind: dict[str, dict[str, object]] = {
        OrderKind.COLLECT: {"sections": len(answer.sections)},
        OrderKind.CORRECT: {"corrected": sorted(set(answer.corrected))},
        OrderKind.ERASE: {**counts},
        OrderKind.ANONYMISE: {**counts},
    }
    return of_kind.get(order.kind, {})


@transaction.atomic
def propose_waiver(order: Order, *, ground: str, actor: Actor, reason: Reason | str, at: datetime) -> Waiver:
    """Propose to continue without an answer to an open order; ``ground`` says why, in words without names.

    Raises StepRefused, Refused, ValidationError naming ``ground``, NotAllowed.
    """
    _require_person(order, actor)
    order = lock_order(order)
    if not order.is_open:
        raise StepRefused(State(order.state), Step.WAIVE)
    if Waiver.objects.filter(client_id=order.client_id, order=order).exists():
        raise Refused(gettext("A waiver has already been proposed."))
    waiver = Waiver(
        id=new_id(),
        client_id=order.client_id,
        order=order,
        reason=Reason(reason).value,
        ground=ground,
        requested_by=actor.id,
        requested_at=at,
    )
    waiver.clean_fields(exclude={"order"})
    save_tracked(waiver, actor=actor, reason=reason, at=at)
    facts = {**facts_of(order), "waiver": str(waiver.pk), "reason": waiver.reason}
    record_entry(
        "order.waiver_proposed", client_id=order.client_id, subject_id=order.subject_id, facts=facts, actor=actor, at=at
    )
    return waiver


@transaction.atomic
def approve_waiver(order: Order, *, actor: Actor, at: datetime) -> Order:
    """Agree to a waiver that another person proposed: the order is waived and needs no answer (decision 0014).

    If the system's answer is disputed, the two accept it instead: the order ends as answered. Raises Refused,
    ApproverIsRequester, ApproverNotIndependent, StepRefused if it was answered meanwhile, NotAllowed.
    """
    _require_person(order, actor)
    order = lock_order(order)
    waiver = Waiver.objects.select_for_update().filter(client_id=order.client_id, order=order).first()
    if waiver is None:
        raise Refused(gettext("No waiver has been proposed."))
    require_second_person(actor, requested_by=waiver.requested_by, at=to_wall_clock(at))
    is_disputed, result = order.state == State.DISPUTED, order.result or {}
    step = Outcome(result["outcome"]).step if is_disputed else Step.WAIVE
    order = take_step(order, step, code=waiver.reason, facts={"waiver": str(waiver.pk)}, actor=actor, at=at)
    waiver.approved_by, waiver.approved_at = actor.id, at
    save_tracked(waiver, actor=actor, reason=waiver.reason, at=at)
    return order


def _require_person(order: Order, actor: Actor) -> None:
    require(actor, Capability.APPROVE_CHANGES, order.client_id)
    require_system_owner(order, actor)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a user may decide about a waiver.")


_RAISE = """
WITH raised AS (
    INSERT INTO data_systems_orderalert (id, client_id, order_id, state, attempt, raised_at)
    SELECT gen_random_uuid(), o.client_id, o.id, o.state, o.attempts, %(at)s
    FROM data_systems_order o
    WHERE o.client_id = %(client)s AND o.ended_at IS NULL AND o.stuck_at <= %(at)s
    ON CONFLICT (client_id, order_id, state, attempt) DO NOTHING
    RETURNING order_id
)
SELECT count(*) FILTER (WHERE o.system_owner = o.client_id), count(*) FILTER (WHERE o.system_owner <> o.client_id)
FROM raised r JOIN data_systems_order o ON o.client_id = %(client)s AND o.id = r.order_id
"""


@transaction.atomic
def raise_alerts(client_id: UUID, *, at: datetime) -> tuple[int, int]:
    """Record an alert for each of a client's orders that became stuck, in its context.

    Returns how many there are of its own systems and of PakTaleem's. An order that gets stuck again, in another state
    or attempt, gets a new alert.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, {"client": client_id, "at": at})
        own, ours = cursor.fetchone()
    return own, ours
