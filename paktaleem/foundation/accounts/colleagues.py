"""Services by which a client runs its own staff: invitation of a colleague, and the end of all memberships at an exit.

An administrator of the client needs no officer for a role without privileged capabilities. Another administrator takes
two people: a second administrator of the client approves, or an officer (decision 0093).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext, gettext_noop

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.leaving import end_sessions
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.school_limits import require_within
from paktaleem.foundation.accounts.staff_accounts import (
    StaffLink,
    Stamp,
    create_account,
    lock_active_membership,
    record_user_entry,
    send_link,
    write_end,
)
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import PASSWORD_IS_SET, change_membership, require_management
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import advisory_lock

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
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> Membership | StaffChange:
    """Give a person a role at a client; someone without an account gets a link by email to set a password.

    ``school_ids`` limit it to schools of the client; an administrator who is limited invites within these schools. An
    administrator's role is proposed: returns the ``StaffChange``. Raises AlreadyProposed, ValidationError for a
    disabled account or a member, OutsideOwnSchools, NotAllowed.
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
        return change_membership(membership, actor=actor, reason=reason, at=at)
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
