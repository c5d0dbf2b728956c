"""Timelines of notices at one client, own ones before shared ones (decision 0016); previews of what comes."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from itertools import product
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import BooleanField, Case, Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value, When

from consent.notices.effects import PublishedVersion, effects_at_client, merge_own_and_shared
from consent.notices.models import Notice, NoticeDispatch, NoticeResponse, NoticeVersion, ResponseKind
from consent.register.compiled import NoticeRule, NoticeVersionRule
from consent.register.models.agreements import RecipientApproval
from consent.register.models.purposes import Purpose, PurposeWidening, WideningKind
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.rows import PAKTALEEM

POLICY = ""
"""The key of the privacy policy among the codes of purposes."""


class NoticeUnknown(PortalError, LookupError):
    """No notice in effect informs about this purpose."""

    problem = Problem("notice-unknown", "No notice in effect informs about this purpose", status=HTTPStatus.NOT_FOUND)


class NoticeOutdated(NoticeUnknown):
    """The notice in effect is older than the purpose's words, so it informs about another use of data."""

    problem = Problem(
        "notice-outdated",
        "The notice is older than the words of the purpose",
        "No one can consent until a new version of the notice is announced: an administrator does so in the console.",
    )
    console_message = (
        "The words of the purpose have changed since its notice was announced: announce a new version of the notice, "
        "then ask again."
    )


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
        version.pk, version.number, version.is_material, version.announced_at, version.effective_at, version.notice_days
    )


