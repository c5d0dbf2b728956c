"""Adding, changing and ending retention rules, inside PakTaleem's bounds."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consent.register.compiled import Basis
from consent.register.effects import WeakensSafeguard
from consent.register.models.purposes import LawfulBasis, Purpose, SafeguardChange, SafeguardKind, WideningKind
from consent.register.services import (
    build_changed_row,
    check_register_row,
    list_changed_values,
    prepare_row,
    record_widening,
    save_register_row,
    store_safeguard_change,
    stored_row,
)
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.models import Disposal, RetentionRule
from retention.schedule.resolution import Period, PeriodInvalid, is_never_shorter, parse_period
from retention.schedule.starter_rules import STARTER_RULES, StarterRule
from retention.schedule.weakening import is_disposed_earlier, is_kept_longer

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
_UNCHANGEABLE = gettext_noop("This cannot change: end this rule and add another.")
_NOT_NEEDED = gettext_noop("This purpose does not need this data category, so it needs no rule.")
_SHARED_ONLY = gettext_noop("Only PakTaleem sets bounds for its clients.")
_ENDED = gettext_noop("It has already ended.")
_BOUNDS_CROSSED = gettext_noop("The minimum must not be longer than the maximum.")


@transaction.atomic
def save_rule(rule: RetentionRule, *, actor: Actor, reason: Reason | str, at: datetime) -> RetentionRule:
    """Add a retention rule, or change one: in force from its start, never backdated (policy §4).

    A rule that has started can only be ended. A client's rule must be inside the bounds of PakTaleem's rules for the
    same data. A rule by which data is kept longer outdates earlier consents. Raises ValidationError naming the field,
    WeakensSafeguard if data would be disposed of earlier or without a review, NotAllowed.
    """
    check_rule(rule, actor=actor, at=at)
    if is_disposed_earlier(rule, at=at):
        raise WeakensSafeguard(SafeguardKind.RETENTION)
    return _save(rule, actor=actor, reason=reason, at=at)


@transaction.atomic
def request_earlier_disposal(rule: RetentionRule, *, ground: str, actor: Actor, at: datetime) -> SafeguardChange:
    """Request a rule, or its end, after which data is disposed of earlier or without a review (decision 0053).

    Raises ValidationError naming the field, NotAllowed.
    """
    values = list_changed_values(rule, check_rule(rule, actor=actor, at=at))
    about: dict[str, Any] = {"purpose": rule.purpose.code, "values": values, "ground": ground}
    return store_safeguard_change(rule, SafeguardKind.RETENTION, **about, actor=actor, at=at)


def apply_approved_rule(change: SafeguardChange, *, actor: Actor, reason: Reason | str, at: datetime) -> bool:
    """Save the rule of an approved change; False for a change of another kind. Connected to ``weaker_rows``.

    Raises ValidationError.
    """
    if change.kind != SafeguardKind.RETENTION:
        return False
    rule: Any = build_changed_row(change, at)
    check_rule(rule, actor=actor, at=at)
    _save(rule, actor=actor, reason=reason, at=at)
    return True


def _save(rule: RetentionRule, *, actor: Actor, reason: Reason | str, at: datetime) -> RetentionRule:
    if is_kept_longer(rule, at=at):
        _outdate_consents(rule, actor=actor, at=at)
    return save_register_row(rule, actor=actor, reason=reason, at=at)


def _outdate_consents(rule: RetentionRule, *, actor: Actor, at: datetime) -> None:
    owners = [rule.client_id, PAKTALEEM]
    consents = LawfulBasis.objects.filter(client_id__in=owners, purpose__code=rule.purpose.code, basis=Basis.CONSENT)
    if rule.client_id == PAKTALEEM or consents.exists():
        since = rule.starts_at if rule.starts_at > at else rule.ends_at or at
        added, owner = [rule.category], rule.client_id
        record_widening(rule.purpose, WideningKind.PERIOD, added, client_id=owner, actor=actor, at=max(at, since))


def check_rule(rule: RetentionRule, *, actor: Actor, at: datetime) -> RetentionRule | None:
    """Check a rule that is to be saved, and return the stored one, if any.

    Raises ValidationError naming the field, and what else ``save_rule`` raises.
    """
    prepare_row(rule, actor)
    before = stored_row(rule)
    check_register_row(rule, before, at=at)
    if rule.category not in rule.purpose.categories:
        raise ValidationError({"category": [_NOT_NEEDED]})
    _check_bounds(rule, at=at)
    if not isinstance(before, RetentionRule):
        return None
    _refuse_changes(rule, before, at=at)
    return before


@transaction.atomic
def end_rule(rule: RetentionRule, *, actor: Actor, reason: Reason | str, at: datetime) -> RetentionRule:
    """End a rule now; PakTaleem's rule for the same data applies again, if there is one (policy §4).

    Raises ValidationError if it has already ended, WeakensSafeguard if a shorter rule applies then,
    NotAllowed.
    """
    if rule.ends_at is not None and rule.ends_at <= at:
        raise ValidationError({"ends_at": [_ENDED]})
    rule.ends_at = at
    return save_rule(rule, actor=actor, reason=reason, at=at)


def _refuse_changes(rule: RetentionRule, before: RetentionRule, *, at: datetime) -> None:
    has_started = before.starts_at <= at
    for field in ("category", *(FIXED_ONCE_STARTED if has_started else ())):
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
    """Add the starter rules of purposes that have none for the category; returns the number of rules added (policy §4).

    A rule that was ended is not added again. Connected to ``starter_parts``; runs in PakTaleem's own context. Raises
    NotAllowed.
    """
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
        save_rule(_build_rule(starter, purpose, category, at), actor=actor, reason=Reason.ONBOARDING, at=at)
    return len(missing)


def _build_rule(starter: StarterRule, purpose: Purpose, category: str, at: datetime) -> RetentionRule:
    return RetentionRule(
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
