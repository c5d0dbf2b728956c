"""Accounts of staff who left: their part in a copy, what keeps them, and how they are erased (GDPR Art. 15 and 17).

The owner of an account is a data subject of PakTaleem as soon as they make a request; ``name_account`` links the two.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Column, Row, Section, ValueKind, to_plain
from paktaleem.directory.people.extension_points import Hold
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import tombstone_of
from paktaleem.directory.staff.single_sign_on.models import SignOnLink
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.models import ERASED_DOMAIN, Membership, User
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.accounts.staff_accounts import Stamp, erase_account, list_roles, record_user_entry, write_end
from paktaleem.foundation.accounts.staff_changes import ROLES_OF_STAFF, StaffChange
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_cutoff

account_needs: ExtensionPoint[Callable[[UUID, datetime], str]] = ExtensionPoint(
    "accounts.needs", "Why the name of the owner of an account without a role is kept, with the law; empty if not."
)
_PREFIX = "staff-"
_PERIODS = "SELECT * FROM accounts_membership_periods(%s)"
_NAMES = dict(ROLES_OF_STAFF)


def name_account(user_id: UUID) -> str:
    """Return the id under which the owner of an account is a data subject of PakTaleem."""
    return f"{_PREFIX}{user_id}"


def find_account_id(subject: Subject) -> UUID | None:
    """Return the account of a data subject of PakTaleem, None for everyone else."""
    name = subject.external_id or ""
    is_owner = subject.client_id == PAKTALEEM and name.startswith(_PREFIX)
    return UUID(name.removeprefix(_PREFIX)) if is_owner else None


def find_need(user_id: UUID, at: datetime, *, confirmed_at: datetime | None = None) -> str:
    """Return in words why an account is needed; empty if it may be erased.

    A role from before ``confirmed_at``, when the erasure was confirmed, had ended by then: a restored backup opened it.
    """
    roles = list_roles(user_id, at=at)
    if roles and (confirmed_at is None or not _are_older(user_id, confirmed_at, at)):
        return gettext("They have a role with which they sign in: end it first.")
    return next((need for find in account_needs if (need := find(user_id, at))), "")


def _are_older(user_id: UUID, confirmed_at: datetime, at: datetime) -> bool:
    periods = call_of_account(_PERIODS, user_id)
    starts = [starts_at for *_names, starts_at, ends_at in periods if ends_at is None or ends_at > at]
    return starts != [] and max(starts) <= confirmed_at


def find_needed_accounts(client_id: UUID, people: Sequence[UUID], at: datetime) -> Iterator[tuple[UUID, Hold]]:
    """Find the people whose account is needed; a handler of ``people.erasure_holds``."""
    if client_id == PAKTALEEM:
        for person in Subject.objects.filter(client_id=client_id, pk__in=people, external_id__startswith=_PREFIX):
            if (user_id := find_account_id(person)) and (need := find_need(user_id, at)):
                yield person.pk, Hold("staff_account", need)


def erase_account_of(subject: Subject, actor: Actor, at: datetime) -> None:
    """Erase the account of a person who is erased; a handler of ``people.before_erasure``."""
    if (user_id := find_account_id(subject) or _find_by_mark(subject)) is not None:
        stamp = Stamp(actor, Reason.SUBJECT_REQUEST, at, ())
        _erase(user_id, stamp, confirmed_at=subject.erasure_started_at or at)


def _find_by_mark(subject: Subject) -> UUID | None:
    """Find the account of a person of whom a restored backup knows only the mark in the erasure list."""
    if subject.client_id != PAKTALEEM or subject.external_id is not None or subject.tombstone is None:
        return None
    accounts = User.objects.filter(erased_at=None).values_list("pk", flat=True)
    return next((one for one in accounts if tombstone_of(PAKTALEEM, name_account(one)) == subject.tombstone), None)


def correct_account_of(subject: Subject, full_name: str, actor: Actor, at: datetime) -> None:
    """Correct the name of the account of a data subject of PakTaleem, if they own one (GDPR Art. 16)."""
    if (user_id := find_account_id(subject)) is None:
        return
    user = User.objects.select_for_update().filter(pk=user_id, erased_at=None).first()
    if user is not None and user.full_name != full_name:
        user.full_name, stamp = full_name, Stamp(actor, Reason.SUBJECT_REQUEST, at, ())
        user.full_clean(exclude=["password"])
        save_tracked(user, actor=actor, reason=stamp.reason, at=at, only=["full_name"])
        record_user_entry("user.changed", user, stamp)


@transaction.atomic
def erase_unneeded_accounts(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Erase the accounts of a client's former staff whom nothing keeps, once its exit is certified; return how many."""
    users = Membership.objects.filter(client_id=client_id, user__erased_at=None).order_by("user_id")
    stamp = Stamp(actor, Reason.AGREEMENT_CHANGE, at, ())
    return sum(_erase(one, stamp) for one in users.values_list("user_id", flat=True).distinct())


