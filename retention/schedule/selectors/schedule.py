"""The retention schedule of a client: which rule applies to each purpose and each category it needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from consent.notices.selectors.purposes import find_purposes
from consent.notices.selectors.registers import current_register
from consent.register.models.purposes import ROLES, DataCategory, Purpose
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.schedule.models.rules import RetentionRule
from retention.schedule.periods import Period, parse_period
from retention.schedule.resolution import AppliedRule, RuleFacts, resolve_rule

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
    minimum: Period | None = None
    maximum: Period | None = None

    @property
    def is_gap(self) -> bool:
        """Return True if no rule applies."""
        return self.rule is None


def list_rules(actor: Actor) -> QuerySet[RetentionRule]:
    """List retention rules: a client's own and PakTaleem's shared ones. Raises NotAllowed."""
    require(actor, Capability.VIEW_REGISTER)
    found: QuerySet[RetentionRule] = RetentionRule.objects.select_related("purpose")
    return found


def rule_facts(rule: RetentionRule) -> RuleFacts:
    """Return a rule as plain values; its purpose must be loaded."""
    return RuleFacts(
        id=rule.pk,
        category=rule.category,
        purpose=rule.purpose.code,
        role=rule.role,
        is_shared=rule.client_id == PAKTALEEM,
        starts_at=rule.starts_at,
        ends_at=rule.ends_at,
        period=parse_period(rule.period),
        minimum=parse_period(rule.minimum) if rule.minimum else None,
        maximum=parse_period(rule.maximum) if rule.maximum else None,
    )


def list_schedule(client_id: UUID, *, at: datetime, language: str) -> list[ScheduleLine]:
    """List the schedule of a client at ``at``, by category and purpose; published, so it takes no actor.

    It has a line for every active purpose and every category the purpose needs, also for gaps. Runs a fixed number of
    queries.
    """
    active = [one.code for one in current_register(client_id).purposes.values() if one.active]
    purposes = find_purposes(client_id, active)
    rules = {
        rule.pk: rule
        for rule in RetentionRule.objects.active(at)
        .filter(client_id__in={client_id, PAKTALEEM}, purpose__code__in=active)
        .select_related("purpose")
    }
    facts = [rule_facts(rule) for rule in rules.values()]
    codes = sorted({code for purpose in purposes.values() for code in purpose.categories})
    names = _category_names(client_id, language)
    return [
        ScheduleLine(
            category=code,
            category_name=names.get(code, code),
            purpose=purpose,
            roles=roles,
            rule=rules[applied.rule.id] if applied else None,
            **_bounds(applied),
        )
        for code in codes
        for purpose in sorted(purposes.values(), key=lambda one: one.code)
        if code in purpose.categories
        for roles, applied in _group_roles(facts, code, purpose.code, at)
    ]


def _category_names(client_id: UUID, language: str) -> dict[str, str]:
    rows = DataCategory.objects.filter(client_id__in={client_id, PAKTALEEM})
    own_last = sorted(rows, key=lambda one: one.client_id == client_id)
    return {one.code: one.name_ur if language == "ur" else one.name_en for one in own_last}


def _group_roles(
    facts: Iterable[RuleFacts], category: str, purpose: str, at: datetime
) -> list[tuple[tuple[str, ...], AppliedRule | None]]:
    """Return the rules that apply, with the roles of each; no roles if one applies to all."""
    facts = list(facts)
    found: dict[AppliedRule | None, list[str]] = {}
    for role in _ALL_ROLES:
        applied = resolve_rule(facts, category=category, purpose=purpose, role=role, at=at)
        found.setdefault(applied, []).append(role)
    return [(() if len(found) == 1 else tuple(roles), applied) for applied, roles in found.items()]


def _bounds(applied: AppliedRule | None) -> dict[str, Period | None]:
    return {"minimum": applied.minimum, "maximum": applied.maximum} if applied else {}
