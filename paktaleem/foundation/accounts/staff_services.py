"""Services for staff: accounts, memberships, recovery. Privileged staff take two officers (decision 0054).

One officer proposes such an act, which is stored as a ``StaffChange``; another approves it. What takes power away, or
concerns staff without a privileged role, one officer does alone. A client's administrator invites colleagues without
privileged capabilities alone; another administrator takes two people (decision 0093).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext, gettext_noop

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.leaving import end_sessions, lock_last_administrator, revoke_held_keys
from paktaleem.foundation.accounts.models import Client, Membership, User
from paktaleem.foundation.accounts.roles import Capability, is_privileged, is_wider
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change, request_change
from paktaleem.foundation.accounts.staff_accounts import (
    StaffLink,
    Stamp,
    apply_act,
    create_account,
    has_capability,
    has_wider_limit,
    list_roles,
    lock_active_membership,
    naming_own_schools,
    notify_of_role,
    notify_owner,
    record_membership,
    record_user_entry,
    require_unlimited,
    require_within,
    send_link,
    write_end,
)
from paktaleem.foundation.accounts.staff_changes import StaffAct, StaffChange
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_ADDRESS_TAKEN = gettext_noop("An account has this address. Enter another.")
PASSWORD_IS_SET = gettext_noop("The owner has set a password in the meantime.")
_ACCOUNT_FIELDS = ["full_name", "language", "is_active"]


class AlreadyProposed(PortalError):
    """The same act is already proposed for this member of staff."""

    console_message = "This is already proposed, and waits under Changes of staff for another officer."


class ProposerMayNotAnyMore(PortalError):
    """The officer who proposed the change no longer has the role, or their account is disabled."""

    console_message = "The officer who proposed this is no longer an officer. Decline it, and propose it again."


def require_management(actor: Actor, client_id: UUID) -> Capability:
    """Require the capability for roles at a client, and return it: officers' or administrators'. Raises NotAllowed."""
    needed = Capability.MANAGE_STAFF if client_id == PAKTALEEM else Capability.MANAGE_COLLEAGUES
    require(actor, needed, client_id)
    return needed


@transaction.atomic
def invite_user(
    email: str,
    *,
    full_name: str,
    language: str = settings.LANGUAGE_CODE,
    actor: Actor,
    reason: Reason | str = Reason.ONBOARDING,
    at: datetime,
) -> User:
    """Create an account without a role, and email a link to set its password. Raises ValidationError, NotAllowed."""
    require(actor, Capability.MANAGE_STAFF)
    stamp = Stamp(actor, reason, at, (actor.id,))
    user = create_account(User(email=email.strip(), full_name=full_name.strip(), language=language), stamp)
    send_link(user, StaffLink.INVITATION, stamp)
    return user


@transaction.atomic
def resend_link(user: User, *, actor: Actor, reason: Reason | str = Reason.ONBOARDING, at: datetime) -> None:
    """Email an unused link again: the invitation, or the reset that was approved; the earlier link becomes invalid.

    The officer is tied to the user like those who sent it first. Raises Refused if they have set
    a password, NotAllowed.
    """
    require(actor, Capability.MANAGE_STAFF)
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.has_usable_password():
        raise Refused(gettext(PASSWORD_IS_SET))
    stamp = Stamp(actor, reason, at, (actor.id,))
    send_link(user, StaffLink.INVITATION if user.last_login is None else StaffLink.RESET, stamp)
    record_user_entry("user.link_sent_again", user, stamp)


@transaction.atomic
def change_user(
    user: User,
    *,
    left_without: Sequence[Client] = (),
    ground: str = "",
    actor: Actor,
    reason: Reason | str = Reason.REVIEW,
    at: datetime,
) -> User | StaffChange:
    """Change the name, language or active state of a member of staff; a disabled user's next request fails.

    ``left_without`` are the clients of which no administrator can sign in after the account is disabled, as the officer
    has confirmed (``list_clients_left_without``, decision 0093); they are recorded.

    Re-enabling privileged staff is proposed: returns the ``StaffChange``, and the account stays disabled. Raises
    AlreadyProposed, GroundNeeded, ValidationError, NotAllowed.
    """
    require(actor, Capability.MANAGE_STAFF)
    user.full_clean()
    enables = user.is_active and not User.objects.select_for_update().get(pk=user.pk).is_active
    if enables:
        user.is_active = False
    save_tracked(user, actor=actor, reason=reason, at=at, only=_ACCOUNT_FIELDS)
    facts = {"left_without_administrator": ", ".join(str(one.pk) for one in left_without)} if left_without else {}
    record_user_entry("user.changed", user, Stamp(actor, reason, at, ()), **facts)
    if not enables:
        return user
    return _do_or_propose(StaffAct.ENABLE, user, ground=ground, actor=actor, reason=reason, at=at) or user


def reset_password(
    user: User, *, ground: str = "", actor: Actor, reason: Reason | str, at: datetime
) -> StaffChange | None:
    """Email a member of staff a link to set a new password; the old password and all sessions end.

    For privileged staff it is proposed: returns the ``StaffChange``. Raises AlreadyProposed, GroundNeeded, NotAllowed.
    """
    return _do_or_propose(StaffAct.RESET_PASSWORD, user, ground=ground, actor=actor, reason=reason, at=at)


def reset_second_factor(
    user: User, *, ground: str = "", actor: Actor, reason: Reason | str, at: datetime
) -> StaffChange | None:
    """Remove all second factors of a member of staff, who enrols again at the next sign-in.

    For privileged staff it is proposed: returns the ``StaffChange``. Raises AlreadyProposed, GroundNeeded, NotAllowed.
    """
    return _do_or_propose(StaffAct.RESET_FACTOR, user, ground=ground, actor=actor, reason=reason, at=at)


def change_email(
    user: User, *, email: str, ground: str = "", actor: Actor, reason: Reason | str, at: datetime
) -> StaffChange | None:
    """Change the email address of a member of staff, who gets a link to set a new password there.

    For privileged staff it is proposed: returns the ``StaffChange``. Raises AlreadyProposed, GroundNeeded,
    ValidationError, NotAllowed.
    """
    require(actor, Capability.MANAGE_STAFF)
    email = email.strip()
    if User.objects.filter(email__iexact=email).exists():
        raise ValidationError({"email": [_ADDRESS_TAKEN]})
    return _do_or_propose(StaffAct.CHANGE_EMAIL, user, email=email, ground=ground, actor=actor, reason=reason, at=at)


@transaction.atomic
def change_membership(
    membership: Membership, *, ground: str = "", actor: Actor, reason: Reason | str, at: datetime
) -> Membership | StaffChange:
    """Give a user a role at a client, or change it; it starts now, never earlier (ASVS 8.3.2).

    A privileged role, a wider one, or one for more schools, is proposed: returns the ``StaffChange``, and nothing has
    changed. An administrator whose role becomes narrower, or is limited to fewer schools, loses the API keys they hold.
    Raises AlreadyEnded for an ended membership, AlreadyProposed, GroundNeeded, LastAdministrator, OutsideOwnSchools,
    ValidationError, NotAllowed, also where a limited administrator would have to propose.
    """
    require_management(actor, membership.client_id)
    User.objects.select_for_update().filter(pk=membership.user_id).first()  # before the membership, as approvals do
    before = None
    if membership._state.adding:
        membership.starts_at = at
    else:
        before = lock_active_membership(membership)
    require_within(actor, membership, *([before] if before else []))
    membership.full_clean()
    new, old = membership, before
    is_privileged_now = is_privileged(new.role)
    if (is_privileged_now and (old is None or has_wider_limit(new, old))) or (old and is_wider(new.role, old.role)):
        require_unlimited(actor)
        act = StaffAct.GRANT_ROLE if before is None else StaffAct.CHANGE_ROLE
        return _propose(act, membership, ground=ground, actor=actor, reason=reason, at=at)
    stamp = Stamp(actor, reason, at, ())
    if before is not None and (membership.role, membership.school_ids) != (before.role, before.school_ids):
        lock_last_administrator(before, at=at)
        revoke_held_keys(before, stamp)
    with naming_own_schools():
        save_tracked(membership, actor=actor, reason=reason, at=at)
    entry = record_membership("membership.changed", membership, stamp)
    notify_of_role(membership.user, entry_id=entry.id, at=at)
    return membership


@transaction.atomic
def end_membership(membership: Membership, *, actor: Actor, reason: Reason | str, at: datetime) -> Membership:
    """End a membership, effective on the user's next request; their sessions and the API keys they hold end too.

    Raises AlreadyEnded, LastAdministrator, NotAllowed.
    """
    require_management(actor, membership.client_id)
    User.objects.select_for_update().get(pk=membership.user_id)  # before the membership, as approvals do
    locked, stamp = lock_active_membership(membership), Stamp(actor, reason, at, ())
    if locked.user_id != actor.id:
        require_within(actor, locked)
    lock_last_administrator(locked, at=at)
    end_sessions([locked.user_id], at=at)
    revoke_held_keys(locked, stamp)
    return write_end(locked, stamp)


@transaction.atomic
def decide_staff_change(
    change: StaffChange, *, approve: bool, actor: Actor, reason: Reason | str, at: datetime
) -> StaffChange:
    """Approve a proposed change of staff, which takes effect now, or decline it.

    The approver is neither the proposer nor the member of staff concerned, and the proposer may still propose it.
    For a role at a client, an administrator of that client may propose and approve too (decision 0093). Raises
    Refused for the member concerned, ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided,
    ProposerMayNotAnyMore, AlreadyEnded, ValidationError, NotAllowed.
    """
    needed = require_management(actor, change.client_id)
    require_unlimited(actor)
    user = User.objects.select_for_update().get(pk=change.user_id)
    if approve and user.pk == actor.id:
        raise Refused(gettext("This change concerns your own account. Another officer must approve it."))
    change = decide_change(change, approve=approve, actor=actor, at=at, wall_clock_at=at)
    if approve and not has_capability(change.requested_by, needed, change.client_id, at=at):
        raise ProposerMayNotAnyMore
    save_tracked(change, actor=actor, reason=reason, at=at)
    entry_id = _record("staff.change_settled", change, actor, at)
    if approve:
        stamp = Stamp(actor, change.reason, at, (change.requested_by, actor.id))
        act, client_id, role = StaffAct(change.act), change.client_id, change.role
        schools, email = change.school_ids, change.email
        apply_act(act, user, stamp=stamp, client_id=client_id, role=role, school_ids=schools, email=email)
        if change.role:
            notify_of_role(user, entry_id=entry_id, at=at)
    return change


@transaction.atomic
def _do_or_propose(
    act: StaffAct, user: User, *, email: str = "", ground: str, actor: Actor, reason: Reason | str, at: datetime
) -> StaffChange | None:
    require(actor, Capability.MANAGE_STAFF)
    user = User.objects.select_for_update().get(pk=user.pk)
    if any(is_privileged(role) for role in list_roles(user.pk, at=at)):
        account = Membership(client_id=PAKTALEEM, user=user)
        return _propose(act, account, email=email, ground=ground, actor=actor, reason=reason, at=at)
    apply_act(act, user, stamp=Stamp(actor, reason, at, (actor.id,)), client_id=PAKTALEEM, email=email)
    return None


def _propose(
    act: StaffAct, new: Membership, *, email: str = "", ground: str, actor: Actor, reason: Reason | str, at: datetime
) -> StaffChange:
    """Store a change; ``new`` is the membership after it, at PakTaleem and without a role for an act on the account."""
    change = StaffChange(client_id=new.client_id, user=new.user, act=act, role=new.role, school_ids=new.school_ids)
    change.email, change.reason = email, Reason(reason)
    if StaffChange.objects.filter(client_id=new.client_id, user=new.user, act=act, state=ChangeState.WAITING).exists():
        raise AlreadyProposed
    request_change(change, ground=ground, actor=actor, at=at).full_clean()
    with naming_own_schools():
        save_tracked(change, actor=actor, reason=reason, at=at)
    entry = _record("staff.change_waiting", change, actor, at)
    if not new.role:
        notify_owner(new.user_id, "recovery_proposed", entry_id=entry, at=at)
    return change


def _record(kind: str, change: StaffChange, actor: Actor, at: datetime) -> UUID:
    facts = {"change": str(change.pk), "user": str(change.user_id)}
    facts |= {"act": str(change.act), "role": change.role, "state": str(change.state)}
    return record_entry(kind, client_id=change.client_id, facts=facts, actor=actor, at=at).id


def choose_time_zone(user: User, time_zone: str) -> None:
    """Set the time zone in which a member of staff sees times ("": the default); not recorded in history."""
    if time_zone != user.time_zone:
        user.time_zone = time_zone
        user.save(update_fields=["time_zone"])


def choose_language(user: User, language: str) -> None:
    """Set the language of emails to a member of staff; not recorded in history."""
    if language != user.language:
        user.language = language
        user.save(update_fields=["language"])


_DISABLED = gettext_noop("The account with this address is disabled. Ask PakTaleem’s privacy officers.")
_IS_MEMBER = gettext_noop("The person with this address has a role here already.")


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person to invite; name and language count only if the address has no account yet."""

    email: str
    full_name: str
    language: str = settings.LANGUAGE_CODE


