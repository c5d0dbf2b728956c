"""Use of data beside the questions that systems asked: findings of the last day from the log, and numbers by day.

Nothing is stored: findings are queries over reports and the log, so one is shown until its day has passed. If every
decision is logged, each report is compared with the last question about the same person (by pseudonym) and purpose;
the log keeps no categories, so a denial because of a category or a recipient is left out. With counts, a purpose is
compared: reports of which no key asked at all. GDPR Art. 5(2), accountability.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from consent.decisions.log import make_pseudonym, pseudonym_key
from consent.decisions.models import DecisionLogSetting, LogMode
from paktaleem.directory.staff.administration.admin.clients import ClientPage, client_pages
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.register_names import CodeKind, format_code
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.tenancy.context import in_client

A_DAY = timedelta(days=1)
WEEKS = timedelta(weeks=4)
"""How long a key's past is: for keys that never ask, and for what is usual."""
ASKED_WITHIN = timedelta(hours=1)
"""A question this long before a collection or disclosure is the one that it rests on."""
CLOCKS_DIFFER = timedelta(minutes=1)
UNUSUAL_FROM, UNUSUAL_TIMES = 100, 3
"""An hour is unusual with at least 100 questions, and more than 3 times the median of this hour of the week before."""


class FindingKind(models.TextChoices):
    """A difference between what systems did and what they asked."""

    NOT_ASKED = "not_asked", _("No permitted question before it")
    DENIED = "denied", _("Done after a denial")
    NEVER_ASKS = "never_asks", _("A key that never asks")
    UNUSUAL = "unusual", _("An unusual hour or volume")


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: ``what`` was reported, or ``key``; ``who`` is a system or key, ``number`` its reports or questions."""

    kind: FindingKind
    what: str
    id: UUID | None
    who: str
    purpose: str
    number: int

    @property
    def sentence(self) -> Promise:
        return _SENTENCES[self.kind]

    @property
    def url(self) -> str:
        """The page of the key, or the list of the reports."""
        if self.what == "key":
            return reverse("admin:accounts_apikey_change", args=[self.id], current_app=site.name)
        return reverse(_LISTS[self.what], current_app=site.name)


_LISTS = {"collection": "admin:holdings_collection_changelist", "disclosure": "admin:sharing_disclosure_changelist"}
_SENTENCES: dict[FindingKind, Promise] = {
    FindingKind.NOT_ASKED: _("The system reported data for a purpose without a permitted question before."),
    FindingKind.DENIED: _("The last question about the person and purpose was denied, and the data was used."),
    FindingKind.NEVER_ASKS: _("The key reported data in the last four weeks, and asked nothing."),
    FindingKind.UNUSUAL: _(
        "The key asked at least 100 times in an hour, and more than three times the median of this hour of the week in "
        "the four weeks before."
    ),
}

_REPORTS = """
SELECT 'collection' AS what, subject_id, system_id, purpose, collected_at AS at FROM holdings_collection
WHERE client_id = %(client)s AND collected_at >= %(since)s AND collected_at < %(until)s AND purpose <> ''
UNION ALL
SELECT 'disclosure', subject_id, system_id, purpose, shared_at FROM sharing_disclosure
WHERE client_id = %(client)s AND shared_at >= %(since)s AND shared_at < %(until)s
"""
_PEOPLE = f"SELECT DISTINCT subject_id FROM ({_REPORTS}) AS r"  # noqa: S608 -- a constant
_BY_PURPOSE = f"""
SELECT 'not_asked', r.what, r.system_id, coalesce(s.name, ''), r.purpose, count(*)
FROM ({_REPORTS}) AS r LEFT JOIN data_systems_system s ON s.id = r.system_id
WHERE NOT EXISTS (
    SELECT FROM consent_decisioncount d WHERE d.client_id = %(client)s AND d.purpose = r.purpose
    AND d.reason = 'permitted' AND d.hour >= %(since)s - interval '1 day' AND d.hour < %(until)s
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
        AND d.at > r.at - %(within)s AND d.at <= r.at + %(differ)s
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
        WHERE client_id = %(client)s AND reported_at >= %(past)s AND actor_kind = 'api_key'
        UNION ALL
        SELECT actor_id FROM sharing_disclosure
        WHERE client_id = %(client)s AND reported_at >= %(past)s AND actor_kind = 'api_key') AS reports
    GROUP BY actor_id) AS r ON r.actor_id = k.id
