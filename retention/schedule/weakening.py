"""Comparison of retention rules before and after a change: is data disposed of earlier, or kept longer?"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from consent.register.effects import is_sandbox
from consent.register.models.purposes import ROLES
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.models import RetentionRule
from retention.schedule.resolution import is_never_shorter, parse_period
from retention.schedule.selectors import find_applied


def is_disposed_earlier(rule: RetentionRule, *, at: datetime) -> bool:
    """Return True if with the changed rule data is disposed of earlier than before at any time, or without a review.

    Where no rule applied, the last one counts: a rule does not end first, and give way to a shorter one later. Nothing
    is weakened in a sandbox, which has no real people.
    """
    if is_sandbox(rule.client_id):
        return False
    changes = _list_changes(rule, at)
    return any(after is not None and _is_earlier(before or last, after) for before, after, last in changes)


def is_kept_longer(rule: RetentionRule, *, at: datetime) -> bool:
    """Return True if with the changed rule data is kept longer than before at any time, or without end."""
    return any(before is not None and _is_later(before, after) for before, after, _last in _list_changes(rule, at))


def _is_earlier(before: RetentionRule | None, after: RetentionRule) -> bool:
    if before is None:
        return after.is_automatic
    is_unreviewed = after.is_automatic and not before.is_automatic
    return (
        is_unreviewed or _is_counted_anew(before, after) or _is_shorter(after, before) or _is_bound_cut(before, after)
    )


def _is_later(before: RetentionRule, after: RetentionRule | None) -> bool:
    return after is None or _is_counted_anew(before, after) or _is_shorter(before, after)


def _is_counted_anew(before: RetentionRule, after: RetentionRule) -> bool:
    return (before.trigger, before.fixed_on) != (after.trigger, after.fixed_on)


def _is_shorter(rule: RetentionRule, other: RetentionRule) -> bool:
    return not is_never_shorter(parse_period(rule.period), parse_period(other.period))


def _is_bound_cut(before: RetentionRule, after: RetentionRule) -> bool:
    if before.minimum and (not after.minimum or _is_cut(before.minimum, after.minimum)):
        return True
    return bool(after.maximum) and (not before.maximum or _is_cut(before.maximum, after.maximum))


def _is_cut(before: str, after: str) -> bool:
    return not is_never_shorter(parse_period(after), parse_period(before))


type _Applied = RetentionRule | None


def _list_changes(rule: RetentionRule, at: datetime) -> Iterator[tuple[_Applied, _Applied, _Applied]]:
    """Yield the rules that apply before and after the change, and the last one before, for each role and time."""
    owners = [rule.client_id, PAKTALEEM]
    stored = list(
        RetentionRule.objects.filter(client_id__in=owners, category=rule.category, purpose__code=rule.purpose.code)
    )
    changed = [rule, *(row for row in stored if row.pk != rule.pk)]
    ends = (moment for row in (*stored, rule) for moment in (row.starts_at, row.ends_at))
    moments = {at, *(moment for moment in ends if moment is not None and moment > at)}
    for role in {rule.role} if rule.role else {code for code, _name in ROLES}:
        for moment in moments:
            yield (
                find_applied(stored, role, moment),
                find_applied(changed, role, moment),
                _find_last(stored, role, moment),
            )


def _find_last(rules: Iterable[RetentionRule], role: str, at: datetime) -> _Applied:
    ended = [(row.ends_at, row) for row in rules if row.role in {"", role} and row.ends_at and row.ends_at <= at]
    return max(ended, key=lambda pair: pair[0])[1] if ended else None