def _erase(user_id: UUID, stamp: Stamp, *, confirmed_at: datetime | None = None) -> bool:
    user = User.objects.select_for_update().filter(pk=user_id, erased_at=None).first()
    if user is None or find_need(user.pk, stamp.at, confirmed_at=confirmed_at):
        return False
    erase_account(user, stamp)
    return True


def _purge_accounts(at: datetime) -> int:
    stamp = Stamp(system_actor("accounts.erase_unneeded"), Reason.REVIEW, at, ())
    with in_client(PAKTALEEM):
        cutoff = get_cutoff(STAFF_ACCOUNTS.code, at=at)
    with as_officer():
        due = set(_list_unused(cutoff).filter(created_at__lte=cutoff).values_list("pk", flat=True))
    rows = 0
    for user_id in sorted(due):
        with in_client(PAKTALEEM):
            rows += _erase(user_id, stamp)
    _remove_traces(stamp)
    return rows


def _list_unused(at: datetime) -> QuerySet[User]:
    """List the accounts without a role since ``at``; requires the officers' context."""
    own = {"user_id": OuterRef("pk")}
    roles = Membership.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), **own)
    waiting = StaffChange.objects.filter(state=ChangeState.WAITING, **own)
    return User.objects.filter(~Exists(roles), ~Exists(waiting), erased_at=None)


def _remove_traces(stamp: Stamp) -> None:
    of_erased = SignOnLink.objects.filter(user__erased_at__isnull=False).exclude(subject__endswith=ERASED_DOMAIN)
    with as_officer():
        found, roles = list(of_erased), list(Membership.objects.filter(user__erased_at__isnull=False, ends_at=None))
    for role in roles:  # a restored backup opened them again
        with in_client(role.client_id):
            write_end(role, stamp)
    for link in found:
        with in_client(link.client_id):
            link.subject, link.ended_at = f"{link.pk}{ERASED_DOMAIN}", link.ended_at or stamp.at
            link.save(update_fields=["subject", "ended_at"])
    with in_client(PAKTALEEM):
        named = StaffChange.objects.filter(client_id=PAKTALEEM, user__erased_at__isnull=False).exclude(email="")
        for change in named.exclude(email__endswith=ERASED_DOMAIN):
            change.email = f"{change.user_id}{ERASED_DOMAIN}"
            save_tracked(change, actor=stamp.actor, reason=stamp.reason, at=stamp.at)


_ACCOUNT = {
    "email": Column("email", _("Email address")),
    "full_name": Column("full_name", _("Full name")),
    "language": Column("language", _("Language")),
    "time_zone": Column("time_zone", _("Time zone")),
    "created_at": Column("created_at", _("Created"), ValueKind.TIME),
    "last_login": Column("last_login", _("Last sign-in"), ValueKind.TIME),
}
_ROLES = (
    Column("institution", _("Institution")),
    Column("role", _("Role"), labels=_NAMES),
    Column("starts_at", _("From"), ValueKind.TIME),
    Column("ends_at", _("Until"), ValueKind.TIME),
)


def list_staff_sections() -> Sequence[Section]:
    """List the sections of a copy about an account; a handler of ``person_sections``."""
    return (
        make_account_section(
            *("staff_account", _("Your account as a member of staff"), User, tuple(_ACCOUNT.values())),
            lambda user_id: User.objects.filter(pk=user_id).values_list(*_ACCOUNT),
        ),
        make_account_section(
            *("staff_roles", _("Your roles as a member of staff"), Membership, _ROLES),
            lambda user_id: call_of_account(_PERIODS, user_id),
        ),
    )


def make_account_section(
    code: str,
    title: Promise,
    model: type[Model],
    columns: tuple[Column, ...],
    read: Callable[[UUID], Iterable[tuple[Any, ...]]],
) -> Section:
    """Return a section of the rows that ``read`` returns of an account, in the order of the columns."""

    def rows_of(subject: Subject) -> Iterator[Row]:
        user_id = find_account_id(subject)
        for values in read(user_id) if user_id else ():
            yield {column.code: to_plain(value) for column, value in zip(columns, values, strict=True)}

    return Section(
        code=code,
        title=title,
        tables=(model._meta.label,),
        columns=columns,
        read=lambda reader: rows_of(reader.subject),
        count=lambda subject: sum(1 for _row in rows_of(subject)),
    )


def call_of_account(sql: str, user_id: UUID) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a SQL function of one account, which reads those of every client."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [user_id])
        return iter(cursor.fetchall())


STAFF_ACCOUNTS = DataKind(
    code="staff_accounts",
    name=_("Accounts of staff: name and address"),
    counted_from=_(
        "The end of the last role; after the end of a client’s agreement at once. Who signed an agreement is kept as "
        "long as its documents"
    ),
    disposal=Disposal.CONTENT,
    bounds=Bounds(365, 30, 1095),
    purge_all=_purge_accounts,
)
