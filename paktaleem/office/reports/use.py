"""Use of data beside the questions that systems asked: findings from the decision log, and numbers by day.

If every decision is logged, each report is compared with the last question about the same person (by pseudonym) and
purpose; the log keeps no categories, so a denial because of a category or a recipient is left out. With counts, a
purpose is compared: reports of which no key asked at all. The log goes by the system clock; all else goes by the
client's, which is ``ahead`` of it in a sandbox. GDPR Art. 5(2), accountability.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy

from consent.decisions.log import make_pseudonym, pseudonym_key
from consent.decisions.models import DecisionLogSetting, LogMode
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import act, refuse_if
from paktaleem.foundation.accounts.decided import GroundOfDecision, decide_finding
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_client_clock
from paktaleem.foundation.tenancy.context import advisory_lock, clock_offset
from paktaleem.office.reports.models import UseDecision, UseFinding

WEEKS = timedelta(weeks=4)
"""How long a key's past is: for keys that never ask, and for what is usual."""
ASKED_WITHIN = timedelta(hours=1)
"""A question this long before a collection or disclosure is the one that it rests on."""
CLOCKS_DIFFER = timedelta(minutes=1)
UNUSUAL_FROM, UNUSUAL_TIMES = 100, 3
"""An hour is unusual with at least 100 questions, and more than 3 times the median of this hour of the week before."""


_REPORTS = """
SELECT 'collection' AS what, subject_id, system_id, purpose, collected_at AS at FROM holdings_collection
WHERE client_id = %(client)s AND reported_at >= %(since)s AND collected_at >= %(since)s AND collected_at < %(until)s
    AND purpose <> ''
UNION ALL
SELECT 'disclosure', subject_id, system_id, purpose, shared_at FROM sharing_disclosure
WHERE client_id = %(client)s AND reported_at >= %(since)s AND shared_at >= %(since)s AND shared_at < %(until)s
"""  # nothing is reported before it is done, and the index is by the time of the report
_PEOPLE = f"SELECT DISTINCT subject_id FROM ({_REPORTS}) AS r"  # noqa: S608 -- a constant
_BY_PURPOSE = f"""
SELECT 'not_asked', r.what, r.system_id, coalesce(s.name, ''), r.purpose, count(*)
FROM ({_REPORTS}) AS r LEFT JOIN data_systems_system s ON s.id = r.system_id
WHERE NOT EXISTS (
    SELECT FROM consent_decisioncount d WHERE d.client_id = %(client)s AND d.purpose = r.purpose
    AND d.reason = 'permitted' AND d.hour >= %(since)s - %(ahead)s - interval '1 day' AND d.hour < %(until)s - %(ahead)s
    AND CASE WHEN r.what = 'disclosure' THEN d.action = 'share' ELSE d.action NOT IN ('share', 'delete') END)
GROUP BY r.what, r.system_id, s.name, r.purpose ORDER BY count(*) DESC, r.purpose
"""  # noqa: S608 -- a constant
_BY_PERSON = f"""
SELECT CASE WHEN q.reason IS NULL THEN 'not_asked' ELSE 'denied' END AS kind, r.what, r.system_id,
    coalesce(s.name, ''), r.purpose, count(*)
FROM ({_REPORTS}) AS r
JOIN unnest(%(subjects)s::uuid[], %(pseudonyms)s::uuid[]) AS p (subject_id, pseudonym) USING (subject_id)
LEFT JOIN data_systems_system s ON s.id = r.system_id
LEFT JOIN LATERAL (
    SELECT d.reason FROM consent_loggeddecision d
    WHERE d.client_id = %(client)s AND d.pseudonym = p.pseudonym AND d.purpose = r.purpose
        AND d.at > r.at - %(ahead)s - %(within)s AND d.at <= r.at - %(ahead)s + %(differ)s
        AND CASE WHEN r.what = 'disclosure' THEN d.action = 'share' ELSE d.action NOT IN ('share', 'delete') END
        AND d.reason NOT LIKE 'category%%' AND d.reason NOT LIKE 'recipient%%'
    ORDER BY d.at DESC, d.id DESC LIMIT 1
) q ON true
WHERE q.reason IS DISTINCT FROM 'permitted'
GROUP BY kind, r.what, r.system_id, s.name, r.purpose ORDER BY count(*) DESC, r.purpose
"""  # noqa: S608 -- a constant
_NEVER_ASKS = """
SELECT 'never_asks', 'key', k.id, k.name, '', r.number FROM accounts_apikey k
JOIN (
    SELECT actor_id, count(*) AS number FROM (
        SELECT actor_id FROM holdings_collection
        WHERE client_id = %(client)s AND reported_at >= %(since)s AND reported_at < %(until)s
            AND actor_kind = 'api_key'
        UNION ALL
        SELECT actor_id FROM sharing_disclosure
        WHERE client_id = %(client)s AND reported_at >= %(since)s AND reported_at < %(until)s
            AND actor_kind = 'api_key') AS reports
    GROUP BY actor_id) AS r ON r.actor_id = k.id
WHERE k.client_id = %(client)s AND NOT EXISTS (
    SELECT FROM consent_decisioncount d
    WHERE d.client_id = %(client)s AND d.key_id = k.id AND d.hour >= %(past)s - %(ahead)s)
ORDER BY k.name, k.id
"""
_UNUSUAL = """
WITH hours AS (
    SELECT key_id, hour + %(ahead)s AS hour, sum(number) AS number FROM consent_decisioncount
    WHERE client_id = %(client)s AND hour >= %(since)s - %(ahead)s - interval '29 days' GROUP BY key_id, hour)
SELECT 'unusual', 'key', k.id, k.name, '', sum(h.number)::bigint
FROM hours h JOIN accounts_apikey k ON k.client_id = %(client)s AND k.id = h.key_id
CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(o.number, 0)) AS usual
    FROM generate_series(1, 4) AS w (week)
    LEFT JOIN hours o ON o.key_id = h.key_id AND o.hour = h.hour - w.week * interval '7 days') u
WHERE h.hour >= %(since)s AND h.hour < %(until)s AND k.created_at <= h.hour - %(ahead)s - interval '28 days'
    AND h.number >= %(least)s AND h.number > %(times)s * u.usual
GROUP BY k.id, k.name ORDER BY k.name, k.id
"""
_DAYS = """
SELECT ((hour + %(ahead)s) AT TIME ZONE %(zone)s)::date AS day, reason, sum(number)::bigint FROM consent_decisioncount
WHERE client_id = %(client)s AND hour >= %(past)s - %(ahead)s GROUP BY day, reason ORDER BY day DESC, reason
"""