WHERE k.client_id = %(client)s AND NOT EXISTS (
    SELECT FROM consent_decisioncount d
    WHERE d.client_id = %(client)s AND d.key_id = k.id AND d.hour >= %(past)s)
ORDER BY k.name, k.id
"""
_UNUSUAL = """
WITH hours AS (
    SELECT key_id, hour, sum(number) AS number FROM consent_decisioncount
    WHERE client_id = %(client)s AND hour >= %(since)s - interval '29 days' GROUP BY key_id, hour)
SELECT 'unusual', 'key', k.id, k.name, '', sum(h.number)::bigint
FROM hours h JOIN accounts_apikey k ON k.client_id = %(client)s AND k.id = h.key_id
CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(o.number, 0)) AS usual
    FROM generate_series(1, 4) AS w (week)
    LEFT JOIN hours o ON o.key_id = h.key_id AND o.hour = h.hour - w.week * interval '7 days') u
WHERE h.hour >= %(since)s AND h.hour < %(until)s AND k.created_at <= h.hour - interval '28 days'
    AND h.number >= %(least)s AND h.number > %(times)s * u.usual
GROUP BY k.id, k.name ORDER BY k.name, k.id
"""
_DAYS = """
SELECT (hour AT TIME ZONE %(zone)s)::date AS day, reason, sum(number)::bigint FROM consent_decisioncount
WHERE client_id = %(client)s AND hour >= %(past)s GROUP BY day, reason ORDER BY day DESC, reason
"""


def list_findings(actor: Actor, client_id: UUID, *, at: datetime) -> list[Finding]:
    """List the findings of a client's last day, in its context; none if nothing is logged. Raises NotAllowed."""
    require(actor, Capability.VIEW_CLIENT_RECORDS, client_id)
    setting = DecisionLogSetting.objects.filter(client_id=client_id).first()
    if setting is not None and setting.mode == LogMode.OFF:
        return []
    values: dict[str, Any] = {
        "client": client_id,
        "since": at - A_DAY,
        "until": at,
        "past": at - WEEKS,
        "within": ASKED_WITHIN,
        "differ": CLOCKS_DIFFER,
        "least": UNUSUAL_FROM,
        "times": UNUSUAL_TIMES,
    }
    by_report = _BY_PURPOSE
    if setting is not None and setting.every_since is not None:
        by_report = _BY_PERSON
        values["since"] = max(values["since"], setting.every_since + ASKED_WITHIN)
        key, subjects = pseudonym_key(setting), [subject for (subject,) in _select(_PEOPLE, values)]
        values |= {"subjects": subjects, "pseudonyms": [make_pseudonym(key, subject) for subject in subjects]}
    rows = [*_select(by_report, values), *_select(_NEVER_ASKS, values), *_select(_UNUSUAL, values)]
    return [Finding(FindingKind(kind), *row) for kind, *row in rows]


def count_days(actor: Actor, client: Client, *, at: datetime) -> dict[date, dict[str, int]]:
    """Return the decisions of each of the client's last 28 days by reason, latest day first. Raises NotAllowed."""
    require(actor, Capability.VIEW_CLIENT_RECORDS, client.pk)
    days: dict[date, dict[str, int]] = {}
    for day, reason, number in _select(_DAYS, {"client": client.pk, "past": at - WEEKS, "zone": client.time_zone}):
        days.setdefault(day, {})[reason] = number
    return days


def _select(sql: str, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield from cursor.fetchall()


def _show_use(request: HttpRequest, client: Client | None) -> dict[str, object]:
    if client is None:
        return {}
    actor, at = actor_of(request), get_action_time(request)
    with in_client(client.pk):
        findings, days = list_findings(actor, client.pk, at=at), count_days(actor, client, at=at)
        lines = [
            (one, format_code(CodeKind.PURPOSE, one.purpose, client.pk) if one.purpose else "") for one in findings
        ]
    return {
        "findings": lines,
        "days": [
            (
                day,
                reasons.pop("permitted", 0),
                [(translate_text(code.replace("_", " ")), n) for code, n in reasons.items()],
            )
            for day, reasons in days.items()
        ],
    }


client_pages.connect(
    ClientPage("use", gettext_noop("Questions and use"), Capability.VIEW_CLIENT_RECORDS, "console/use.html", _show_use)
)
