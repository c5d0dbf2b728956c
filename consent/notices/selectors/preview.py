"""Preview of a coming notice version or of a widened purpose: which consents would have to be renewed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID

from django.db import connection

from consent.notices.models import Notice, NoticeDispatch, NoticeVersion
from consent.notices.selectors.notices import client_timelines, list_clients_to_notify
from consent.register.compiled import NoticeRule, NoticeVersionRule
from consent.register.models.purposes import Purpose, PurposeWidening
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_OUTDATED = """
FROM consent_consent c
WHERE c.state = 'given' AND c.purpose_id = ANY (%(purposes)s) AND c.notice_version = ANY (%(versions)s)
  AND (c.client_id, c.notice_version) NOT IN (SELECT * FROM unnest(%(elsewhere)s::uuid[], %(only)s::uuid[]))
  AND (c.expires_at IS NULL OR c.expires_at > %(at)s)
"""
"""The consents that would become outdated: one scan without a join, so that the query plan is stable."""
_NOT_YET_WIDENED = """
  AND NOT EXISTS (
      SELECT FROM unnest(%(widened)s::uuid[], %(where)s::uuid[], %(when)s::timestamptz[]) AS w (purpose, client, at)
      WHERE w.purpose = c.purpose_id AND w.client IN (c.client_id, %(shared)s)
        AND w.at >= coalesce(c.informed_at, c.recorded_at)
  )
