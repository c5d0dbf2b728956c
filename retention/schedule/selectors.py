"""Selectors of the retention schedule: rules, gaps, holds, due dates and the effect of a change."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import Jsonb
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from psycopg.sql import SQL

from consent.consents.selectors.consents import find_restrictions
from consent.notices.selectors.registers import current_register, find_purposes
from consent.register.models.purposes import ROLES, DataCategory, Purpose
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.extension_points import Hold as ErasureHold
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import map_same_person
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.rows import PAKTALEEM, SqlValues
from retention.holdings.models import Holding
from retention.holdings.selectors import DisposalHold, list_holdings_of
from retention.inventories.selectors import annotate_basis
from retention.schedule.models import Hold, HoldKind, RetentionRule


def find_holds(client_id: UUID, *, subject_id: UUID, system_id: UUID | None = None) -> QuerySet[Hold]:
    """Find the open holds that cover some data of a person, in one system or in any: of any record of the person."""
    own = Subject.objects.filter(client_id=client_id)
    main = own.filter(pk=subject_id, same_person__isnull=False).values("same_person")
    records = own.filter(same_person__in=main).values("pk")  # not a join, which would read everyone of the client
    covering = Q(subject_id=subject_id) | Q(subject_id=None) | Q(subject_id__in=records)
    found: QuerySet[Hold] = Hold.objects.open().filter(covering, client_id=client_id)
    if system_id is not None:
        found = found.filter(Q(system_id=system_id) | Q(system_id=None))
    return found.order_by("placed_at", "id")


def find_disposal_holds(client_id: UUID, subject_id: UUID, categories: AbstractSet[str]) -> Iterator[DisposalHold]:
    """Find the open holds that cover any of the categories of a person; connected to ``before_disposal``."""
    for hold in find_holds(client_id, subject_id=subject_id).select_related("system"):
        found = DisposalHold(hold.get_kind_display(), hold.ground, hold.review_on, hold.category, hold.system)
        if any(found.keeps(category) for category in categories):
            yield found


def find_erasure_holds(client_id: UUID, people: Sequence[UUID], at: datetime) -> Iterator[tuple[UUID, ErasureHold]]:
    """Find open holds of any record of people, which forbid their erasure; ``people.erasure_holds``.

    A hold of a rights request is left to the app of requests: an erasure may serve that very request.
    """
    del at
    words = _("{kind}, to be reviewed on {day}: {ground}")
    records: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for key in people:
        records[key].append(key)
    for record, others in map_same_person(Subject.objects.filter(client_id=client_id, pk__in=people)).items():
        for other in others:
            records[other.pk].append(record)
    covering = Hold.objects.open().filter(Q(subject_id__in=records) | Q(subject_id=None), client_id=client_id)
    for hold in covering.order_by("placed_at", "id"):
        if hold.kind != HoldKind.OPEN_REQUEST or hold.related_id is None:
            ground = words.format(kind=hold.get_kind_display(), day=hold.review_on.isoformat(), ground=hold.ground)
            found = ErasureHold(f"hold_{hold.kind}", ground, category=hold.category)
            yield from ((key, found) for key in (people if hold.subject_id is None else records[hold.subject_id]))


def describe_erasure_holds(erasure: Erasure) -> str:
    """Describe the holds for which an erasure that has begun waits; connected to ``people.erasure_blockers``."""
    found = find_erasure_holds(erasure.client_id, [erasure.subject_id], erasure.started_at)
    return " ".join(hold.ground for _id, hold in found)


_ENDED = """
SELECT holding_id FROM schedule_lines(%(client)s, %(person)s, NULL, %(at)s, NULL, NULL, %(low)s, %(high)s)
WHERE subject_id = ANY (%(people)s::uuid[])
GROUP BY holding_id
HAVING bool_and(due_at IS NOT NULL) AND max(due_at) <= %(at)s AND NOT bool_or(is_in_use)
"""


def list_ended_holdings(client_id: UUID, people: Sequence[UUID], at: datetime) -> list[UUID]:
    """List holdings of people past their retention period, on hold or not, in one query; ``ended_periods``."""
    first, last = min(people), max(people)
    values = {
        "client": client_id,
        "person": first if first == last else None,
        "at": at,
        "low": UUID(int=first.int - 1),
        "high": last,
        "people": list(people),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENDED, values)
        return [key for (key,) in cursor.fetchall()]


_LINES = """
SELECT holding_id, purpose, rule_id, triggered_at, due_at, is_in_use
FROM schedule_lines(%s, %s, NULL, %s, NULL, NULL, NULL, NULL)
"""


class DueState(StrEnum):
    """Reasons for or against the disposal of a holding; the first that applies counts."""

    HELD = "held"
    RESTRICTED = "restricted"
    NO_RULE = "no_rule"
    WAITING = "waiting"
    KEPT = "kept"
    IN_USE = "in_use"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class DueLine:
    """One purpose of a holding: its rule (None: a gap), when it was triggered, and the end of its last day."""

    purpose: str
    rule: RetentionRule | None
    triggered_at: datetime | None
    due_at: datetime | None
    is_in_use: bool


@dataclass(frozen=True, slots=True)
class HoldingDue:
    """A holding with a line for each purpose, and its holds; the longest period of the lines wins."""

    holding: Holding
    lines: tuple[DueLine, ...]
    holds: tuple[Hold, ...]
    is_restricted: bool

    @property
    def decisive(self) -> DueLine:
        """Return the line that decides: one without a rule, one before its trigger, or the latest."""
        undecided = [line for line in self.lines if line.due_at is None]
        if undecided:
            return min(undecided, key=lambda line: (line.rule is not None, line.purpose))
        return max(self.lines, key=lambda line: (line.due_at, line.purpose))

    @property
    def due_at(self) -> datetime | None:
        """Return when the data is due, holds and use apart."""
        return self.decisive.due_at

    def state(self, at: datetime) -> DueState:
        """Return what decides at ``at``; only DUE data may be disposed of."""
        line = self.decisive
        if self.holds:
            return DueState.HELD
        if self.is_restricted:
            return DueState.RESTRICTED
        if line.due_at is None:
            return DueState.NO_RULE if line.rule is None else DueState.WAITING
        if line.due_at > at:
            return DueState.KEPT
        return DueState.IN_USE if any(one.is_in_use for one in self.lines) else DueState.DUE


def list_due_of_person(subject: Subject, *, actor: Actor, at: datetime, most: int | None = None) -> list[HoldingDue]:
    """List a person's holdings with due dates, by category and system, in five queries; see ``get_basis``.

    Raises NotAllowed.
    """
    held = list(annotate_basis(list_holdings_of(subject, actor=actor))[:most])
    lines = _fetch_lines(subject, at)
    holds = list(find_holds(subject.client_id, subject_id=subject.pk))
    restricted = set(find_restrictions(subject, at=at).values_list("purpose_code", flat=True))
    return [
        HoldingDue(
            one,
            tuple(lines.get(one.pk, ())),
            tuple(
                hold
                for hold in holds
                if hold.category in {"", one.category} and hold.system_id in {None, one.system_id}
            ),
            is_restricted=not restricted.isdisjoint({"", *one.purposes}),
        )
        for one in held
    ]


def _fetch_lines(subject: Subject, at: datetime) -> dict[UUID, list[DueLine]]:
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [subject.client_id, subject.pk, at])
        found = cursor.fetchall()
    in_force = RetentionRule.objects.active(at).filter(client_id__in={subject.client_id, PAKTALEEM})
    rules = {rule.pk: rule for rule in in_force.select_related("purpose")}
    lines: dict[UUID, list[DueLine]] = defaultdict(list)
    for holding, purpose, rule, triggered_at, due_at, is_in_use in found:
        lines[holding].append(DueLine(purpose or "", rules.get(rule), triggered_at, due_at, is_in_use))
    return lines


_ALL_ROLES = tuple(code for code, _ in ROLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """One line of a client's schedule: a category, a purpose, the roles, and the rule; None: a gap.

    ``roles`` is empty if the line is about every role. ``minimum`` and ``maximum`` are PakTaleem's bounds.
    """

    category: str
    category_name: str
    purpose: Purpose
    roles: tuple[str, ...]
    rule: RetentionRule | None
    minimum: str = ""
    maximum: str = ""

    @property
    def is_gap(self) -> bool:
        return self.rule is None


def find_applied(rules: Iterable[RetentionRule], role: str, at: datetime) -> RetentionRule | None:
    """Return the rule for a role: a client's own before a shared one, one for the role before one for all.

    Of two with the same scope, the last to start applies. None: a gap, nothing is due.
    """
    started = (row for row in rules if row.role in {"", role} and row.starts_at <= at)
    in_force = [row for row in started if row.ends_at is None or row.ends_at > at]
    return max(in_force, key=lambda row: (row.client_id != PAKTALEEM, row.role != "", row.starts_at), default=None)


def list_schedule(client_id: UUID, *, at: datetime, language: str) -> list[ScheduleLine]:
    """List the published schedule of a client at ``at``, gaps too, by category and purpose; no actor is needed."""
    active = [one.code for one in current_register(client_id).purposes.values() if one.active]
    purposes = find_purposes(client_id, active)
    rules: dict[tuple[str, str], list[RetentionRule]] = defaultdict(list)
    in_force = RetentionRule.objects.active(at).filter(client_id__in={client_id, PAKTALEEM}, purpose__code__in=active)
    for rule in in_force.select_related("purpose"):
        rules[rule.category, rule.purpose.code].append(rule)
    codes = sorted({code for purpose in purposes.values() for code in purpose.categories})
    rows = DataCategory.objects.filter(client_id__in={client_id, PAKTALEEM})
    own_last = sorted(rows, key=lambda one: one.client_id == client_id)
    names = {one.code: one.name_ur if language == "ur" else one.name_en for one in own_last}
    return [
        ScheduleLine(
            category=code,
            category_name=names.get(code, code),
            purpose=purpose,
            roles=roles,
            rule=rule,
            minimum=bounding.minimum if bounding else "",
            maximum=bounding.maximum if bounding else "",
        )
        for code in codes
        for purpose in sorted(purposes.values(), key=lambda one: one.code)
        if code in purpose.categories
        for roles, rule, bounding in _group_roles(rules[code, purpose.code], at)
    ]


def _group_roles(
    rules: list[RetentionRule], at: datetime
) -> list[tuple[tuple[str, ...], RetentionRule | None, RetentionRule | None]]:
    """Return the rules that apply, with the roles of each and the rule that bounds it; no roles if one is for all."""
    shared = [rule for rule in rules if rule.client_id == PAKTALEEM]
    found: dict[tuple[RetentionRule | None, RetentionRule | None], list[str]] = {}
    for role in _ALL_ROLES:
        found.setdefault((find_applied(rules, role, at), find_applied(shared, role, at)), []).append(role)
    return [(() if len(found) == 1 else tuple(roles), *applied) for applied, roles in found.items()]


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
    """Counts of holdings if a rule were in force now; the ``due_…`` of 30 and 90 days include the one before.

    ``in_use`` and ``held`` would else be due within 90 days; ``without_date`` lack a trigger or a rule.
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
    """Return the effect of an unsaved rule in force at ``at``, for all clients if it is shared. Raises NotAllowed."""
    require(actor, Capability.MANAGE_RETENTION, rule.client_id)
    return _fetch_effect(rule, proposed=_to_json(rule), without=None, at=at)


