"""Services to register and change clients; a change that reduces guardian protection needs a second person."""

from copy import copy
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _, gettext_noop

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, build_changed_row, propose_change
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.staff_accounts import Stamp, notify_of_role, notify_owner, record_membership
from paktaleem.foundation.accounts.staff_ties import TieKind, add_ties
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.errors import EFFECT_SHOWN
from paktaleem.foundation.operations.jobs import enqueue_job

_REDUCES = gettext_noop("This reduces guardian protection: give the ground in words. A second person must approve it.")
_AGES = ("age_threshold", "country_thresholds", "country_full_ages", "country")


class ReducesProtection(ValidationError):
    """The change of a client reduces guardian protection: it takes a ground in words, and a second person."""

    def __init__(self) -> None:
        super().__init__({"ground": [ValidationError(_REDUCES, code=EFFECT_SHOWN)]})


def find_weakened_fields(before: Client, after: Client) -> dict[str, object]:
    """Return the changed columns, with new values, that end a guardian's part or access at a lower age."""
    found: dict[str, object] = {}
    if before.serves_minors and not after.serves_minors:
        found["serves_minors"] = False
    if after.thresholds.is_weaker_than(before.thresholds) or after.full_ages.is_weaker_than(before.full_ages):
        found |= {name: getattr(after, name) for name in _AGES if getattr(after, name) != getattr(before, name)}
    return found


@transaction.atomic
def adopt_law(client_id: UUID, *, actor: Actor, at: datetime) -> bool:
    """Let the ages, and the rules of assessments, in force today count for a client; return True if they differ.

    Where the law lowers an age of consent, the client keeps the higher one as its own (``age_threshold`` by the law of
    its country, otherwise ``country_thresholds``), and so for full ages (``country_full_ages``): to lower that takes a
    ground and a second person, as ``change_client`` requires. Nothing is retroactive: the history of the client keeps
    since when which day's law counted. Raises NotAllowed.
    """
    require(actor, Capability.RUN_TASKS, client_id)
    client = Client.objects.select_for_update().get(pk=client_id)
    before, client.law_on = copy(client), client.day_at(at)
    client.country_full_ages = client.adopted_full_ages
    if before.law_on and _list_counting(before) == _list_counting(client):
        return False
    had = before.thresholds
    if client.thresholds.default < had.default:
        client.age_threshold = had.default
    has = client.thresholds
    kept = {one: had.of(one) for one in {*had.law, *had.by_country} if has.of(one) < had.of(one)}
    client.country_thresholds = {**client.country_thresholds, **kept}
    _save_client(client, before, actor, Reason.LAW_CHANGE, at)
    return True


def _list_counting(client: Client) -> tuple[object, ...]:
    """Return what ``law_on`` decides, and the full ages that were adopted."""
    rules = client.rules_in_force
    return client.thresholds, client.country_full_ages, client.contact_law, rules.impact, rules.adequacy


RECOMPUTE_AGES = "subjects.recompute_ages"
"""Name of the task that recomputes ages (declared in an app above this one)."""


@transaction.atomic
def change_client(client: Client, *, ground: str = "", actor: Actor, reason: Reason | str, at: datetime) -> Client:
    """Register or change a client; recompute people's ages in a job if thresholds or time zone change.

    Values that reduce guardian protection (policy §8: no longer serving minors, a lower age) wait for a second person,
    with the ``ground`` in words; the returned ``client`` has its old values for them. Raises
    ReducesProtection if they have no ground, ValidationError naming the field, NotAllowed.
    """
    require(actor, Capability.MANAGE_CLIENTS, client.id)
    if client._state.adding:
        client.created_at = at
        client.full_clean()
        client.law_on = client.day_at(at)
        client.country_full_ages = client.adopted_full_ages
        return _save_client(client, None, actor, reason, at)
    before = Client.objects.select_for_update().filter(id=client.id).first()
    if before and before.is_sandbox != client.is_sandbox:
        raise ValidationError({"is_sandbox": ["A client is a sandbox from its registration on, or never."]})
    client.full_clean()
    if before and (withheld := find_weakened_fields(before, client)):
        if not ground.strip():
            raise ReducesProtection
        propose_change(before, PROTECTION.code, values=withheld, ground=ground, actor=actor, at=at)
        for name in withheld:
            setattr(client, name, getattr(before, name))
    return _save_client(client, before, actor, reason, at)


