"""Certificates of disposals: canonical JSON (RFC 8785) with counts, whose SHA-256 is in the ledger.

Holdings keep no history, so the numbers are counted once, at the end of the batch, and frozen here.
"""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.certificates import issue
from retention.disposals.models import Batch, Certificate
from retention.disposals.services.batches import PARENT, fetch
from retention.disposals.sql_statements import RECORDS, SETS, SUMMARY
from retention.schedule.models import RetentionRule

__all__ = ["VERSION", "issue_certificate"]

VERSION = 1


def issue_certificate(batch: Batch, *, actor: Actor, at: datetime) -> Certificate:
    """Issue the certificate of a verified batch, in the caller's transaction, which holds the batch's lock.

    Follows policy §4, decision 0075.
    """
    facts = {"disposal": str(batch.pk), "number": batch.number, "ground": batch.ground}
    row, content = Certificate(client_id=batch.client_id, batch=batch), _compose(batch, at)
    return issue(row, "disposal.certified", content, client_id=batch.client_id, facts=facts, actor=actor, at=at)


def _compose(batch: Batch, at: datetime) -> dict[str, Any]:
    client = Client.objects.get(pk=batch.client_id)
    values = {"client": batch.client_id, "batch": batch.pk, "parent_kind": PARENT, "since": batch.opened_at}
    [(found, size)] = fetch(SUMMARY, values)
    counts = json.loads(found)
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
        "counts": counts,
        "rules": _rules({UUID(one["rule"]) for one in counts if one["rule"]}),
        "order_sets": [
            dict(zip(("id", "kind", "method", "orders", "sha256"), row, strict=True)) for row in fetch(SETS, values)
        ],
        "records": [dict(zip(("system", "category", "records"), row, strict=True)) for row in fetch(RECORDS, values)],
        "pseudonym_key_destroyed_at": _time(at) if any(one["method"] == "keyed_pseudonym" for one in counts) else None,
        "issued_at": _time(at),
    }


def _rules(keys: set[UUID]) -> list[dict[str, str]]:
    found = RetentionRule.objects.filter(pk__in=keys).select_related("purpose").order_by("pk")
    return [
        {
            "id": str(rule.pk),
            "category": rule.category,
            "purpose": rule.purpose.code,
            "counted_from": rule.trigger,
            "period": rule.period,
            "action": rule.action,
            "method": rule.method,
            "ground_en": rule.ground_en,
            "ground_ur": rule.ground_ur,
        }
        for rule in found
    ]


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