def client_timelines(
    client: Client, *, notices: Iterable[Notice], versions: Iterable[NoticeVersion], proven: Mapping[UUID, datetime]
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
            keys = notice.purposes or [f":{notice.code}" if notice.is_by_portal else POLICY]
            (own if is_own else shared).update(dict.fromkeys(keys, found))
    return {code: merge_own_and_shared(own.get(code, ()), shared.get(code, ())) for code in {**shared, **own}}


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
            end, known_end = placed.superseded_at, known.superseded_at if known else None
            if known is None or (known_end is not None and (end is None or end > known_end)):
                found[placed.version.pk] = placed
    return list(found.values())


def _notices(client: Client) -> QuerySet[Notice]:
    is_own = Case(When(client_id=client.pk, then=True), default=False, output_field=BooleanField())
    found: QuerySet[Notice] = Notice.objects.filter(client_id__in=[PAKTALEEM, client.pk])
    return found.order_by(is_own, "pk")


def _timelines(client: Client, notices: Sequence[Notice]) -> dict[str, list[EffectiveVersion]]:
    versions = list(NoticeVersion.objects.filter(notice__in=notices).select_related("notice"))
    rows = NoticeDispatch.objects.filter(client_id=client.pk).values_list("version_id", "takes_effect_at")
    proven = {version: moment for version, moment in rows if moment is not None}
    by_id = {version.pk: version for version in versions}
    timelines = {}
    for code, rules in client_timelines(client, notices=notices, versions=versions, proven=proven).items():
        ordered = NoticeRule("", rules).versions
        ends = (*(later.effective_at for later in ordered[1:]), None)
        timelines[code] = [
            EffectiveVersion(by_id[rule.id], rule.effective_at, end) for rule, end in zip(ordered, ends, strict=True)
        ]
    return timelines


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


def has_older_words() -> Q:
    """Return the condition of notices with a purpose that got other words after their last announcement."""
    versions = NoticeVersion.objects.filter(notice=OuterRef(OuterRef("pk"))).order_by("-number")
    changes = PurposeWidening.objects.filter(
        Q(client_id=OuterRef("client_id")) | Q(client_id=PAKTALEEM),
        kind=WideningKind.WORDS,
        widened_at__gte=Subquery(versions.values("announced_at")[:1]),
    )
    place = Func(
        OuterRef("purposes"), F("purpose__code"), function="array_position", output_field=models.IntegerField()
    )
    return Q(Exists(changes.annotate(place=place).filter(place__isnull=False)))


def must_be_notified(
    client: Client, version: NoticeVersion, own_wording: Iterable[Notice], reaching: Container[UUID]
) -> bool:
    """Return True if a client must be notified of a version: it needs proof, and takes effect there.

    Not PakTaleem itself; not a client that joined after the announcement; not one whose own notices in effect replace
    it for all its purposes; for a list of recipients, not one whose data cannot reach what it adds (not ``reaching``).
    """
    if client.pk == PAKTALEEM or not version.needs_proof or client.created_at > version.announced_at:
        return False
    if version.notice.lists_recipients:
        return version.pk in reaching
    return not _is_replaced(version.notice, own_wording)


def list_reaching_versions(client: Client, *, at: datetime) -> set[UUID]:
    """List the lists of recipients with an added recipient whom the client's data can reach, now or later.

    By its purposes, lawful bases and instructions, whether or not these name the recipient: a client hears of it before
    it instructs it. One query.
    """
    values = (Value(client.pk), F("purposes"), F("categories"), Value(at))
    may_reach = Func(*values, function="consent_may_reach", output_field=BooleanField())
    is_not_over = Q(ends_at=None) | Q(ends_at__gt=at)
    announced = RecipientApproval.objects.uncancelled().filter(client_id=PAKTALEEM, announced_as__isnull=False)
    rows = announced.filter(is_not_over, may_reach)
    return {version for version in rows.values_list("announced_as", flat=True) if version is not None}


def list_clients_to_notify(notice: Notice, clients: Iterable[Client], *, at: datetime) -> list[Client]:
    """List the clients that would be notified of a material change of a shared notice announced now."""
    in_effect = NoticeVersion.objects.filter(effective_at__lte=at).exclude(client_id=PAKTALEEM)
    wording: defaultdict[UUID, list[Notice]] = defaultdict(list)
    for own in Notice.objects.filter(pk__in=in_effect.values("notice_id")):
        wording[own.client_id].append(own)
    return [one for one in clients if one.pk != PAKTALEEM and not _is_replaced(notice, wording[one.pk])]


def _is_replaced(notice: Notice, own_wording: Iterable[Notice]) -> bool:
    covered = {code for own in own_wording for code in own.purposes}
    return bool(notice.purposes) and set(notice.purposes) <= covered


def select_announcements(actor: Actor) -> QuerySet[NoticeDispatch]:
    """Select the announcements to the clients that the actor may see. Raises NotAllowed."""
    require(actor, Capability.VIEW_REGISTER)
    return NoticeDispatch.objects.select_related("version__notice", "client")


def select_unacknowledged(actor: Actor) -> QuerySet[NoticeDispatch]:
    """Select the announcements without an acknowledgement or objection. Raises NotAllowed."""
    responses = NoticeResponse.objects.filter(kind__in=[ResponseKind.ACKNOWLEDGED, ResponseKind.OBJECTED])
    return select_announcements(actor).exclude(pk__in=responses.values("dispatch_id"))


def select_open_objections(actor: Actor) -> QuerySet[NoticeDispatch]:
    """Select the announcements with an unanswered objection. Raises NotAllowed."""
    objected, answered = (Count("id", filter=Q(kind=kind)) for kind in (ResponseKind.OBJECTED, ResponseKind.ANSWERED))
    responses = NoticeResponse.objects.order_by().values("dispatch_id").annotate(objected=objected, answered=answered)
    return select_announcements(actor).filter(pk__in=responses.filter(objected__gt=F("answered")).values("dispatch_id"))


def may_withdraw_objection(dispatch: NoticeDispatch) -> bool:
    """Return True if the client objects to recipients and has PakTaleem's answer; not for a notice's text."""
    if not dispatch.version.notice.lists_recipients:
        return False
    rows = NoticeResponse.objects.filter(client_id=dispatch.client_id, dispatch=dispatch)
    last = rows.exclude(kind=ResponseKind.ACKNOWLEDGED).order_by("recorded_at", "id").last()
    return last is not None and last.kind == ResponseKind.ANSWERED


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
