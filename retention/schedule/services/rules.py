"""Adding, changing and ending retention rules, inside PakTaleem's bounds."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.register.compiled import Basis
from consent.register.effects import WeakensSafeguard, is_sandbox
from consent.register.models.purposes import ROLES, LawfulBasis, Purpose, WideningKind
from consent.register.services import (
    check_register_row,
    list_changed_values,
    prepare_row,
    record_widening,
    save_register_row,
    stored_row,
)
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, build_changed_row, propose_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.models import Disposal, RetentionRule
from retention.schedule.resolution import Period, PeriodInvalid, is_never_shorter, parse_period
from retention.schedule.selectors import find_applied


def is_disposed_earlier(rule: RetentionRule, *, at: datetime) -> bool:
    """Return True if the changed rule disposes of data earlier at any time, or without review; never in a sandbox.

    Where no rule applied, the last one counts: a rule does not end first, and give way to a shorter one later.
    """
    if is_sandbox(rule.client_id):
        return False
    changes = _list_changes(rule, at)
    return any(after is not None and _is_earlier(before or last, after) for before, after, last in changes)


def is_kept_longer(rule: RetentionRule, *, at: datetime) -> bool:
    """Return True if with the changed rule data is kept longer than before at any time, or without end."""
    return any(
        before is not None
        and (after is None or _is_counted_anew(before, after) or _is_shorter(before.period, after.period))
        for before, after, _last in _list_changes(rule, at)
    )


def _is_earlier(before: RetentionRule | None, after: RetentionRule) -> bool:
    if before is None:
        return after.is_automatic
    is_unreviewed = after.is_automatic and not before.is_automatic
    is_shorter = _is_counted_anew(before, after) or _is_shorter(after.period, before.period)
    return is_unreviewed or is_shorter or _is_bound_cut(before, after)


def _is_counted_anew(before: RetentionRule, after: RetentionRule) -> bool:
    return (before.trigger, before.fixed_on) != (after.trigger, after.fixed_on)


def _is_bound_cut(before: RetentionRule, after: RetentionRule) -> bool:
    if before.minimum and (not after.minimum or _is_shorter(after.minimum, before.minimum)):
        return True
    return bool(after.maximum) and (not before.maximum or _is_shorter(after.maximum, before.maximum))


def _is_shorter(period: str, other: str) -> bool:
    return not is_never_shorter(parse_period(period), parse_period(other))


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


class StarterRule(msgspec.Struct, frozen=True):
    """One shared rule for some categories of a purpose; ``method`` is empty if the data is deleted."""

    purpose: str
    categories: tuple[str, ...]
    trigger: str
    period: str
    ground_en: str
    ground_ur: str
    method: str = ""
    minimum: str = ""
    maximum: str = ""


_STARTER_FILE = Path(__file__).resolve().parents[1] / "starter_rules.toml"
STARTER_RULES = msgspec.toml.decode(_STARTER_FILE.read_bytes(), type=dict[str, list[StarterRule]])["rules"]
"""A rule for every category of every starter purpose."""


FIXED_ONCE_STARTED = (
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


@transaction.atomic
def save_rule(rule: RetentionRule, *, actor: Actor, reason: Reason | str, at: datetime) -> RetentionRule:
    """Add or change a retention rule, from its start, never backdated; a started one can only end (policy §4).

    A longer period outdates earlier consents. Raises ValidationError naming the field, WeakensSafeguard, NotAllowed.
    """
    check_rule(rule, actor=actor, at=at)
    if is_disposed_earlier(rule, at=at):
        raise WeakensSafeguard(EARLIER_DISPOSAL.code)
    return _save(rule, actor=actor, reason=reason, at=at)


@transaction.atomic
def request_earlier_disposal(rule: RetentionRule, *, ground: str, actor: Actor, at: datetime) -> ProposedChange:
    """Request a rule or an end that disposes of data earlier (decision 0053). Raises ValidationError, NotAllowed."""
    values = list_changed_values(rule, check_rule(rule, actor=actor, at=at))
    purpose, kind = rule.purpose.code, EARLIER_DISPOSAL.code
    return propose_change(rule, kind, purpose=purpose, values=values, ground=ground, actor=actor, at=at)


def _apply(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    rule: Any = build_changed_row(change, at)
    check_rule(rule, actor=actor, at=at)
    _save(rule, actor=actor, reason=reason, at=at)


EARLIER_DISPOSAL = ChangeKind(
    code="retention",
    label=gettext_lazy("Data is disposed of earlier, or without a review"),
    effect=gettext_lazy("Data is disposed of earlier, or without a review."),
    columns=("category", "trigger", "fixed_on", "period", "action", "is_automatic", "starts_at", "ends_at"),
    apply=_apply,
)


def _save(rule: RetentionRule, *, actor: Actor, reason: Reason | str, at: datetime) -> RetentionRule:
    if outdates_consents(rule, at=at):
        since = rule.starts_at if rule.starts_at > at else rule.ends_at or at
        added, owner = [rule.category], rule.client_id
        record_widening(rule.purpose, WideningKind.PERIOD, added, client_id=owner, actor=actor, at=max(at, since))
    return save_register_row(rule, actor=actor, reason=reason, at=at)


def outdates_consents(rule: RetentionRule, *, at: datetime) -> bool:
    """Return True if data is kept longer by the rule, for a purpose that rests on consent: people are asked again."""
    owners = [rule.client_id, PAKTALEEM]
    consents = LawfulBasis.objects.filter(client_id__in=owners, purpose__code=rule.purpose.code, basis=Basis.CONSENT)
    return is_kept_longer(rule, at=at) and (rule.client_id == PAKTALEEM or consents.exists())


def check_rule(rule: RetentionRule, *, actor: Actor, at: datetime) -> RetentionRule | None:
    """Check a rule to be saved; return the stored one, if any. Raises ValidationError, and as ``save_rule``."""
    prepare_row(rule, actor)
    before = stored_row(rule)
    check_register_row(rule, before, at=at)
    if rule.category not in rule.purpose.categories:
        raise ValidationError({"category": [_("This purpose does not need this data category, so it needs no rule.")]})
    _check_bounds(rule, at=at)
    if not isinstance(before, RetentionRule):
        return None
    for field in ("category", *(FIXED_ONCE_STARTED if before.starts_at <= at else ())):
        if getattr(before, field) != getattr(rule, field):
            raise ValidationError({field: [_("This cannot change: end this rule and add another.")]})
    return before


@transaction.atomic
def end_rule(rule: RetentionRule, *, actor: Actor, reason: Reason | str, at: datetime) -> RetentionRule:
    """End a rule now; PakTaleem's then applies (policy §4). Raises ValidationError, WeakensSafeguard, NotAllowed."""
    if rule.ends_at is not None and rule.ends_at <= at:
        raise ValidationError({"ends_at": [_("It has already ended.")]})
    rule.ends_at = at
    return save_rule(rule, actor=actor, reason=reason, at=at)


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
            field = "minimum" if minimum else "maximum"
            raise ValidationError({field: [_("Only PakTaleem sets bounds for its clients.")]})
        _check_shared_bounds(rule, period, at=at)
    elif minimum and maximum and not is_never_shorter(maximum, minimum):
        raise ValidationError({"minimum": [_("The minimum must not be longer than the maximum.")]})
    else:
        _require_between(period, minimum, maximum)