def list_findings(actor: Actor, client_id: UUID, *, since: datetime, until: datetime) -> list[UseFinding]:
    """List the findings of a client's day, unsaved, in its context; none if nothing is logged. Raises NotAllowed."""
    require(actor, Capability.VIEW_CLIENT_RECORDS, client_id)
    setting = DecisionLogSetting.objects.filter(client_id=client_id).first()
    if setting is not None and setting.mode == LogMode.OFF:
        return []
    values: dict[str, Any] = {
        "client": client_id,
        "since": since,
        "until": until,
        "past": until - WEEKS,
        "ahead": clock_offset(),
        "within": ASKED_WITHIN,
        "differ": CLOCKS_DIFFER,
        "least": UNUSUAL_FROM,
        "times": UNUSUAL_TIMES,
    }
    by_report = _BY_PURPOSE
    if setting is not None and setting.every_since is not None:
        by_report = _BY_PERSON
        values["since"] = max(since, to_client_clock(setting.every_since) + ASKED_WITHIN)
        key, subjects = pseudonym_key(setting), [subject for (subject,) in _select(_PEOPLE, values)]
        values |= {"subjects": subjects, "pseudonyms": [make_pseudonym(key, subject) for subject in subjects]}
    rows = [*_select(by_report, values), *_select(_NEVER_ASKS, values), *_select(_UNUSUAL, values)]
    columns = ("kind", "what", "source_id", "source", "purpose", "number")
    return [UseFinding(client_id=client_id, **dict(zip(columns, row, strict=True))) for row in rows]


@transaction.atomic
def record_findings(client: Client, *, actor: Actor, at: datetime) -> int:
    """Keep the findings of the client's last whole day, and return the number of new ones. Raises NotAllowed.

    An open finding goes on, with the number of its last day. One that staff have decided about is opened again by a
    later day only.
    """
    advisory_lock(f"use/{client.pk}")
    zone, today = ZoneInfo(client.time_zone), client.day_at(at)
    day = today - timedelta(days=1)
    since, until = (datetime.combine(one, time(), zone) for one in (day, today))
    kept = UseFinding.objects.filter(Q(decided_at=None) | Q(last_on__gte=day), client_id=client.pk)
    known = {row.about: row for row in kept.order_by("decided_at")}  # the open one is the last
    new, open_ones = list[UseFinding](), list[UseFinding]()
    for finding in list_findings(actor, client.pk, since=since, until=until):
        row = known.get(finding.about)
        if row is None:
            finding.first_on, finding.last_on, finding.found_at = day, day, at
            new.append(finding)
        elif row.decided_at is None:
            row.last_on, row.number = day, finding.number
            open_ones.append(row)
    UseFinding.objects.bulk_create(new)
    UseFinding.objects.bulk_update(open_ones, ["last_on", "number"])
    if new:
        facts = {"day": day.isoformat(), "findings": sorted(f"{one.kind}:{one.purpose or one.what}" for one in new)}
        record_entry("use.found", client_id=client.pk, facts=facts, actor=actor, at=at)
    return len(new)


@act(
    "decide",
    "Decide",
    Capability.MANAGE_SYSTEMS,
    lead="Ask the people who run the system what happened, and have it changed if it did not ask or obey. The decision "
    "changes no data. If it happens again, there is a new finding.",
    done="Decided.",
    check=refuse_if(lambda row: row.decided_at, gettext_lazy("This finding was decided already.")),
)
def decide_use(
    finding: UseFinding,
    *,
    decision: Annotated[
        str, forms.ChoiceField(label=gettext_lazy("Decision"), choices=UseDecision.choices, widget=forms.RadioSelect)
    ],
    ground: GroundOfDecision,
    actor: Actor,
    at: datetime,
) -> UseFinding:
    """Close a finding with what was done about it.

    Raises Refused, ValidationError naming the field, NotAllowed.
    """
    facts = {"finding": str(finding.pk), "kind": finding.kind, "purpose": finding.purpose, "number": finding.number}
    return decide_finding(finding, decision, ground, entry="use.decided", facts=facts, actor=actor, at=at)


def count_days(actor: Actor, client: Client, *, at: datetime) -> dict[date, dict[str, int]]:
    """Return the decisions of each of the client's last 28 days by reason, latest day first. Raises NotAllowed."""
    require(actor, Capability.VIEW_CLIENT_RECORDS, client.pk)
    days: dict[date, dict[str, int]] = {}
    values = {"client": client.pk, "past": at - WEEKS, "ahead": clock_offset(), "zone": client.time_zone}
    for day, reason, number in _select(_DAYS, values):
        days.setdefault(day, {})[reason] = number
    return days


def _select(sql: str, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield from cursor.fetchall()
