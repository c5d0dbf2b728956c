"""Orders of an approved batch, after a check of every holding in the same transaction, and its certificate.

A certificate is canonical JSON (RFC 8785) with counts, whose SHA-256 is in the ledger. Holdings keep no history, so
the numbers are counted once, at the end of the batch.
"""

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q

from consent.paper.selectors import in_both, name_codes, name_reasons
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind
from paktaleem.directory.data_systems.rests_on import RestsOn
from paktaleem.directory.data_systems.selectors import Parent, name_of
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders_for_set
from paktaleem.directory.data_systems.states import CONFIRMED_BY_SYSTEM, ON_HOLD, State
from paktaleem.directory.people.models import Subject
from paktaleem.directory.staff.data_kinds import LEAVERS
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import lock_row
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.canonical import format_time
from paktaleem.foundation.audit.certificates import issue
from paktaleem.foundation.encryption.keyring import KEY_BYTES
from paktaleem.foundation.encryption.wrapped_secrets import SealedColumn
from paktaleem.foundation.tenancy.context import joined_at_once
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.typesetting import typeset_certificate
from paktaleem.foundation.upkeep.periods.services import get_length
from retention.data_map.selectors import list_declared
from retention.disposals.models import Batch, Cause, Certificate, Item, ItemState, Stage
from retention.disposals.services.batches import AGAIN_AFTER, PARENT, enqueue_continuation, record_batch
from retention.disposals.sql_statements import (
    CHECK_AGAIN,
    END_HOLDINGS,
    LOCK_HOLDINGS,
    LOCK_PEOPLE,
    MAKE_PARCELS,
    NEXT_LIMIT_OF_BATCH,
    RECORDS,
    SETS,
    SETTLE,
    SUMMARY,
    execute,
    fetch,
)
from retention.schedule.labels import describe_period
from retention.schedule.models import AnonymisationMethod, Disposal, RetentionRule

SMALLEST_GROUP = 10
"""People that a group of generalised data has at least (k-anonymity)."""

_KEYS = SealedColumn(Batch, "pseudonym_key", b"disposal")
BATCH_KEYS = _KEYS.kind


def list_parameters(order: Order) -> Mapping[str, object]:
    """Return what a system needs to anonymise: a pseudonym or the smallest group; see ``order_parameters``."""
    if order.parent_kind != PARENT or order.parent_id is None or not order.is_open:
        return {}
    if order.method == AnonymisationMethod.GENERALISE:
        return {"smallest_group": SMALLEST_GROUP}
    if order.method != AnonymisationMethod.KEYED_PSEUDONYM:
        return {}
    batch = Batch.objects.get(client_id=order.client_id, pk=order.parent_id)
    name = name_of(order)
    if batch.pseudonym_key is None or name is None:
        return {}
    return {"pseudonym": hmac.digest(_KEYS.open(batch), name.encode(), "sha256").hex()}


_STATES = {
    State.CONFIRMED: ItemState.DISPOSED,
    State.NOT_FOUND: ItemState.NOT_FOUND,
    State.NOT_APPLICABLE: ItemState.NOT_APPLICABLE,
    State.WAIVED: ItemState.WAIVED,
}
_GONE = frozenset({ItemState.DISPOSED, ItemState.NOT_FOUND})


def settle_items(order: Order, actor: Actor, at: datetime) -> None:
    """Settle the holdings that an answered order is about; connected to ``order_answered``.

    What is not disposed of is flagged again after 90 days. Data of no known system gets the worst of its answers.
    """
    del actor
    if order.parent_kind != PARENT or order.parent_id is None:
        return
    state, reason = _STATES[State(order.state)], (order.result or {}).get("reason", "")
    if reason == ON_HOLD:
        state = ItemState.SENT_BACK
    values = {
        "client": order.client_id,
        "batch": order.parent_id,
        "subject": order.subject_id,
        "system": order.system_id,
        "categories": order.categories,
        "state": state.value,
        "cause": Cause.HELD.value if state is ItemState.SENT_BACK else "",
        "answer": reason,
        "again_at": None if state in _GONE or state is ItemState.SENT_BACK else at + AGAIN_AFTER,
        "parent_kind": PARENT,
        "at": at,
    }
    execute(SETTLE, values)
    execute(END_HOLDINGS, values)
    batch = Batch.objects.filter(client_id=order.client_id, pk=order.parent_id, stage=Stage.VERIFYING).first()
    if batch is not None and not Item.objects.unanswered().filter(client_id=batch.client_id, batch=batch).exists():
        enqueue_continuation(batch)


