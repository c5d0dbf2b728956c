"""Holds, which only the side that placed them lifts, and retention rules inside PakTaleem's bounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _, gettext_lazy

from consent.agreements.selectors import has_left
from consent.decisions.services import close_hold, open_hold
from consent.register.compiled import Basis
from consent.register.effects import WeakensSafeguard, is_sandbox
from consent.register.models.purposes import ROLES, DataCategory, LawfulBasis, Purpose, WideningKind
from consent.register.services import (
    check_register_row,
    list_changed_values,
    prepare_row,
    record_widening,
    save_register_row,
    stored_row,
)
from consent.sharing.models import LegalDisclosure
from paktaleem.directory.data_systems.models import Order, OrderKind, OrderQuerySet, System
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.issuing import lock_open_orders, recall_orders, release_orders
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, refuse_if
from paktaleem.foundation.accounts.changes import (
    ChangeKind,
    ProposedChange,
    build_changed_row,
    find_waiting,
    propose_change,
)
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from retention.holdings.services.incidents import order_after_hold
from retention.schedule.models import Disposal, Hold, HoldKind, RetentionRule
from retention.schedule.resolution import Period, PeriodInvalid, is_never_shorter, parse_period
from retention.schedule.selectors import find_applied, find_holds

_OTHER_SIDE = gettext_lazy("Only the side that placed this hold can lift it: PakTaleem’s officers, or the client.")
ReviewDay = Annotated[
    date,
    forms.DateField(label="Review day", help_text="On this day, the first page asks whether the hold is still needed."),
]
LiftGround = Annotated[
    str,
    forms.CharField(
        label="Ground",
        max_length=2000,
        widget=AdminTextareaWidget,
        help_text="Why is the hold no longer needed? Do not name people.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldScope:
    """The data that a hold covers: all of the client, or that of one person, category or system, or a mix of these."""

    subject: Subject | None = None
    category: str = ""
    system: System | None = None


@transaction.atomic
def place_hold(
    client: Client, *, kind: HoldKind | str, scope: HoldScope, ground: str, review_on: date, actor: Actor, at: datetime
) -> Hold:
    """Place a hold, which keeps data in its scope until it is lifted; also from an erasure that has begun.

    Raises ValidationError naming the field, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.MANAGE_HOLDS, client.pk)
    if scope.subject is not None and scope.subject.client_id != client.pk:
        raise ValidationError({"subject": [_("Choose a person of this client.")]})
    owners = [client.pk, PAKTALEEM]
    if scope.category and not DataCategory.objects.filter(client_id__in=owners, code=scope.category).exists():
        raise ValidationError({"category": [_("Choose a data category of the register.")]})
    if scope.system is not None and scope.system.client_id not in owners:
        raise ValidationError({"system": [_("Choose a system of this client or of PakTaleem.")]})
    if scope.subject is not None:  # the start of an erasure locks the person, too: it is refused, or recalled
        lock_open_orders(scope.subject)
        lock_subject(scope.subject.pk, client_id=client.pk, during_erasure=True)
    hold = _build_hold(client, kind, scope)
    if not ground.strip():
        raise ValidationError({"ground": [_("Give a ground in words.")]})
    hold.ground, hold.review_on = ground.strip(), _require_later(client, review_on, at=at)
    hold.is_of_client = actor.client_id is not None
    return _save_hold(hold, actor, at)


def _build_hold(client: Client, kind: HoldKind | str, scope: HoldScope, case: Parent | None = None) -> Hold:
    return Hold(
        id=new_id(),
        client_id=client.pk,
        kind=HoldKind(kind).value,
        subject=scope.subject,
        category=scope.category,
        system=scope.system,
        system_owner=scope.system.client_id if scope.system else None,
        related_kind=case.kind if case else "",
        related_id=case.id if case else None,
    )


