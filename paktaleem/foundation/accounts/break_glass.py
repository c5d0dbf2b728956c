"""Break-glass acts of the host: make the first officers, or recover one while fewer than two others are left.

The console cannot do either, because two officers must agree there. Every use is recorded in PakTaleem's ledger and
reported by email to all other officers. The officers who are left count as makers: for 72 hours they cannot approve
together with the officer who was made or recovered (decision 0054).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.staff_accounts import StaffLink, Stamp, apply_act, create_account, send_link
from paktaleem.foundation.accounts.staff_changes import StaffAct
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import advisory_lock, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

NOTIFY_BREAK_GLASS = "signin.notify_break_glass"
"""Name of the task that reports a use to the other officers (declared in an app above this one)."""
RECOVERIES = {"password": StaffAct.RESET_PASSWORD, "second-factor": StaffAct.RESET_FACTOR, "enable": StaffAct.ENABLE}
"""Acts of the host for an officer, by their names on the command line."""
_HOST = system_actor("break_glass")
_ENOUGH = 2


class EnoughOfficers(Exception):
    """The officers that are left (the argument is their number) can do it in the console."""


class UnknownOfficer(LookupError):
    """No privacy officer has this email address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """One member of staff to make, with roles as pairs of role and client.

    ``password`` is chosen by its owner at the host (the demonstration, tests); without one they get an invitation.
    """

    email: str
    full_name: str
    roles: tuple[tuple[Role | str, UUID], ...] = ((Role.PRIVACY_OFFICER, PAKTALEEM),)
    language: str = settings.LANGUAGE_CODE
    password: str | None = None


@transaction.atomic
def appoint_staff(appointments: Sequence[Appointment], *, reason: Reason | str, at: datetime) -> list[User]:
    """Make staff from the host, outside any context: the first ones, or one officer where one is left.

    People with an account keep it and get the roles; staff without a password get an invitation. Raises EnoughOfficers
    if two officers are left, or more officers are appointed than needed for two; ValidationError naming the field.
    """
    with in_client(PAKTALEEM):
        advisory_lock("break_glass")
        left = _list_officers(at)
    new_officers = sum(any(role == Role.PRIVACY_OFFICER for role, _ in one.roles) for one in appointments)
    if len(left) >= _ENOUGH or (left and len(left) + new_officers > _ENOUGH):
        raise EnoughOfficers(len(left))
    stamp = Stamp(_HOST, reason, at, tuple(left))
    made = [_appoint(one, stamp) for one in appointments]
    with in_client(PAKTALEEM):
        for user in made:
            _record(user, "appoint", stamp)
    return made


def _appoint(one: Appointment, stamp: Stamp) -> User:
    with in_client(PAKTALEEM):
        user = User.objects.filter(email__iexact=one.email.strip()).first()
        if user is None:
            user = User(email=one.email.strip(), full_name=one.full_name.strip(), language=one.language)
            if one.password is not None:
                user.set_password(one.password)
            create_account(user, stamp)
        if not user.has_usable_password():
            send_link(user, StaffLink.INVITATION, stamp)
    for role, client_id in one.roles:
        with in_client(client_id):
            if Membership.objects.filter(client_id=client_id, user=user, ends_at=None).exists():
                raise ValidationError({"email": [f"{user.email} already has a role there. Nothing was done."]})
            apply_act(StaffAct.GRANT_ROLE, user, stamp=stamp, client_id=client_id, role=str(role))
    return user


@transaction.atomic
def recover_officer(email: str, *, recovery: str, reason: Reason | str, at: datetime) -> User:
    """Recover a privacy officer from the host, outside any context; ``recovery`` is one of ``RECOVERIES``.

    Raises UnknownOfficer, EnoughOfficers if two other officers are left, ValidationError.
    """
    with in_client(PAKTALEEM):
        advisory_lock("break_glass")
        user = User.objects.select_for_update().filter(email__iexact=email.strip()).first()
        if user is None or user.pk not in _list_officers(at, also_disabled=True):
            raise UnknownOfficer
        if recovery == "enable" and user.is_active:
            raise ValidationError({"email": ["This account is not disabled."]})
        left = [one for one in _list_officers(at) if one != user.pk]
        if len(left) >= _ENOUGH:
            raise EnoughOfficers(len(left))
        stamp = Stamp(_HOST, reason, at, tuple(left))
        apply_act(RECOVERIES[recovery], user, stamp=stamp, client_id=PAKTALEEM)
        _record(user, recovery, stamp)
    return user


def _list_officers(at: datetime, *, also_disabled: bool = False) -> list[UUID]:
    found = Membership.objects.active(at).filter(client_id=PAKTALEEM, role=Role.PRIVACY_OFFICER.value)
    if not also_disabled:
        found = found.filter(user__is_active=True)
    return list(found.order_by("pk").values_list("user_id", flat=True))


def _record(user: User, act: str, stamp: Stamp) -> None:
    facts = {"user": str(user.pk), "act": act, "officers_left": [str(one) for one in stamp.makers]}
    facts |= {"reason": Reason(stamp.reason).value}
    entry = record_entry("staff.break_glass_used", client_id=PAKTALEEM, facts=facts, actor=stamp.actor, at=stamp.at)
    for officer in stamp.makers:
        enqueue_job(
            NOTIFY_BREAK_GLASS, user=str(user.pk), officer=str(officer), entry=str(entry.id), at=stamp.at.isoformat()
        )
