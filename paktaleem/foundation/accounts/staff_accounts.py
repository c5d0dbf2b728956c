"""The acts on accounts and memberships of staff, once they are allowed: written, recorded, tied to those who did them.

Nothing here checks permissions: ``staff_services`` (one or two officers) and ``break_glass`` (the host) do. The
database holds staff to their schools (``tenancy.school_limits``); the rules here refuse with a sentence that is shown.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.utils.translation import gettext_noop

from paktaleem.foundation.accounts.actors import Actor, NotAllowed, user_actor
from paktaleem.foundation.accounts.models import ERASED_DOMAIN, Membership, User
from paktaleem.foundation.accounts.roles import OFFICER_ROLES, Capability
from paktaleem.foundation.accounts.staff_changes import StaffAct
from paktaleem.foundation.accounts.staff_ties import UNTIL_USED, TieKind, add_ties
from paktaleem.foundation.audit.actors import By, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry, record_own_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs import enqueue_job

_REFUSAL = "a limit names schools of the client only"
"""The words of the trigger function school_limits_check_names."""
_UNKNOWN = gettext_noop("Name only schools of this client.")


class OutsideOwnSchools(NotAllowed):
    """A limited member manages a membership that is not limited to the member's own schools."""

    console_message = "You manage colleagues within your own schools only, and not your own membership."


@contextmanager
def naming_own_schools() -> Iterator[None]:
    """Raise ValidationError if the database refuses a school that is not the client's; then roll back."""
    try:
        yield
    except IntegrityError as error:
        if _REFUSAL not in str(error):
            raise
        raise ValidationError({"school_ids": [_UNKNOWN]}) from error


def has_wider_limit(new: Membership, old: Membership) -> bool:
    """Return True if a membership shows a school that it did not show before."""
    if old.school_ids is None:
        return False
    return new.school_ids is None or not set(new.school_ids) <= set(old.school_ids)


def require_within(actor: Actor, *memberships: Membership) -> None:
    """Hold an actor limited to schools to others' memberships within these schools. Raises OutsideOwnSchools."""
    if actor.schools is None:
        return
    for one in memberships:
        if one.user_id == actor.id or one.school_ids is None or not set(one.school_ids) <= actor.schools:
            raise OutsideOwnSchools


def require_unlimited(actor: Actor) -> None:
    """Require an actor without a limit: a change that takes two people is not for limited staff. Raises NotAllowed."""
    if actor.schools is not None:
        raise NotAllowed(f"{actor.role} limited to schools may not propose or approve changes of staff.")


NOTIFY_OWNER = "signin.tell_owner"
"""Name of the task that notifies the owner of an account (declared in an app above this one)."""
SEND_STAFF_LINK = "signin.send_staff_link"
"""Name of the task that emails an invitation or a reset (declared in an app above this one)."""
STAFF_LINK_LIFE = timedelta(hours=settings.STAFF_LINK_HOURS)
"""How long the link of an invitation or a reset is valid; it works once."""


class AlreadyEnded(PortalError):
    console_message = "This membership has already ended."


class StaffLink:
    """Kinds of links to set a password; also the codes of their emails."""

    INVITATION = "staff_invitation"
    RESET = "staff_reset"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Actor, reason and time (system clock) of an act, and ``makers``: the staff who are tied to its user."""

    actor: By
    reason: Reason | str
    at: datetime
    makers: tuple[UUID, ...]


def list_roles(user_id: UUID, *, at: datetime) -> list[str]:
    """Return the roles that a member of staff has at any client, or that were proposed for them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT role FROM accounts_staff_roles(%s, %s)", [user_id, at])
        return [role for (role,) in cursor.fetchall()]


def is_officer(user_id: UUID, *, at: datetime) -> bool:
    return bool(OFFICER_ROLES.intersection(list_roles(user_id, at=at)))


def has_capability(user_id: UUID, capability: Capability, client_id: UUID, *, at: datetime) -> bool:
    """Return True if a member of staff may act for a client at ``at``; False for a disabled account."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT role, client_id, school_ids FROM accounts_memberships(%s, %s)", [user_id, at])
        found = [user_actor(user_id, role, where, schools=schools) for role, where, schools in cursor.fetchall()]
    return any(actor.may(capability, client_id) for actor in found)


def create_account(user: User, stamp: Stamp) -> User:
    user.created_at = stamp.at
    if not user.password:
        user.set_unusable_password()
    user.full_clean()
    save_tracked(user, actor=stamp.actor, reason=stamp.reason, at=stamp.at)
    record_user_entry("user.invited", user, stamp)
    return user


def send_link(user: User, kind: str, stamp: Stamp) -> None:
    """Make the password and all earlier links invalid, and email a link with which the owner sets a new one."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    add_ties(user.pk, TieKind.LINK, makers=stamp.makers, at=stamp.at, open_until=stamp.at + STAFF_LINK_LIFE)
    enqueue_job(SEND_STAFF_LINK, user=str(user.pk), kind=kind, at=stamp.at.isoformat())