"""
"""Added only for purposes that were widened before: what is outdated already is not counted again."""

_COUNT_PEOPLE = "SELECT 'people', NULL::uuid, NULL::uuid[], count(DISTINCT c.subject_id) {outdated}"
_COUNT_CONSENTS = (
    "SELECT 'consents', c.client_id, ARRAY[c.purpose_id], count(*) {outdated} GROUP BY c.client_id, c.purpose_id"
)
_COUNT_GUARDIANS = """
SELECT 'guardians', NULL::uuid, purposes, count(*) FROM (
    SELECT array_agg(DISTINCT c.purpose_id) AS purposes {outdated} AND c.guardian_id IS NOT NULL GROUP BY c.guardian_id
) AS by_guardian GROUP BY purposes
"""
"""Combined with UNION ALL into one statement, so that the parts can run in parallel."""


@dataclass(frozen=True, slots=True)
class RenewalCounts:
    """Counts of consents to renew: consents, clients, people, and guardians."""

    purpose: str
    consents: int
    clients: int
    people: int
    guardians: int


_NO_RENEWALS = RenewalCounts("", 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ClientCounts:
    """Count of people at one client whose consent must be renewed."""

    client: str
    people: int


@dataclass(frozen=True, slots=True)
class EffectPreview:
    """The effect of a change: clients notified, renewals in total, by purpose and, of one purpose, people by client."""

    notified: int
    total: RenewalCounts
    by_purpose: tuple[RenewalCounts, ...]
    by_client: tuple[ClientCounts, ...] = field(default=(), compare=False)


def preview_effect(notice: Notice, *, is_material: bool, actor: Actor, at: datetime) -> EffectPreview:
    """Return the effect of the next version of a notice at every client the actor sees. Raises NotAllowed.

    Runs a fixed number of queries. Consents that are already outdated or expired are not counted.
    """
    require(actor, Capability.VIEW_CONSENTS)
    if not is_material:
        return EffectPreview(0, _NO_RENEWALS, ())
    clients = list(Client.objects.all())
    notified = len(list_clients_to_notify(notice, clients, at=at)) if notice.client_id == PAKTALEEM else 0
    codes = {purpose.pk: purpose.code for purpose in Purpose.objects.filter(code__in=notice.purposes)}
    standing = _list_valid_pairs(notice.purposes, notice.client_id, clients, at, of=notice)
    return EffectPreview(notified, *_count_renewals(standing, clients, codes, at))


def preview_widening(purpose: Purpose, *, actor: Actor, at: datetime) -> EffectPreview:
    """Return the effect of widening a purpose at every client the actor sees: every valid consent to it ends.

    Runs a fixed number of queries. Consents that are already outdated or expired are not counted. Raises NotAllowed.
    """
    require(actor, Capability.VIEW_CONSENTS)
    clients = list(Client.objects.all())
    standing = _list_valid_pairs([purpose.code], purpose.client_id, clients, at)
    return EffectPreview(0, *_count_renewals(standing, clients, {purpose.pk: purpose.code}, at))


def _list_valid_pairs(
    codes: Iterable[str], owner: UUID, clients: list[Client], at: datetime, *, of: Notice | None = None
) -> set[tuple[UUID, UUID]]:
    """Return pairs of client and version (of a notice, or of any) under which consent to the purposes is valid now.

    ``owner`` owns what is to change: PakTaleem's concerns every client.
    """
    owners = {client.pk for client in clients} | {PAKTALEEM}
    notices = [one for one in Notice.objects.filter(client_id__in=owners) if set(one.purposes) & set(codes)]
    versions = list(NoticeVersion.objects.filter(notice__in=notices).defer(*_TEXTS))
    proven: defaultdict[UUID, dict[UUID, datetime]] = defaultdict(dict)
    rows = NoticeDispatch.objects.filter(version__in=[one.pk for one in versions])
    for client_id, version_id, moment in rows.values_list("client_id", "version_id", "takes_effect_at"):
        if moment is not None:
            proven[client_id][version_id] = moment
    counted = {one.pk for one in versions if of is None or one.notice_id == of.pk}
    pairs = set()
    for client in clients:
        if owner not in {PAKTALEEM, client.pk}:
            continue
        visible = [one for one in notices if one.client_id in {PAKTALEEM, client.pk}]
        known = {one.pk for one in visible}
        visible_versions = [one for one in versions if one.notice_id in known]
        timelines = client_timelines(client, notices=visible, versions=visible_versions, proven=proven[client.pk])
        for code in codes:
            pairs |= {(client.pk, version) for version in _valid_versions(timelines.get(code, ()), at) & counted}
    return pairs


_TEXTS = ("text_en", "text_ur", "child_text_en", "child_text_ur")


def _valid_versions(versions: tuple[NoticeVersionRule, ...], at: datetime) -> set[UUID]:
    rule = NoticeRule("", versions)
    started = (one.id for one in rule.versions if one.effective_at <= at)
    return {key for key in started if (end := rule.outdated_at[key]) is None or end > at}


def _count_renewals(
    standing: set[tuple[UUID, UUID]], clients: list[Client], codes: dict[UUID, str], at: datetime
) -> tuple[RenewalCounts, tuple[RenewalCounts, ...], tuple[ClientCounts, ...]]:
    """Count in total, by purpose, and by client if there is one purpose, where people and consents are equal."""
    if not codes or not standing:
        return _NO_RENEWALS, (), ()
    found = _fetch_counts(codes, _query_values(standing, clients, codes, at))
    consents = [(client, purposes[0], count) for what, client, purposes, count in found if what == "consents"]
    guardians = [(purposes, count) for what, _, purposes, count in found if what == "guardians"]
    renewals = [
        RenewalCounts(
            codes[purpose],
            sum(count for _, one, count in consents if one == purpose),
            len({client for client, one, _ in consents if one == purpose}),
            sum(count for _, one, count in consents if one == purpose),
            sum(count for of, count in guardians if purpose in of),
        )
        for purpose in {purpose for _, purpose, _ in consents}
    ]
    people = next((count for what, _, _, count in found if what == "people"), sum(one.people for one in renewals))
    total = RenewalCounts(
        "",
        sum(one.consents for one in renewals),
        len({client for client, _, _ in consents}),
        people,
        sum(count for _, count in guardians),
    )
    names = {client.pk: client.name for client in clients}
    by_client = [ClientCounts(names[client], count) for client, _, count in consents] if len(codes) == 1 else []
    return (
        total,
        tuple(sorted(renewals, key=lambda one: one.purpose)),
        tuple(sorted(by_client, key=lambda one: (-one.people, one.client))),
    )


def _query_values(
    standing: set[tuple[UUID, UUID]], clients: list[Client], codes: dict[UUID, str], at: datetime
) -> dict[str, object]:
    versions = sorted({version for _, version in standing})
    elsewhere = [pair for pair in product([client.pk for client in clients], versions) if pair not in standing]
    widenings = list(PurposeWidening.objects.filter(purpose_id__in=codes, widened_at__lte=at))
    return {
        "purposes": list(codes),
        "versions": versions,
        "elsewhere": [client for client, _ in elsewhere],
        "only": [version for _, version in elsewhere],
        "at": at,
        "widened": [one.purpose_id for one in widenings],
        "where": [one.client_id for one in widenings],
        "when": [one.widened_at for one in widenings],
        "shared": PAKTALEEM,
    }


def _fetch_counts(codes: Mapping[UUID, str], values: Mapping[str, Any]) -> list[Any]:
    parts = [*([_COUNT_PEOPLE] if len(codes) > 1 else []), _COUNT_CONSENTS, _COUNT_GUARDIANS]
    outdated = f"{_OUTDATED}{_NOT_YET_WIDENED}" if values["widened"] else _OUTDATED
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(part.format(outdated=outdated) for part in parts), values)
        rows: list[Any] = cursor.fetchall()
        return rows
