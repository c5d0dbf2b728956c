"""The effect of a retention rule before it is saved: how many holdings would fall due, and which are still in use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import Jsonb

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.schedule.models.rules import RetentionRule

_EFFECT = """
WITH found AS (
    SELECT d.due_at, d.used_at, d.is_in_use,
        d.due_at <= %(in_90)s AND NOT d.is_in_use
            AND schedule_is_held(d.client_id, d.subject_id, d.category, d.system_id) AS is_held
    FROM schedule_due(%(owner)s, NULL, %(category)s, %(at)s, %(proposed)s, %(without)s) d
    WHERE d.takes_part OR (%(without)s::uuid IS NOT NULL AND d.holding_id IN (
        SELECT l.holding_id FROM schedule_lines(%(owner)s, NULL, %(category)s, %(at)s, NULL, NULL, NULL, NULL) l
        WHERE l.rule_id = %(without)s
    ))
), ready AS (
    SELECT * FROM found WHERE due_at <= %(in_90)s AND NOT is_in_use AND NOT is_held
)
SELECT
    (SELECT count(*) FROM found),
    (SELECT count(*) FROM ready WHERE due_at <= %(at)s),
    (SELECT count(*) FROM ready WHERE due_at <= %(in_30)s),
    (SELECT count(*) FROM ready),
    (SELECT max(used_at) FROM ready),
    (SELECT count(*) FROM found WHERE due_at <= %(in_90)s AND is_in_use),
    (SELECT max(used_at) FROM found WHERE due_at <= %(in_90)s AND is_in_use),
    (SELECT count(*) FROM found WHERE is_held),
    (SELECT count(*) FROM found WHERE due_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class RuleEffect:
    """The effect of a rule if it were in force now: counts of holdings, each with all its purposes.

    ``due_now``, ``due_in_30`` and ``due_in_90`` days each include the one before. ``in_use`` were collected or used
    after their trigger, so they are not disposed of; ``held`` are covered by a hold; both would otherwise be due within
    90 days. ``without_date`` have no due date: a trigger has not happened, or another purpose has no rule.
    """

    holdings: int
    due_now: int
    due_in_30: int
    due_in_90: int
    latest_activity: datetime | None
    in_use: int
    latest_use: datetime | None
    held: int
    without_date: int


def preview_rule(rule: RetentionRule, *, actor: Actor, at: datetime) -> RuleEffect:
    """Return the effect of a rule that is not saved yet, as if it were in force at ``at``.

    Counted in the database in one statement, for the client of the rule, or for all clients if the rule is shared.
    Raises NotAllowed.
    """
    require(actor, Capability.MANAGE_RETENTION, rule.client_id)
    return _fetch_effect(rule, proposed=_to_json(rule), without=None, at=at)


def preview_end(rule: RetentionRule, *, actor: Actor, at: datetime) -> RuleEffect:
    """Return the effect of ending a rule at ``at``; counted as ``preview_rule`` does. Raises NotAllowed."""
    require(actor, Capability.MANAGE_RETENTION, rule.client_id)
    return _fetch_effect(rule, proposed=None, without=rule.pk, at=at)


def _fetch_effect(
    rule: RetentionRule, *, proposed: dict[str, Any] | None, without: UUID | None, at: datetime
) -> RuleEffect:
    values = {
        "owner": None if rule.client_id == PAKTALEEM else rule.client_id,
        "category": rule.category,
        "at": at,
        "in_30": at + timedelta(days=30),
        "in_90": at + timedelta(days=90),
        "proposed": Jsonb(proposed) if proposed else None,
        "without": without,
    }
    with connection.cursor() as cursor:
        cursor.execute(_EFFECT, values)
        [row] = cursor.fetchall()
    return RuleEffect(*row)


def _to_json(rule: RetentionRule) -> dict[str, Any]:
    return {
        "id": str(rule.pk),
        "client_id": str(rule.client_id),
        "category": rule.category,
        "purpose": rule.purpose.code,
        "role": rule.role,
        "trigger": rule.trigger,
        "fixed_on": rule.fixed_on.isoformat() if rule.fixed_on else None,
        "period": rule.period,
        "minimum": rule.minimum,
        "maximum": rule.maximum,
    }
