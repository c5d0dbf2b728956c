"""Timelines of notices at one client: when versions take effect; own ones replace shared ones (decision 0016)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.db.models import BooleanField, Case, QuerySet, When

from consent.notices.effects import PublishedVersion, effects_at_client, merge_own_and_shared
from consent.notices.models.announcements import NoticeDispatch
from consent.notices.models.notices import Notice, NoticeVersion
from consent.register.versions import NoticeRule, NoticeVersionRule
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.ids import PAKTALEEM

POLICY = ""
"""The key of the privacy policy among the codes of purposes."""


class NoticeUnknown(PortalError, LookupError):
    """No notice in effect informs about this purpose."""

    problem = Problem("notice-unknown", HTTPStatus.NOT_FOUND, "No notice in effect informs about this purpose")


@dataclass(frozen=True, slots=True)
class EffectiveVersion:
    """One version with the time it takes effect at a client, and the time another one replaces it there."""

    version: NoticeVersion
    effective_at: datetime
    superseded_at: datetime | None

    def state(self, at: datetime) -> str:
        """Return the state at ``at``: announced, effective or superseded."""
        if at < self.effective_at:
            return "announced"
        return "effective" if self.superseded_at is None or at < self.superseded_at else "superseded"


def to_published_version(version: NoticeVersion) -> PublishedVersion:
    """Convert a version to the value that `effects_at_client` needs."""
    return PublishedVersion(
        version.pk,
        version.number,
        version.is_material,
        version.announced_at,
        version.effective_at,
        version.notice_days,
    )


def client_timelines(
    client: Client,
    *,
    notices: Iterable[Notice],
    versions: Iterable[NoticeVersion],
    proven: Mapping[UUID, datetime],
) -> dict[str, tuple[NoticeVersionRule, ...]]:
    """Map each purpose, POLICY and each notice by the portal to the versions with effect at the client.

    Works on rows already read. The key of a notice by the portal is a colon and its code; no purpose's code has one.
    """
    of_notice: defaultdict[UUID, list[PublishedVersion]] = defaultdict(list)
    for version in versions:
        of_notice[version.notice_id].append(to_published_version(version))
    own: dict[str, tuple[NoticeVersionRule, ...]] = {}
    shared: dict[str, tuple[NoticeVersionRule, ...]] = {}
    for notice in notices:
        is_own = notice.client_id == client.pk
        since = None if is_own else client.created_at
        found = effects_at_client(of_notice[notice.pk], proven=proven, client_since=since)
        if found:
            (own if is_own else shared).update(dict.fromkeys(_keys(notice), found))
    return {code: merge_own_and_shared(own.get(code, ()), shared.get(code, ())) for code in {**shared, **own}}


def _keys(notice: Notice) -> list[str]:
    return notice.purposes or [f":{notice.code}" if notice.is_by_portal else POLICY]


def _proven_effects(client_id: UUID) -> dict[UUID, datetime]:
    rows = NoticeDispatch.objects.filter(client_id=client_id).values_list("version_id", "takes_effect_at")
    return {version: moment for version, moment in rows if moment is not None}


def policy_timeline(client: Client) -> list[EffectiveVersion]:
    """List the versions of the privacy policy at a client, in order of effect: its own or PakTaleem's."""
    return purpose_timeline(client, POLICY)


def find_first_policy(client: Client) -> datetime | None:
    """Find when the first privacy policy took effect at a client; a handler of ``guardians.first_notices``."""
    return min((placed.effective_at for placed in policy_timeline(client)), default=None)


def purpose_timeline(client: Client, code: str) -> list[EffectiveVersion]:
    """List the versions that inform about one purpose (or POLICY) at a client, in order of effect."""
    notices = _notices(client).filter(purposes__contains=[code] if code else [])
    return _timelines(client, list(notices if code else notices.filter(purposes=[]))).get(code, [])


def notice_timeline(client: Client, notice: Notice) -> list[EffectiveVersion]:
    """List the versions of one notice at a client, in order of effect."""
    return next(iter(_timelines(client, [notice]).values()), [])


def all_timelines(client: Client) -> list[EffectiveVersion]:
    """List every version that has, or will have, effect at a client, each once."""
    found: dict[UUID, EffectiveVersion] = {}
    for timeline in _timelines(client, list(_notices(client))).values():
        for placed in timeline:
            known = found.get(placed.version.pk)
            if known is None or (known.superseded_at is not None and _is_superseded_later(placed, known.superseded_at)):
                found[placed.version.pk] = placed
    return list(found.values())


def _is_superseded_later(placed: EffectiveVersion, superseded_at: datetime) -> bool:
    return placed.superseded_at is None or placed.superseded_at > superseded_at


def _notices(client: Client) -> QuerySet[Notice]:
    """Select the shared notices, then the client's own."""
    is_own = Case(When(client_id=client.pk, then=True), default=False, output_field=BooleanField())
    found: QuerySet[Notice] = Notice.objects.filter(client_id__in=[PAKTALEEM, client.pk])
    return found.order_by(is_own, "pk")


def _timelines(client: Client, notices: Sequence[Notice]) -> dict[str, list[EffectiveVersion]]:
    versions = list(NoticeVersion.objects.filter(notice__in=notices).select_related("notice"))
    found = client_timelines(client, notices=notices, versions=versions, proven=_proven_effects(client.pk))
    return {code: _to_placed(rules, versions) for code, rules in found.items()}


def _to_placed(rules: Sequence[NoticeVersionRule], versions: Iterable[NoticeVersion]) -> list[EffectiveVersion]:
    by_id = {version.pk: version for version in versions}
    ordered = NoticeRule("", tuple(rules)).versions
    ends: list[datetime | None] = [*(later.effective_at for later in ordered[1:]), None]
    return [EffectiveVersion(by_id[rule.id], rule.effective_at, end) for rule, end in zip(ordered, ends, strict=True)]


def get_version_in_effect(timeline: Sequence[EffectiveVersion], *, at: datetime) -> NoticeVersion:
    """Return the version in effect. Raises NoticeUnknown if there is none yet."""
    for placed in reversed(timeline):
        if placed.effective_at <= at:
            return placed.version
    raise NoticeUnknown


def get_notice(client: Client, code: str) -> Notice:
    """Return the notice with a code: the client's own before the shared one. Raises NoticeUnknown."""
    found = Notice.objects.filter(client_id__in=[PAKTALEEM, client.pk], code=code)
    best = max(found, key=lambda one: one.client_id == client.pk, default=None)
    if best is None:
        raise NoticeUnknown(code)
    return best
