"""Certificates of disposals: canonical JSON (RFC 8785) with counts, whose SHA-256 is in the ledger.

Holdings keep no history, so the numbers are counted once, at the end of the batch, and frozen here.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q

from consent.paper.selectors import in_both, name_codes, name_reasons
from paktaleem.directory.people.models import Subject
from paktaleem.directory.staff.data_kinds import LEAVERS
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.certificates import issue
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.text.typesetting import typeset_certificate
from paktaleem.foundation.upkeep.periods.services import get_length
from retention.disposals.models import Batch, Cause, Certificate, Item, Stage
from retention.disposals.sql_statements import RECORDS, SETS, SUMMARY
from retention.schedule.labels import describe_period
from retention.schedule.models import RetentionRule

PARENT = "disposal"
"""The kind of case that the orders of a batch serve."""
CONTINUE = "disposals.continue"
"""The task that continues a batch."""


class BatchMovedOn(PortalError):
    """The batch is in a stage that does not allow this, because someone or the worker was faster."""

    console_message = "The disposal has moved on in the meantime: check it again."


def require_stage(batch: Batch, *stages: Stage) -> None:
    """Raise BatchMovedOn unless the batch is in one of these stages."""
    if batch.stage not in stages:
        raise BatchMovedOn


def record_batch(
    kind: str, batch: Batch, actor: Actor, at: datetime, *, facts: Mapping[str, object] | None = None
) -> None:
    """Record a step of a batch in the ledger; ``facts`` are codes, ids, counts and times."""
    case = {"kind": batch.case_kind, "id": str(batch.case_id)} if batch.case_id else None
    about = {"disposal": str(batch.pk), "ground": batch.ground, "decider": batch.decider, "size": batch.size}
    record_entry(kind, client_id=batch.client_id, facts={**about, "case": case, **(facts or {})}, actor=actor, at=at)


def execute(statement: str, values: Mapping[str, Any]) -> int:
    """Execute a statement; return the number of rows it wrote or returned."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        written: int = cursor.rowcount
    return written


@contextmanager
def joined_at_once() -> Iterator[None]:
    """Have PostgreSQL join the tables of a chunk by hash or merge: it takes a chunk for one row, and loops."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on")


def fetch(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Execute a statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


VERSION = 2
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
    counts = json.loads(found)
    rules = _rules({UUID(one["rule"]) for one in counts if one["rule"]})
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
            "at": _time(batch.approved_at),
            "automatic": batch.is_automatic,
        },
        "flagged_at": _time(batch.opened_at),
        "ordered_at": _time(batch.ordered_at),
        "holdings": int(size or 0),
        "portal_records": {**records_here, "erased_after_days": get_length(LEAVERS)},
        "counts": counts,
        "rules": rules,
        "order_sets": [
            dict(zip(("id", "kind", "method", "orders", "sha256"), row, strict=True)) for row in fetch(SETS, values)
        ],
        "records": records,
        "names": _list_names(batch.client_id, counts, rules, records),
        "pseudonym_key_destroyed_at": _time(at) if any(one["method"] == "keyed_pseudonym" for one in counts) else None,
        "issued_at": _time(at),
    }


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


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