def preview_end(rule: RetentionRule, *, actor: Actor, at: datetime) -> RuleEffect:
    """Return the effect of ending a rule at ``at``; counted as ``preview_rule`` does. Raises NotAllowed."""
    require(actor, Capability.MANAGE_RETENTION, rule.client_id)
    return _fetch_effect(rule, proposed=None, without=rule.pk, at=at)


def _fetch_effect(
    rule: RetentionRule, *, proposed: dict[str, object] | None, without: UUID | None, at: datetime
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


def _to_json(rule: RetentionRule) -> dict[str, object]:
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


_HAS_NO_RULE = SQL("""(
    SELECT count(DISTINCT k.role)
    FROM schedule_retentionrule r
    JOIN unnest(%(roles)s::text[]) AS k (role) ON r.role IN ('', k.role)
    WHERE r.purpose_id IN (p.id, o.id) AND r.category = n.category
        AND r.client_id IN (coalesce(%(owner)s::uuid, p.client_id), %(shared)s)
        AND r.starts_at <= %(at)s AND (r.ends_at IS NULL OR r.ends_at > %(at)s)
) < cardinality(%(roles)s::text[])""")
_PURPOSES = SQL("""
FROM consent_purpose p
LEFT JOIN consent_purpose o
    ON o.code = p.code AND o.client_id = CASE WHEN p.client_id = %(shared)s THEN %(owner)s::uuid ELSE %(shared)s END
CROSS JOIN LATERAL unnest(p.categories) AS n (category)
""")
"""Purposes with their categories, and the one of the same code whose rules count, too: PakTaleem's, or the client's."""
_GAPS = SQL("""
SELECT c.name, p.code, n.category, coalesce(
    (
        SELECT CASE %(language)s WHEN 'ur' THEN k.name_ur ELSE k.name_en END FROM consent_datacategory k
        WHERE k.code = n.category AND k.client_id IN (p.client_id, %(shared)s)
        ORDER BY k.client_id = %(shared)s LIMIT 1
    ), n.category)
{purposes}
LEFT JOIN accounts_client c ON c.id = p.client_id
WHERE p.is_active AND (%(owner)s::uuid IS NULL OR p.client_id IN (%(owner)s, %(shared)s))
    AND {has_no_rule}
ORDER BY n.category, p.code, c.name
LIMIT %(limit)s
""").format(purposes=_PURPOSES, has_no_rule=_HAS_NO_RULE)
_OWNERS = SQL("""
SELECT DISTINCT p.client_id
{purposes}
WHERE p.is_active AND p.client_id <> %(shared)s AND {has_no_rule}
""").format(purposes=_PURPOSES, has_no_rule=_HAS_NO_RULE)


class Gap(NamedTuple):
    """A category that a purpose needs without a rule for every role; ``client`` is empty for PakTaleem's purposes."""

    client: str
    purpose: str
    category: str
    category_name: str


def list_gaps(actor: Actor, *, at: datetime, limit: int, language: str = "en") -> list[Gap]:
    """List gaps by category, of a client or of all clients; one query. Raises NotAllowed."""
    require(actor, Capability.VIEW_REGISTER)
    owner = None if actor.client_id == PAKTALEEM else actor.client_id
    values = {**_values(owner, at), "limit": limit, "language": language}
    with connection.cursor() as cursor:
        cursor.execute(_GAPS.as_string(), values)
        return [Gap(client or "", *named) for client, *named in cursor.fetchall()]


def list_owners_with_gaps(*, at: datetime) -> set[UUID]:
    """Return the clients with a gap in a purpose of their own, of those the caller sees; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_OWNERS.as_string(), _values(None, at))
        return {owner for (owner,) in cursor.fetchall()}


def _values(owner: UUID | None, at: datetime) -> SqlValues:
    return {"owner": owner, "shared": PAKTALEEM, "roles": [code for code, _ in ROLES], "at": at}