def _check_shared_bounds(rule: RetentionRule, period: Period, *, at: datetime) -> None:
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


def load_starter_rules(actor: Actor, at: datetime) -> int:
    """Add starter rules where PakTaleem never had one (policy §4); return how many. Raises NotAllowed."""
    own = RetentionRule.objects.filter(client_id=PAKTALEEM)
    known = set(own.values_list("purpose__code", "category"))
    purposes = {purpose.code: purpose for purpose in Purpose.objects.filter(client_id=PAKTALEEM, is_active=True)}
    missing = [
        (starter, purposes[starter.purpose], category)
        for starter in STARTER_RULES
        for category in starter.categories
        if starter.purpose in purposes
        and category in purposes[starter.purpose].categories
        and (starter.purpose, category) not in known
    ]
    for starter, purpose, category in missing:
        rule = RetentionRule(
            client_id=PAKTALEEM,
            category=category,
            purpose=purpose,
            trigger=starter.trigger,
            period=starter.period,
            action=Disposal.ANONYMISE if starter.method else Disposal.DELETE,
            method=starter.method,
            ground_en=starter.ground_en,
            ground_ur=starter.ground_ur,
            minimum=starter.minimum,
            maximum=starter.maximum,
            starts_at=at,
        )
        save_rule(rule, actor=actor, reason=Reason.ONBOARDING, at=at)
    return len(missing)
