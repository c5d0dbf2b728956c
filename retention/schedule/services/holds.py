"""Placing, reviewing and lifting holds. Only the side that placed a hold lifts it, by two people."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.agreements.selectors import has_left
from consent.decisions.services import close_hold, open_hold
from consent.register.models.purposes import DataCategory
from consent.sharing.models import LegalDisclosure
from paktaleem.directory.data_systems.models import Order, OrderKind, OrderQuerySet, System
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.issuing import lock_open_orders, recall_orders, release_orders
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, lock_row
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, find_waiting, propose_change
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from retention.holdings.services.incidents import order_after_hold
from retention.schedule.models import Hold, HoldKind
from retention.schedule.selectors import find_holds

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
    client: Client,
    *,
    kind: HoldKind | str,
    scope: HoldScope,
    ground: str,
    review_on: date,
    actor: Actor,
    at: datetime,
) -> Hold:
    """Place a hold, which keeps data in its scope until it is lifted; also from an erasure that has begun.

    Raises ValidationError naming the field, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.MANAGE_HOLDS, client.pk)
    _check_scope(client, scope)
    if scope.subject is not None:  # the start of an erasure locks the person, too: it is refused, or recalled
        lock_open_orders(scope.subject)
        lock_subject(scope.subject.pk, client_id=client.pk, during_erasure=True)
    hold = _build_hold(client, kind, scope)
    hold.ground, hold.review_on = _require_ground(ground), _require_later(client, review_on, at=at)
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


def _check_open(hold: Hold, _actor: Actor, _at: datetime) -> None:
    if not hold.is_open:
        raise Refused(_("This hold was lifted already."))


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
    lock=lock_row,
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
    lock=lock_row,
    check=_check_lift,
)
def lift_hold(hold: Hold, *, ground: LiftGround, actor: Actor, at: datetime) -> Hold:
    """Request the lifting, to which a second person of the side that placed the hold must agree.

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


def _check_scope(client: Client, scope: HoldScope) -> None:
    if scope.subject is not None and scope.subject.client_id != client.pk:
        raise ValidationError({"subject": [_("Choose a person of this client.")]})
    owners = [client.pk, PAKTALEEM]
    if scope.category and not DataCategory.objects.filter(client_id__in=owners, code=scope.category).exists():
        raise ValidationError({"category": [_("Choose a data category of the register.")]})
    if scope.system is not None and scope.system.client_id not in owners:
        raise ValidationError({"system": [_("Choose a system of this client or of PakTaleem.")]})


def _require_ground(ground: str) -> str:
    if not ground.strip():
        raise ValidationError({"ground": [_("Give a ground in words.")]})
    return ground.strip()


def _require_later(client: Client, review_on: date, *, at: datetime) -> date:
    if review_on <= at.astimezone(ZoneInfo(client.time_zone)).date():
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