@transaction.atomic
def certify_if_answered(batch: Batch, *, actor: Actor, at: datetime) -> Certificate | None:
    """Certify a batch once every system has answered, and destroy its key (policy §4, decision 0075).

    Returns None if an answer is outstanding, or if nothing was ordered: then it ends without disposal. Raises
    NotAllowed.
    """
    require(actor, Capability.ISSUE_ORDERS, batch.client_id)
    batch = lock_row(batch)
    own = Item.objects.filter(client_id=batch.client_id, batch=batch)
    if batch.stage != Stage.VERIFYING or own.unanswered().exists():
        return None
    batch.pseudonym_key, batch.ended_at = None, at
    if not own.filter(state__in=list(_STATES.values())).exists():
        batch.stage = Stage.CANCELLED.value
        batch.save()
        record_batch("disposal.cancelled", batch, actor, at)
        return None
    batch.stage = Stage.CERTIFIED.value
    batch.save()
    return issue_certificate(batch, actor=actor, at=at)


CHUNK = 10_000
"""Holdings ordered in one transaction: their people are locked until it commits, about a second."""
_TIME_TO_ANSWER = timedelta(days=14)
_KINDS = {Disposal.DELETE: OrderKind.ERASE, Disposal.ANONYMISE: OrderKind.ANONYMISE}


@transaction.atomic
def order_chunk(batch: Batch, *, actor: Actor, at: datetime, size: int = CHUNK) -> bool:
    """Check a batch's next holdings again and order their disposal; return True if more are left (decision 0075).

    What changed since it was flagged is sent back. The cursor moves in the same transaction, so that a killed worker
    loses and doubles nothing. Raises NotAllowed.
    """
    require(actor, Capability.ISSUE_ORDERS, batch.client_id)
    batch = lock_row(batch)
    if not _is_ready(batch, at):
        return False
    values = {"client": batch.client_id, "batch": batch.pk, "low": batch.cursor, "size": size - 1}
    limits = fetch(NEXT_LIMIT_OF_BATCH, values)
    high = limits[0][0] if limits else None
    _order(batch, high, actor=actor, at=at)
    batch.stage, batch.cursor = Stage.EXECUTING.value, high or batch.cursor
    if high is None:
        batch.stage, batch.ordered_at = Stage.VERIFYING.value, at
    batch.save()
    if high is None:
        own = Item.objects.filter(client_id=batch.client_id, batch=batch)
        facts = {
            "ordered": own.filter(parcel__isnull=False).count(),
            "sent_back": own.filter(state=ItemState.SENT_BACK).count(),
            "no_system": own.filter(state=ItemState.NO_SYSTEM).count(),
        }
        record_batch("disposal.ordered", batch, actor, at, facts=facts)
        certify_if_answered(batch, actor=actor, at=at)
    return high is not None


def _is_ready(batch: Batch, at: datetime) -> bool:
    is_scheduled = batch.stage in {Stage.SCHEDULED, Stage.EXECUTING} and batch.paused_at is None
    return is_scheduled and batch.starts_at is not None and batch.starts_at <= at


def _order(batch: Batch, high: UUID | None, *, actor: Actor, at: datetime) -> None:
    values: dict[str, object] = {
        "client": batch.client_id,
        "batch": batch.pk,
        "low": batch.cursor,
        "high": high,
        "at": at,
        "again_at": at + AGAIN_AFTER,
        "paktaleem": PAKTALEEM,
        "by_rule": batch.ground == Ground.RETENTION_ENDED,
    }
    execute(LOCK_PEOPLE, values)
    execute(LOCK_HOLDINGS, values)
    with joined_at_once():
        execute(CHECK_AGAIN, values)
    chunk = Item.objects.filter(client_id=batch.client_id, batch=batch)
    chunk = chunk.filter(subject_id__gt=batch.cursor) if batch.cursor else chunk
    chunk = chunk.filter(subject_id__lte=high) if high else chunk
    for parcel, system_id, action, method, categories in fetch(MAKE_PARCELS, values):
        if method == AnonymisationMethod.KEYED_PSEUDONYM and batch.pseudonym_key is None:
            batch.pseudonym_key = _KEYS.seal(secrets.token_bytes(KEY_BYTES), client_id=batch.client_id, row_id=batch.pk)
        spec = OrderSpec(
            kind=_KINDS[Disposal(action)],
            method=method,
            categories=frozenset(categories),
            reason=Reason.AGREEMENT_CHANGE if batch.ground == Ground.AGREEMENT_ENDED else Reason.REVIEW,
            ground=Ground(batch.ground),
            due_at=at + _TIME_TO_ANSWER,
            parent=Parent(PARENT, batch.pk),
        )
        people = Subject.objects.filter(pk__in=chunk.filter(parcel=parcel).order_by().values("subject_id"))
        only_to = None if system_id is None else {system_id}
        issue_orders_for_set(people, spec, client_id=batch.client_id, only_to=only_to, actor=actor, at=at)


VERSION = 3
render_certificate = partial(typeset_certificate, Path(__file__).resolve().parents[1] / "certificate.typ")
"""Returns a certificate as PDF/UA-1, of its content and the SHA-256 (hex) of its JSON."""


