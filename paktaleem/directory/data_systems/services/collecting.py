"""Steps of one order; and storing the data that a system gives for a collect order, sealed under the person’s key."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction

from paktaleem.directory.data_systems.extension_points import order_answered
from paktaleem.directory.data_systems.models import Order, OrderKind, OrderPart, OrderStep
from paktaleem.directory.data_systems.states import (
    ENDED,
    KIND_OF_ENTRY,
    Section,
    State,
    Step,
    StepRefused,
    next_state,
    stuck_at,
)
from paktaleem.directory.files.models import FileKind, SealedFile, detect_file_kind
from paktaleem.directory.files.services import FileKindNotAccepted, FileTooLarge, store_file
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.services import make_entry, record_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.rows import PAKTALEEM, insert_rows

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
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
        taken_at=at,
    )


MOST_PARTS = 100
"""Maximum number of sections and files of one order."""


class CategoryUnknown(PortalError):
    """The system does not hold data of this category."""

    problem = Problem(
        "category-unknown",
        HTTPStatus.BAD_REQUEST,
        "The system does not hold this category of data",
        "Use one of the categories registered for this system.",
        field="category",
    )


class TooManyParts(PortalError):
    """The order has the maximum number of sections and files."""

    problem = Problem("too-many-parts", HTTPStatus.CONFLICT, "The order has the maximum number of parts")
    console_message = "The order has the maximum number of files."


class PartKindNotAccepted(FileKindNotAccepted):
    """The file is empty or is not PDF, JPEG, PNG or valid JSON."""

    problem = Problem(
        "file-kind-refused", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The file is empty or is not PDF, JPEG, PNG or JSON"
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
    """Return the type of a file by its content, up to FILE_MOST_BYTES. Raises PartKindNotAccepted, FileTooLarge."""
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
