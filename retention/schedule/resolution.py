"""Which rule applies: the most specific one for a category, a purpose and a role. Pure.

A client's own rule takes precedence over PakTaleem's shared one, then a rule for the role over one for every role.
Of two with the same scope, the one that started last applies. A second rule of the same scope and start is refused when
it is added, so there are no ties. PakTaleem's bounds apply to the rules of clients too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from retention.schedule.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """A stored rule in plain values; ``role`` is empty for every role, ``is_shared`` is True for PakTaleem's rule."""

    id: UUID
    category: str
    purpose: str
    role: str
    is_shared: bool
    starts_at: datetime
    ends_at: datetime | None
    period: Period
    minimum: Period | None = None
    maximum: Period | None = None

    def applies(self, category: str, purpose: str, role: str, at: datetime) -> bool:
        """Return True if the rule is in force at ``at`` for this category, purpose and role."""
        in_force = self.starts_at <= at and (self.ends_at is None or at < self.ends_at)
        return in_force and (self.category, self.purpose) == (category, purpose) and self.role in {"", role}


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """The rule that applies, with PakTaleem's bounds."""

    rule: RuleFacts
    minimum: Period | None
    maximum: Period | None


def resolve_rule(
    rules: Iterable[RuleFacts], *, category: str, purpose: str, role: str, at: datetime
) -> AppliedRule | None:
    """Return the rule that applies at ``at``, or None: then there is a gap, and the data is not due."""
    found = [one for one in rules if one.applies(category, purpose, role, at)]
    if not found:
        return None
    bounding = max((one for one in found if one.is_shared), key=_rank, default=None)
    minimum, maximum = (bounding.minimum, bounding.maximum) if bounding else (None, None)
    return AppliedRule(max(found, key=_rank), minimum, maximum)


def _rank(rule: RuleFacts) -> tuple[bool, bool, datetime]:
    return (not rule.is_shared, rule.role != "", rule.starts_at)