@transaction.atomic
def invite_colleague(
    colleague: Colleague,
    *,
    client_id: UUID,
    role: str,
    school_ids: list[UUID] | None = None,
    ground: str = "",
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> Membership | StaffChange:
    """Give a person a role at a client; someone without an account gets a link by email to set a password.

    ``school_ids`` limit it to schools of the client; an administrator who is limited invites within these schools. An
    administrator's role is proposed: returns the ``StaffChange``. Raises AlreadyProposed, GroundNeeded,
    ValidationError for a disabled account or a member, OutsideOwnSchools, NotAllowed.
    """
    require_management(actor, client_id)
    email = colleague.email.strip()
    advisory_lock(f"account/{email.lower()}")
    user = User.objects.select_for_update().filter(email__iexact=email).first()
    if user is not None and not user.is_active:
        raise ValidationError({"email": [_DISABLED]})
    if user is not None and Membership.objects.filter(client_id=client_id, user=user, ends_at=None).exists():
        raise ValidationError({"email": [_IS_MEMBER]})
    stamp = Stamp(actor, reason, at, (actor.id,))
    if user is None:
        made = User(email=email, full_name=colleague.full_name.strip(), language=colleague.language)
        user = create_account(made, stamp)
    if not user.has_usable_password() and user.last_login is None:
        send_link(user, StaffLink.INVITATION, stamp)
    membership = Membership(client_id=client_id, user=user, role=role, school_ids=school_ids)
    try:
        return change_membership(membership, ground=ground, actor=actor, reason=reason, at=at)
    except IntegrityError as error:
        if "membership_one_open_per_client" not in str(error):
            raise
        # limited staff do not see the membership of a colleague of another school
        raise ValidationError({"email": [_IS_MEMBER]}) from error


@transaction.atomic
def resend_invitation(membership: Membership, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Email the invitation of a colleague again; the earlier link becomes invalid.

    Raises Refused for a colleague who has set a password or signed in, AlreadyEnded, NotAllowed.
    """
    require_management(actor, membership.client_id)
    user = User.objects.select_for_update().get(pk=membership.user_id)
    require_within(actor, lock_active_membership(membership))
    if user.has_usable_password() or user.last_login is not None:
        raise Refused(gettext(PASSWORD_IS_SET))
    stamp = Stamp(actor, reason, at, (actor.id,))
    send_link(user, StaffLink.INVITATION, stamp)
    record_user_entry("user.link_sent_again", user, stamp)


@transaction.atomic
def end_all_memberships(client_id: UUID, *, actor: Actor, reason: Reason | str, at: datetime) -> int:
    """End every open membership of a client, its last administrator's too: its agreement has ended.

    The client's API keys are narrowed by the exit, which needs them for orders. Returns the count. Raises NotAllowed.
    """
    require_management(actor, client_id)
    rows = Membership.objects.filter(client_id=client_id, ends_at=None).order_by("pk")
    users = User.objects.select_for_update().filter(pk__in=rows.order_by().values("user_id")).order_by("pk")
    end_sessions([user.pk for user in users], at=at)  # users before memberships, as approvals lock them
    members = list(rows.select_for_update())
    for membership in members:
        write_end(membership, Stamp(actor, reason, at, ()))
    return len(members)