def _save_client(client: Client, before: Client | None, actor: Actor, reason: Reason | str, at: datetime) -> Client:
    try:
        with transaction.atomic():
            save_tracked(client, actor=actor, reason=reason, at=at)
    except IntegrityError as error:  # full_clean cannot see other clients' rows
        if "accounts_client_code" not in str(error):
            raise
        raise ValidationError({"code": ["Another client has this code."]}) from error
    facts = {name: getattr(client, name) for name in ("code", "country", "time_zone", "serves_minors", "age_threshold")}
    for name in ("country_thresholds", "country_full_ages"):
        facts[name] = dict(sorted(getattr(client, name).items()))
    facts["law_on"] = str(client.law_on)
    kind = "client.changed" if before else "client.registered"
    record_entry(kind, client_id=client.id, facts=facts, actor=actor, at=at)
    if before and (before.thresholds, before.time_zone) != (client.thresholds, client.time_zone):
        enqueue_job(RECOMPUTE_AGES, lock=f"{RECOMPUTE_AGES}/{client.id}", client=str(client.id))
    return client


def _apply(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    before = Client.objects.get(pk=change.row)
    client = build_changed_row(change)
    client.full_clean()
    _save_client(client, before, actor, reason, to_wall_clock(at))


PROTECTION = ChangeKind(
    code="protection",
    label=_("Guardians decide for fewer people"),
    effect=_(
        "People decide for themselves, or guardians lose access, at a lower age; or no minors are served any more."
    ),
    columns=("serves_minors", *_AGES),
    apply=_apply,
    requested="client.change_waiting",
    settled="client.change_settled",
    facts=lambda change: {"change": str(change.pk), "state": str(change.state), "changes": change.values},
)


@transaction.atomic
def suspend_membership(membership: Membership, *, actor: Actor, at: datetime) -> bool:
    """Lock a membership from the user's next request on (system clock), and inform them. Raises NotAllowed."""
    require(actor, Capability.RUN_TASKS, membership.client_id)
    row = _lock(membership)
    if row.ends_at is not None or row.suspended_at is not None:
        return False
    row.suspended_at = at
    save_tracked(row, actor=actor, reason=Reason.REVIEW, at=at)
    entry = record_membership("membership.suspended", row, Stamp(actor, Reason.REVIEW, at, ()))
    notify_owner(row.user_id, "role_locked", entry_id=entry.id, at=at)
    return True


@transaction.atomic
def restore_membership(membership: Membership, *, actor: Actor, reason: Reason | str, at: datetime) -> bool:
    """Restore a locked membership, which ties its holder to the actor (system clock). Raises NotAllowed."""
    require(actor, Capability.DECIDE_FOR_CLIENT, membership.client_id)
    row = _lock(membership)
    if row.ends_at is not None or row.suspended_at is None:
        return False
    row.suspended_at = None
    save_tracked(row, actor=actor, reason=reason, at=at)
    add_ties(row.user_id, TieKind.ENABLED, makers=(actor.id,), at=at)
    entry = record_membership("membership.restored", row, Stamp(actor, reason, at, ()))
    notify_of_role(row.user, entry_id=entry.id, at=at)
    return True


def _lock(membership: Membership) -> Membership:
    """Lock the user before the membership, as approvals do, and return the stored membership."""
    User.objects.select_for_update().get(pk=membership.user_id)
    found: Membership = Membership.objects.select_for_update().get(pk=membership.pk)
    return found