def _save_hold(hold: Hold, actor: Actor, at: datetime) -> Hold:
    hold.placed_at, hold.placed_kind, hold.placed_by = at, actor.kind.value, actor.id
    save_tracked(hold, actor=actor, reason=Reason.REVIEW, at=at)
    if not is_of_request(hold):
        record_hold("hold.placed", hold, actor, at)
    deny_deletion(hold, actor, at)
    return hold


_check_open = refuse_if(lambda row: not row.is_open, gettext_lazy("This hold was lifted already."))


def _check_lift(hold: Hold, actor: Actor, at: datetime) -> None:
    """Refuse the other side than the one that placed the hold; officers also act for a client that has left."""
    _check_open(hold, actor, at)
    if is_of_request(hold):
        raise Refused(_("This hold protects an open rights request. It ends when the request ends."))
    is_officer = actor.client_id is None
    if hold.is_of_client == is_officer and not (is_officer and has_left(hold.client_id, at=at)):
        raise Refused(_OTHER_SIDE)
    if find_waiting(hold).exists():
        raise Refused(_("Lifting was requested already: a second person may agree."))


@act(
    "review",
    "Keep the hold",
    Capability.MANAGE_HOLDS,
    lead="The hold is still needed. Set the day of the next review.",
    done="Reviewed. The hold stays in force.",
    check=_check_open,
)
def review_hold(hold: Hold, *, review_on: ReviewDay, reason: Reason | str, actor: Actor, at: datetime) -> Hold:
    """Keep a hold and set its next review day. Raises ValidationError, Refused, NotAllowed."""
    hold.review_on = _require_later(hold.client, review_on, at=at)
    save_tracked(hold, actor=actor, reason=reason, at=at)
    record_hold("hold.reviewed", hold, actor, at)
    return hold


@act(
    "lift",
    "Lift the hold",
    Capability.DECIDE_FOR_CLIENT,
    lead="The retention rules then apply to the data again. Only the side that placed a hold lifts it; the hold stays "
    "in force until a second person agrees, under Changes by two people.",
    done="Recorded. A second person must agree.",
    danger=True,
    check=_check_lift,
)
def lift_hold(hold: Hold, *, ground: LiftGround, actor: Actor, at: datetime) -> Hold:
    """Request the lifting of a hold, which stays in force until a second person agrees.

    The side that placed the hold lifts it; officers also lift a client's hold once its agreement has ended.
    Raises ValidationError for an empty ground, Refused, NotAllowed.
    """
    propose_change(hold, LIFT.code, ground=ground, actor=actor, at=at)
    record_hold("hold.lift_requested", hold, actor, at)
    return hold


def _get_held(change: ProposedChange) -> Hold:
    return Hold.objects.select_related("client").get(pk=change.row, client_id=change.client_id)