def apply_act(
    act: StaffAct,
    user: User,
    *,
    stamp: Stamp,
    client_id: UUID,
    role: str = "",
    school_ids: list[UUID] | None = None,
    email: str = "",
) -> None:
    """Do one act to a member of staff, in the context of ``client_id``; a role without ``school_ids`` has no limit.

    Raises ValidationError, AlreadyEnded if the membership to change has ended.
    """
    if act == StaffAct.GRANT_ROLE:
        membership = Membership(client_id=client_id, user=user, role=role, school_ids=school_ids, starts_at=stamp.at)
        membership.full_clean()
        _save_role(membership, stamp)
    elif act == StaffAct.CHANGE_ROLE:
        current = Membership.objects.select_for_update().filter(client_id=client_id, user=user, ends_at=None).first()
        if current is None:
            raise AlreadyEnded
        current.role, current.school_ids = role, school_ids
        _save_role(current, stamp)
    elif act == StaffAct.CHANGE_EMAIL:
        user.email = email
        user.full_clean(exclude=["password"])
        save_tracked(user, actor=stamp.actor, reason=stamp.reason, at=stamp.at, only=["email"])
        send_link(user, StaffLink.RESET, stamp)
        record_user_entry("user.email_changed", user, stamp)
    elif act == StaffAct.ENABLE:
        user.is_active = True
        save_tracked(user, actor=stamp.actor, reason=stamp.reason, at=stamp.at, only=["is_active"])
        add_ties(user.pk, TieKind.ENABLED, makers=stamp.makers, at=stamp.at)
        _record_and_notify("user.enabled", "enabled", user, stamp)
    elif act == StaffAct.RESET_PASSWORD:
        send_link(user, StaffLink.RESET, stamp)
        record_user_entry("user.password_link_sent", user, stamp)
    elif act == StaffAct.RESET_FACTOR:
        removed, _ = Authenticator.objects.filter(user=user).delete()
        add_ties(user.pk, TieKind.FACTOR, makers=stamp.makers, at=stamp.at, open_until=UNTIL_USED)
        _record_and_notify("user.second_factor_reset", "factors_reset", user, stamp, removed=removed)


def erase_account(user: User, stamp: Stamp) -> None:
    """Remove the name, address, password and second factors of a locked account without a role (GDPR Art. 17).

    The row stays, because evidence names its id; ``staff_accounts`` disposes of its traces at clients.
    """
    user.email, user.full_name, user.time_zone = f"{user.pk}{ERASED_DOMAIN}", "", ""
    user.is_active, user.last_login = False, None
    user.erased_at = user.sessions_ended_at = stamp.at
    user.set_unusable_password()
    Authenticator.objects.filter(user=user).delete()
    save_tracked(user, actor=stamp.actor, reason=stamp.reason, at=stamp.at)
    record_user_entry("user.erased", user, stamp)


def _save_role(membership: Membership, stamp: Stamp) -> None:
    with naming_own_schools():
        save_tracked(membership, actor=stamp.actor, reason=stamp.reason, at=stamp.at)
    add_ties(membership.user_id, TieKind.ROLE, makers=stamp.makers, at=stamp.at)
    record_membership("membership.changed", membership, stamp)


def _record_and_notify(kind: str, change: str, user: User, stamp: Stamp, **facts: int) -> None:
    entry = record_user_entry(kind, user, stamp, **facts)
    notify_owner(user.pk, change, entry_id=entry.id, at=stamp.at)


def record_user_entry(kind: str, user: User, stamp: Stamp, **facts: int | str) -> Entry:
    values = {"user": str(user.pk), "is_active": user.is_active, **facts}
    return record_own_entry(kind, facts=values, actor=stamp.actor, at=stamp.at)


def record_membership(kind: str, membership: Membership, stamp: Stamp) -> Entry:
    facts: dict[str, object] = {"membership": str(membership.pk), "user": str(membership.user_id)}
    facts["role"] = membership.role
    if membership.school_ids is not None:
        facts["schools"] = sorted(map(str, membership.school_ids))
    return record_entry(kind, client_id=membership.client_id, facts=facts, actor=stamp.actor, at=stamp.at)


def notify_of_role(user: User, *, entry_id: UUID, at: datetime) -> None:
    """Inform the holder of a given or changed role by email; the invitation informs who has no password yet."""
    if user.has_usable_password():
        notify_owner(user.pk, "role_given", entry_id=entry_id, at=at)


def write_end(membership: Membership, stamp: Stamp) -> Membership:
    membership.ends_at = stamp.at
    save_tracked(membership, actor=stamp.actor, reason=stamp.reason, at=stamp.at)
    record_membership("membership.ended", membership, stamp)
    return membership


def lock_active_membership(membership: Membership) -> Membership:
    """Lock and return the stored membership. Raises AlreadyEnded if it has ended."""
    locked: Membership = Membership.objects.select_for_update().get(pk=membership.pk)
    if locked.ends_at is not None:
        raise AlreadyEnded
    return locked


def notify_owner(user_id: UUID, change: str, *, entry_id: UUID, at: datetime) -> None:
    """Enqueue an email to the owner; ``change`` is one of ``CHANGES`` in ``directory.staff.sign_in.tasks``."""
    enqueue_job(NOTIFY_OWNER, user=str(user_id), change=change, entry=str(entry_id), at=at.isoformat())
