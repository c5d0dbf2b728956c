"""What a coming text would change, before it is announced: whose consents would have to be given anew."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from consent.models import Notice, NoticeDispatch, NoticeVersion, Purpose
from consent.register import NoticeRule
from consent.selectors.announcements import clients_to_tell
from consent.selectors.notices import client_timelines
from paktaleem.accounts.actors import Actor, require
from paktaleem.accounts.models import Client
from paktaleem.accounts.roles import Capability
from paktaleem.tenancy.ids import PAKTALEEM

__all__ = ["Effect", "Renewal", "preview_effect"]

_COUNT = """
WITH standing AS MATERIALIZED (
    SELECT * FROM unnest(%(clients)s::uuid[], %(versions)s::uuid[]) AS s (client_id, version)
), renewed AS NOT MATERIALIZED (
    SELECT c.client_id, c.subject_id, c.purpose_id, c.given_by, c.event_id
    FROM consent_consent c JOIN standing s ON s.client_id = c.client_id AND s.version = c.notice_version
    WHERE c.state = 'given' AND c.purpose_id = ANY (%(purposes)s)
      AND (c.expires_at IS NULL OR c.expires_at > %(at)s)
), by_client AS MATERIALIZED (
    SELECT client_id, purpose_id, count(*) AS consents FROM renewed GROUP BY client_id, purpose_id
), guardians AS MATERIALIZED (
    SELECT DISTINCT r.purpose_id, e.guardian_id
    FROM renewed r JOIN consent_consentevent e ON e.client_id = r.client_id AND e.id = r.event_id
    WHERE r.given_by = 'guardian'
)
SELECT b.purpose_id, sum(b.consents)::bigint, count(*), sum(b.consents)::bigint,
       (SELECT count(*) FROM guardians g WHERE g.purpose_id = b.purpose_id)
FROM by_client b GROUP BY b.purpose_id
UNION ALL
SELECT NULL, (SELECT coalesce(sum(consents), 0)::bigint FROM by_client),
       (SELECT count(*) FROM (SELECT DISTINCT client_id FROM by_client) c),
       (SELECT count(*) FROM (SELECT DISTINCT subject_id FROM renewed) p),
       (SELECT count(*) FROM (SELECT DISTINCT guardian_id FROM guardians) d)
"""
"""A person has one consent to one purpose, so the people of a purpose are its consents."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """How many consents would have to be given anew, of how many people at how many clients, by how many guardians."""

    purpose: str
    consents: int
    clients: int
    people: int
    guardians: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a text would change: ``told`` clients in advance, and the renewals, in all and by purpose."""

    told: int
    total: Renewal
    by_purpose: tuple[Renewal, ...]


def preview_effect(notice: Notice, *, is_material: bool, actor: Actor, at: datetime) -> Effect:
    """Count what the next text of a notice would change, at every client the actor sees: in a fixed number of queries.

    A minor text changes nothing. Consents that are outdated already, or have expired, are not counted again.
    Raises NotAllowed.
    """
    require(actor, Capability.VIEW_CONSENTS)
    nothing = Renewal("", 0, 0, 0, 0)
    if not is_material:
        return Effect(0, nothing, ())
    clients = list(Client.objects.all())
    told = len(clients_to_tell(notice, clients, at=at)) if notice.client_id == PAKTALEEM else 0
    codes = {purpose.pk: purpose.code for purpose in Purpose.objects.filter(code__in=notice.purposes)}
    standing = _standing(notice, clients, at)
    if not codes or not standing:
        return Effect(told, nothing, ())
    found = {row[0]: row[1:] for row in _counted(standing, list(codes), at)}
    total = Renewal("", *found.pop(None))
    by_purpose = sorted((Renewal(codes[purpose], *numbers) for purpose, numbers in found.items()), key=_by_code)
    return Effect(told, total, tuple(by_purpose))


def _by_code(renewal: Renewal) -> str:
    return renewal.purpose


def _standing(notice: Notice, clients: list[Client], at: datetime) -> list[tuple[UUID, UUID]]:
    """Pair each client with the versions of the notice under which a consent counts there now and would not then.

    By the derivation that decisions rest on: where a client's own wording has taken the notice's place, none.
    """
    owners = {client.pk for client in clients} | {PAKTALEEM}
    notices = [one for one in Notice.objects.filter(client_id__in=owners) if set(one.purposes) & set(notice.purposes)]
    versions = list(NoticeVersion.objects.filter(notice__in=notices).defer(*_TEXTS))
    proven: defaultdict[UUID, dict[UUID, Any]] = defaultdict(dict)
    rows = NoticeDispatch.objects.filter(version__in=[one.pk for one in versions], takes_effect_at__isnull=False)
    for client_id, version_id, moment in rows.values_list("client_id", "version_id", "takes_effect_at"):
        proven[client_id][version_id] = moment
    own = {one.pk for one in versions if one.notice_id == notice.pk}
    pairs = set()
    for client in clients:
        if notice.client_id not in {PAKTALEEM, client.pk}:
            continue
        seen = [one for one in notices if one.client_id in {PAKTALEEM, client.pk}]
        known = {one.pk for one in seen}
        there = [one for one in versions if one.notice_id in known]
        timelines = client_timelines(client, notices=seen, versions=there, proven=proven[client.pk])
        for code in notice.purposes:
            pairs |= {(client.pk, version) for version in _counting(timelines.get(code, ()), at) & own}
    return sorted(pairs)


_TEXTS = ("text_en", "text_ur", "child_text_en", "child_text_ur")


def _counting(versions: Any, at: datetime) -> set[UUID]:
    """List the versions in a timeline under which a consent counts now, if the notice itself is in effect now."""
    rule = NoticeRule("", tuple(versions))
    return {
        one.id
        for one in rule.versions
        if one.effective_at <= at and ((end := rule.outdated_at[one.id]) is None or end > at)
    }


def _counted(standing: list[tuple[UUID, UUID]], purposes: list[UUID], at: datetime) -> list[Any]:
    clients, versions = zip(*standing, strict=True)
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"clients": list(clients), "versions": list(versions), "purposes": purposes, "at": at}
        cursor.execute(_COUNT, values)
        rows: list[Any] = cursor.fetchall()
        return rows