def _apply_lift(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    del reason  # the hold's history has the ground in words
    hold = _get_held(change)
    _check_open(hold, actor, at)
    end_hold(hold, change.ground, actor, at)


def _decline_lift(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    del reason  # no row changes
    record_hold("hold.lift_declined", _get_held(change), actor, at)


LIFT = ChangeKind(
    code="hold",
    label=gettext_lazy("A hold is lifted"),
    effect=gettext_lazy("The retention rules then apply to the data again."),
    capability=Capability.DECIDE_FOR_CLIENT,
    apply=_apply_lift,
    decline=_decline_lift,
    may_approve=lambda change, actor: actor.client_id is None or _get_held(change).is_of_client,
)
"""The lifting of an officer's hold is approved by officers."""


def end_hold(hold: Hold, ground: str, actor: Actor, at: datetime) -> Hold:
    """Lift a locked hold; what only it kept is ordered again. The caller has checked who may."""
    hold.lifted_at, hold.lifted_by, hold.lift_ground = max(at, hold.placed_at), actor.id, ground
    save_tracked(hold, actor=actor, reason=Reason.REVIEW, at=at)
    if not is_of_request(hold):
        record_hold("hold.lifted", hold, actor, at)
    close_hold(hold.pk, client_id=hold.client_id, at=hold.lifted_at)
    release_orders(_find_covered(hold), _find_kept, actor=actor, at=at)
    order_after_hold(hold.client_id, hold.subject_id, at=at)
    return hold


def deny_deletion(hold: Hold, actor: Actor, at: datetime) -> None:
    """Have decisions refuse to delete what a hold covers, and recall orders to erase it; not for an open request."""
    if hold.kind == HoldKind.OPEN_REQUEST:
        return
    open_hold(hold.pk, client_id=hold.client_id, subject_id=hold.subject_id, category=hold.category, at=hold.placed_at)
    recall_orders(_find_covered(hold), _find_kept, actor=actor, at=at)


def _find_covered(hold: Hold) -> OrderQuerySet:
    kinds = [OrderKind.ERASE, OrderKind.ANONYMISE]
    orders: OrderQuerySet = Order.objects.filter(client_id=hold.client_id, kind__in=kinds)
    if hold.subject is not None:
        orders = orders.filter(subject__in=[hold.subject, *list_same_person(hold.subject)])
    orders = orders.filter(categories__contains=[hold.category]) if hold.category else orders
    return orders.filter(system=hold.system) if hold.system else orders


def _find_kept(order: Order) -> frozenset[str]:
    holds = find_holds(order.client_id, subject_id=order.subject_id, system_id=order.system_id)
    codes = set(holds.exclude(kind=HoldKind.OPEN_REQUEST).values_list("category", flat=True))
    return frozenset(order.categories if "" in codes else codes & set(order.categories))


def _require_later(client: Client, review_on: date, *, at: datetime) -> date:
    if review_on <= client.day_at(at):
        raise ValidationError({"review_on": [_("Choose a day after today.")]})
    return review_on


def is_of_request(hold: Hold) -> bool:
    """Return True if the hold lasts as long as a rights request, whose entries in the ledger say so."""
    return hold.kind == HoldKind.OPEN_REQUEST and hold.related_id is not None


def record_hold(kind: str, hold: Hold, actor: Actor, at: datetime) -> None:
    """Record an act about a hold in the ledger."""
    facts = {
        "hold": str(hold.pk),
        "kind": str(hold.kind),
        "category": hold.category or None,
        "system": str(hold.system_id) if hold.system_id else None,
        "review_on": hold.review_on.isoformat(),
        "related": str(hold.related_id) if hold.related_id else None,
    }
    record_entry(kind, client_id=hold.client_id, subject_id=hold.subject_id, facts=facts, actor=actor, at=at)


LEGAL_GROUND = "A law requires PakTaleem to keep this data."
"""The ground of a legal hold whose case the client must not know."""
_A_DAY = timedelta(days=1)
_REVIEW_AFTER = timedelta(days=90)


def hold_for_case(
    subject: Subject,
    *,
    client: Client,
    kind: HoldKind,
    case: Parent,
    ground: str,
    review_at: datetime,
    actor: Actor,
    at: datetime,
) -> Hold:
    """Hold all data of a person for a case that the caller has locked and that has no open hold of this person.

    It is reviewed on the day of ``review_at``, at the earliest tomorrow.
    """
    hold = _build_hold(client, kind, HoldScope(subject=subject), case)
    hold.ground, hold.review_on = ground, _review_day(client, review_at, at)
    return _save_hold(hold, actor, at)


def hold_for_legal_demand(demand: LegalDisclosure, actor: Actor, at: datetime) -> None:
    """Hold a person's data for an approved demand, which the hold does not name: the instrument may be secret.

    Officers lift it. Connected to ``legal_demand_approved``.
    """
    subject = Subject.objects.select_related("client").get(pk=demand.subject_id, client_id=demand.client_id)
    if subject.erased_at is None:
        place_hold(
            subject.client,
            kind=HoldKind.LEGAL,
            scope=HoldScope(subject=subject),
            ground=LEGAL_GROUND,
            review_on=_review_day(subject.client, at + _REVIEW_AFTER, at),
            actor=actor,
            at=at,
        )


def lift_holds_of_case(client_id: UUID, case: Parent, *, ground: str, actor: Actor, at: datetime) -> int:
    """Lift the open holds of a case, in the caller's transaction; return how many. Idempotent."""
    own = Hold.objects.open().filter(client_id=client_id, related_kind=case.kind, related_id=case.id)
    found = list(own.select_for_update(of=("self",)))
    for hold in found:
        end_hold(hold, ground, actor, at)
    return len(found)


def _review_day(client: Client, wanted: datetime, at: datetime) -> date:
    zone = ZoneInfo(client.time_zone)
    return max(wanted.astimezone(zone).date(), at.astimezone(zone).date() + _A_DAY)


def is_disposed_earlier(rule: RetentionRule, *, at: datetime) -> bool:
    """Return True if the changed rule disposes of data earlier at any time, or without review; never in a sandbox.

    Where no rule applied, the last one counts: a rule does not end first, and give way to a shorter one later.
    """
    if is_sandbox(rule.client_id):
        return False
    changes = _list_changes(rule, at)
    return any(after is not None and _is_earlier(before or last, after) for before, after, last in changes)


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
    own = {"client_id__in": [rule.client_id, PAKTALEEM], "category": rule.category}
    stored = list(RetentionRule.objects.filter(**own, purpose__code=rule.purpose.code))
    changed = [rule, *(row for row in stored if row.pk != rule.pk)]
    ends = (moment for row in (*stored, rule) for moment in (row.starts_at, row.ends_at))
    moments = {at, *(moment for moment in ends if moment is not None and moment > at)}
    for role in {rule.role} if rule.role else {code for code, _name in ROLES}:
        for moment in moments:
            of_role = [(row.ends_at, row) for row in stored if row.role in {"", role} and row.ends_at]
            ended = [(ends_at, row) for ends_at, row in of_role if ends_at <= moment]
            last = max(ended, key=itemgetter(0))[1] if ended else None
            yield find_applied(stored, role, moment), find_applied(changed, role, moment), last


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


_STARTER_FILE = Path(__file__).with_name("starter_rules.toml")
STARTER_RULES = msgspec.toml.decode(_STARTER_FILE.read_bytes(), type=dict[str, list[StarterRule]])["rules"]
"""A rule for every category of every starter purpose."""


FIXED_ONCE_STARTED = (
    *("trigger", "fixed_on", "period", "action", "method", "is_automatic"),
    *("ground_en", "ground_ur", "minimum", "maximum"),
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
    is_kept_longer = any(
        before and (after is None or _is_counted_anew(before, after) or _is_shorter(before.period, after.period))
        for before, after, _last in _list_changes(rule, at)
    )
    return is_kept_longer and (rule.client_id == PAKTALEEM or consents.exists())


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
        shared = RetentionRule.objects.filter(
            client_id=PAKTALEEM, category=rule.category, purpose__code=rule.purpose.code
        ).exclude(ends_at__lte=max(at, rule.starts_at))
        if rule.role:
            shared = shared.filter(role__in=["", rule.role])
        for one in shared:
            _require_between(period, _parse(one, "minimum"), _parse(one, "maximum"))
    elif minimum and maximum and not is_never_shorter(maximum, minimum):
        raise ValidationError({"minimum": [_("The minimum must not be longer than the maximum.")]})
    else:
        _require_between(period, minimum, maximum)


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
        same = {name: getattr(starter, name) for name in FIXED_ONCE_STARTED if name in starter.__struct_fields__}
        action = Disposal.ANONYMISE if starter.method else Disposal.DELETE
        about = {"client_id": PAKTALEEM, "category": category, "purpose": purpose, "action": action, "starts_at": at}
        save_rule(RetentionRule(**about, **same), actor=actor, reason=Reason.ONBOARDING, at=at)
    return len(missing)
