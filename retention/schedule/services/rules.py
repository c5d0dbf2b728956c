"""Adding, changing and ending retention rules, inside PakTaleem's bounds."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consent.register.services.register import (
    check_register_row,
    prepare_row,
    save_register_row,
    stored_row,
)
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.schedule.models import RetentionRule
from retention.schedule.periods import Period, PeriodInvalid, is_never_shorter, parse_period

__all__ = ["check_rule", "end_rule", "save_rule"]

_FIXED = ("category",)
_FIXED_ONCE_STARTED = (
    "trigger",
    "fixed_on",
    "period",
    "action",
    "method",
    "is_automatic",
    "ground_en",
    "ground_ur",
    "minimum",
    "maximum",
)
_UNCHANGEABLE = gettext_noop("This cannot change: end this rule and add another.")
_NOT_NEEDED = gettext_noop("This purpose does not need this data category, so it needs no rule.")
_SHARED_ONLY = gettext_noop("Only PakTaleem sets bounds for its clients.")
_ENDED = gettext_noop("It has already ended.")
_BOUNDS_CROSSED = gettext_noop("The minimum must not be longer than the maximum.")


@transaction.atomic
def save_rule(rule: RetentionRule, *, actor: Actor, reason: Reason | str, at: datetime) -> RetentionRule:
    """Add a retention rule, or change one: in force from its start, never backdated (policy §4).

    A rule that has started can only be ended. A client's rule must be inside the bounds of PakTaleem's rules for the
    same data. Raises ValidationError naming the field, SharedRowNotEditable for a shared rule, NotAllowed.
    """
    before = check_rule(rule, actor=actor, at=at)
    if isinstance(before, RetentionRule):
        _refuse_changes(rule, before, at=at)
    return save_register_row(rule, actor=actor, reason=reason, at=at)


def check_rule(rule: RetentionRule, *, actor: Actor, at: datetime) -> object:
    """Check a rule that is to be saved, and return the stored one, if any.

    Raises ValidationError naming the field, and what else ``save_rule`` raises.
    """
    prepare_row(rule, actor)
    before = stored_row(rule)
    check_register_row(rule, before, at=at)
    if rule.category not in rule.purpose.categories:
        raise ValidationError({"category": [_NOT_NEEDED]})
    _check_bounds(rule, at=at)
    return before


@transaction.atomic
def end_rule(rule: RetentionRule, *, actor: Actor, reason: Reason | str, at: datetime) -> RetentionRule:
    """End a rule now; PakTaleem's rule for the same data applies again, if there is one (policy §4).

    Raises ValidationError if it has already ended, SharedRowNotEditable for a shared rule, NotAllowed.
    """
    if rule.ends_at is not None and rule.ends_at <= at:
        raise ValidationError({"ends_at": [_ENDED]})
    rule.ends_at = at
    return save_rule(rule, actor=actor, reason=reason, at=at)


def _refuse_changes(rule: RetentionRule, before: RetentionRule, *, at: datetime) -> None:
    has_started = before.starts_at <= at
    for field in (*_FIXED, *(_FIXED_ONCE_STARTED if has_started else ())):
        if getattr(before, field) != getattr(rule, field):
            raise ValidationError({field: [_UNCHANGEABLE]})


def _parse(rule: RetentionRule, field: str) -> Period | None:
    text = getattr(rule, field)
    try:
        return parse_period(text) if text else None
    except PeriodInvalid as error:
        allowed = _("Write a period above zero, such as P90D, P6M, P1Y or P1Y6M.")
        raise ValidationError({field: [allowed]}) from error


def _check_bounds(rule: RetentionRule, *, at: datetime) -> None:
    period, minimum, maximum = (_parse(rule, field) for field in ("period", "minimum", "maximum"))
    if period is None:
        return
    if rule.client_id != PAKTALEEM:
        if minimum or maximum:
            raise ValidationError({"minimum" if minimum else "maximum": [_SHARED_ONLY]})
        _check_shared_bounds(rule, period, at=at)
    elif minimum and maximum and not is_never_shorter(maximum, minimum):
        raise ValidationError({"minimum": [_BOUNDS_CROSSED]})
    else:
        _require_between(period, minimum, maximum)


def _check_shared_bounds(rule: RetentionRule, period: Period, *, at: datetime) -> None:
    """Check a client's period against every shared rule that it takes precedence over, now or later."""
    shared = RetentionRule.objects.filter(
        client_id=PAKTALEEM, category=rule.category, purpose__code=rule.purpose.code
    ).exclude(ends_at__lte=max(at, rule.starts_at))
    if rule.role:
        shared = shared.filter(role__in=["", rule.role])
    for one in shared:
        _require_between(period, _parse(one, "minimum"), _parse(one, "maximum"))


def _require_between(period: Period, minimum: Period | None, maximum: Period | None) -> None:
    if minimum is not None and not is_never_shorter(period, minimum):
        raise ValidationError({"period": [_("Keep the data for at least {period}.").format(period=minimum)]})
    if maximum is not None and not is_never_shorter(maximum, period):
        raise ValidationError({"period": [_("Keep the data for at most {period}.").format(period=maximum)]})