def issue_certificate(batch: Batch, *, actor: Actor, at: datetime) -> Certificate:
    """Issue the certificate of a verified batch that the caller has locked (policy §4, decision 0075)."""
    facts = {"disposal": str(batch.pk), "number": batch.number, "ground": batch.ground}
    row, content = Certificate(client_id=batch.client_id, batch=batch), _compose(batch, at)
    return issue(row, "disposal.certified", content, client_id=batch.client_id, facts=facts, actor=actor, at=at)


def _compose(batch: Batch, at: datetime) -> dict[str, object]:
    client = Client.objects.get(pk=batch.client_id)
    values = {"client": batch.client_id, "batch": batch.pk, "parent_kind": PARENT, "since": batch.opened_at}
    [(found, size)] = fetch(SUMMARY, values)
    counts = _label(json.loads(found), batch)
    rules = _rules({UUID(one["rule"]) for one in counts if one["rule"]})
    is_keyed = any(one["method"] == "keyed_pseudonym" for one in counts)
    records = [
        dict(zip(("system", "category", "records", "reported"), row, strict=True)) for row in fetch(RECORDS, values)
    ]
    items = Item.objects.filter(client_id=batch.client_id, batch=batch, subject_id=OuterRef("pk"))
    records_here = Subject.objects.filter(Exists(items), client_id=batch.client_id).aggregate(
        erased=Count("pk", filter=Q(erased_at__isnull=False)), kept=Count("pk", filter=Q(erased_at=None))
    )
    return {
        "type": "disposal_certificate",
        "version": VERSION,
        "number": batch.number,
        "disposal": str(batch.pk),
        "client": {"code": client.code, "name": client.name},
        "ground": batch.ground,
        "case": {"kind": batch.case_kind, "id": str(batch.case_id)} if batch.case_id else None,
        "approved": {
            "for": batch.decider,
            "by": batch.approved_role,
            "at": format_time(batch.approved_at),
            "automatic": batch.is_automatic,
        },
        "flagged_at": format_time(batch.opened_at),
        "ordered_at": format_time(batch.ordered_at),
        "holdings": int(size or 0),
        "portal_records": {**records_here, "erased_after_days": get_length(LEAVERS)},
        "counts": counts,
        "rules": rules,
        "order_sets": [
            dict(zip(("id", "kind", "method", "orders", "sha256"), row, strict=True)) for row in fetch(SETS, values)
        ],
        "records": records,
        "names": _list_names(batch.client_id, counts, rules, records),
        "pseudonym_key_destroyed_at": format_time(at if is_keyed else None),
        "issued_at": format_time(at),
    }


def _label(counts: list[dict[str, Any]], batch: Batch) -> list[dict[str, Any]]:
    """Add to each count what it rests on; of a system, the day of its last confirmation."""
    declared, days = list_declared(batch.client_id), find_confirmations(batch.client_id, [batch.pk])
    return [
        count
        | RestsOn(
            confirmed_at=days.get(count["system"]) if count["state"] in _GONE else None,
            is_reported=count.pop("is_reported"),
            is_declared=(count["system"], count["category"]) in declared,
        ).to_codes()
        for count in counts
    ]


def find_confirmations(client_id: UUID, batches: Iterable[UUID]) -> dict[str | None, datetime]:
    """Return when each system, by code, last confirmed an order of these disposals; for None, when any did."""
    orders = Order.objects.filter(
        client_id=client_id, parent_kind=PARENT, parent_id__in=batches, state__in=CONFIRMED_BY_SYSTEM
    )
    days: dict[str | None, datetime] = dict(
        orders.order_by().values_list("system__code").annotate(last=Max("ended_at"))
    )
    return days | ({None: max(days.values())} if days else {})


def _list_names(
    client_id: UUID, counts: list[dict[str, Any]], rules: list[dict[str, str]], records: list[dict[str, Any]]
) -> dict[str, object]:
    names = name_codes(
        client_id,
        systems={one["system"] for one in (*counts, *records)} - {None},
        categories={one["category"] for one in (*counts, *records, *rules)},
        purposes={one["purpose"] for one in rules},
    )
    causes = {one["cause"] for one in counts} - {""}
    return {
        **names,
        "causes": {code: in_both(partial(str, Cause(code).label)) for code in causes},
        "answers": name_reasons(one["answer"] for one in counts),
        "periods": {code: in_both(partial(describe_period, code)) for code in {one["period"] for one in rules}},
    }


def _rules(keys: set[UUID]) -> list[dict[str, str]]:
    found = RetentionRule.objects.filter(pk__in=keys).select_related("purpose").order_by("pk")
    same = ("category", "period", "action", "method", "ground_en", "ground_ur")
    return [
        {"id": str(rule.pk), "purpose": rule.purpose.code, "counted_from": rule.trigger}
        | {name: getattr(rule, name) for name in same}
        for rule in found
    ]
