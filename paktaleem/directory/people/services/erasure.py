"""Erase people: confirm an erasure, complete it once every system has answered, repeat what the database lacks."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.directory.people import extension_points
from paktaleem.directory.people.erasures import Erasure, ErasureCarriedOut, is_list_behind, missing_erasures
from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import LOOKED_UP, Readmission, Subject, SubjectKey
from paktaleem.directory.people.selectors import tombstone_of
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require, system_actor
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import check_ground, require_second_person
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import actor_columns, save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.encryption.erasure_list import Intent, Stage, erasure_list
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id

COMPLETE_ERASURE = "subjects.complete_erasure"
"""Task that completes one erasure, by client and erasure, once every system has answered."""
_EMPTIED = (*PERSONAL, *LOOKED_UP, "external_id", "of_age_at", "of_age_threshold")


class ErasureListBehind(PortalError):
    """The erasure list of this host lacks erasures that the database knows, so no line may be added to it."""

    problem = Problem(
        "erasure-list-behind",
        "The erasure list of this host is behind",
        "No one can be erased here until the newest list is in place. Nothing was changed; try again later.",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
    )
    console_message = (
        "No one can be erased now: the erasure list of this server lacks earlier erasures. Nothing was changed."
        " Tell the operators (manage.py doctor)."
    )


class AlreadyErased(PortalError):
    """The person was already erased: there is nothing to do, show or change."""

    problem = Problem("subject-erased", "This person was erased", "A sync does not register them again.")
    console_message = "The person is erased."


class ErasureInProgress(AlreadyErased):
    """The person's erasure is confirmed and waits for systems: nothing new may be recorded about them."""

    problem = Problem(
        "erasure-in-progress",
        "This person is being erased",
        "Erase what you hold of them, and complete your order. Only refusals and withdrawals are still recorded.",
    )
    console_message = "The person is being erased: nothing new is recorded about them."


class ErasureHeld(PortalError):
    """Something forbids the erasure for now, such as an open incident (``people.erasure_holds``), on its ground."""

    console_message = "The person may not be erased now."

    def __init__(self, holds: Sequence[extension_points.Hold]) -> None:
        super().__init__(*(hold.code for hold in holds))
        self.console_details = ["; ".join(hold.ground for hold in holds)]


class ErasureOutcome(StrEnum):
    """Result of carrying out one line of the erasure list."""

    STARTED = "started"
    """the database did not know of the confirmation: the systems have their orders again"""
    STARTED_BEFORE = "started before"
    ERASED = "erased"
    ERASED_BEFORE = "erased before"
    NEVER_HERE = "never here"
    """the database is older than the person: only the tombstone was created, against re-registration"""


def _refuse_list_behind() -> None:
    if is_list_behind():
        raise ErasureListBehind


@transaction.atomic
def start_erasure(
    subject: Subject, *, serving: UUID | None = None, actor: Actor, reason: Reason | str, at: datetime
) -> Erasure:
    """Confirm the erasure of a person (Art. 17 GDPR): every system that holds their data is ordered to erase it.

    The key is destroyed once every order is answered or waived (``complete_erasure``). The line in the erasure list is
    on disk before the commit; if that fails, the worker starts the erasure. ``serving`` is the case that the erasure
    serves, which does not hold it. Raises AlreadyErased, ErasureInProgress, ErasureHeld, NotAllowed; OSError or
    ListDamaged if the list cannot be written.
    """
    require(actor, Capability.ERASE_SUBJECTS, subject.client_id)
    extension_points.take_locks(subject)
    subject = Subject.objects.select_for_update().get(id=subject.id, client_id=subject.client_id)
    refuse_erased(subject)
    if holds := extension_points.list_holds(subject, at, serving=serving):
        raise ErasureHeld(holds)
    _refuse_list_behind()
    erasure = _start(subject, actor=actor, reason=Reason(reason), at=at)
    line = erasure_list().start(
        client_id=subject.client_id,
        subject_id=subject.id,
        role=subject.role,
        tombstone=tombstone_of(subject.client_id, subject.external_id) or b"",
        reason=erasure.reason,
        at=at,
    )
    _record_line(line, at)
    _complete_if_answered(erasure, subject, actor=actor, at=at)
    return erasure


@transaction.atomic
def complete_erasure(erasure: Erasure, *, actor: Actor, at: datetime) -> bool:
    """Destroy the person's key if every system has answered; return True if the erasure is complete.

    Follows GDPR Art. 17, decision 0056. Systems registered since the confirmation are ordered first. Idempotent. Raises
    NotAllowed, OSError or ListDamaged if the erasure list cannot be written; it is then completed later.
    """
    require(actor, Capability.ERASE_SUBJECTS, erasure.client_id)
    erasure = Erasure.objects.select_related("subject").get(pk=erasure.pk, client_id=erasure.client_id)
    if erasure.is_complete or extension_points.list_blockers(erasure):
        return erasure.is_complete
    extension_points.take_locks(erasure.subject)
    subject = Subject.objects.select_for_update().get(id=erasure.subject_id, client_id=erasure.client_id)
    erasure.refresh_from_db(fields=["completed_at"])
    if erasure.is_complete:
        return True
    extension_points.report_started_erasure(erasure, actor=actor, at=at)  # systems registered meanwhile are asked too
    return _complete_if_answered(erasure, subject, actor=actor, at=at)


@transaction.atomic
def erase_subject(subject: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> Subject:
    """Erase a person at once, by destroying their key (cryptographic erase, NIST SP 800-88r2); no system is asked.

    For people of whom no system holds data; a person's own request is ``start_erasure``. Pseudonymous evidence stays
    and can still be verified. Raises AlreadyErased, ErasureInProgress, NotAllowed.
    """
    require(actor, Capability.ERASE_SUBJECTS, subject.client_id)
    extension_points.take_locks(subject)
    subject = Subject.objects.select_for_update().get(id=subject.id, client_id=subject.client_id)
    refuse_erased(subject)
    return _erase(subject, {}, actor=actor, reason=reason, at=at)


@transaction.atomic
def carry_out_erasure(intent: Intent, *, actor: Actor, at: datetime) -> ErasureOutcome:
    """Carry out one line of the erasure list, in the client's context; idempotent (decision 0005).

    For a restored older database, and an erasure whose commit failed. Waits for an erasure in progress.
    """
    known = Subject.objects.filter(id=intent.subject_id, client_id=intent.client_id)
    if (person := known.first()) is not None:
        extension_points.take_locks(person)
    subject = known.select_for_update().first()
    if subject is not None and subject.erased_at is not None:
        outcome = ErasureOutcome.ERASED_BEFORE
    elif subject is not None and intent.stage is Stage.STARTED:
        outcome = _start_again(subject, intent, actor=actor, at=at)
    elif subject is None and not Client.objects.filter(id=intent.client_id).exists():
        outcome = ErasureOutcome.NEVER_HERE
    else:
        outcome = ErasureOutcome.ERASED if subject else ErasureOutcome.NEVER_HERE
        if subject is None:  # a row without data, so that no sync registers them again
            moments = {"registered_at": intent.at, "changed_at": intent.at}
            subject = Subject(id=intent.subject_id, client_id=intent.client_id, role=intent.role, **moments)
        _destroy(subject, intent.tombstone, actor=actor, reason=Reason.SUBJECT_REQUEST, at=at)
        facts = {"line": intent.number, "confirmed_at": intent.at.isoformat()}
        about: dict[str, object] = {"client_id": subject.client_id, "subject_id": subject.id, "actor": actor, "at": at}
        record_entry("subject.erased", facts=facts, **about)
    _record_line(intent, at)
    return outcome


def refuse_erased(*people: Subject) -> None:
    """Raise AlreadyErased or ErasureInProgress if one of some people was or is being erased."""
    if any(person.erased_at is not None for person in people):
        raise AlreadyErased
    if any(person.is_being_erased for person in people):
        raise ErasureInProgress


def _start(
    subject: Subject, *, actor: Actor, reason: Reason, at: datetime, facts: Mapping[str, object] | None = None
) -> Erasure:
    """Write the state, the evidence and the orders of an erasure; the person's row must be locked."""
    erasure = Erasure(client_id=subject.client_id, subject=subject, reason=reason.value, started_at=at)
    erasure.actor_kind, erasure.actor_id, erasure.actor_role = actor_columns(actor)
    erasure.save(force_insert=True)
    subject.erasure_started_at = subject.changed_at = at
    save_tracked(subject, actor=actor, reason=reason, at=at)
    kind, found = "subject.erasure_started", {"erasure": str(erasure.pk), "reason": reason.value, **(facts or {})}
    record_entry(kind, client_id=subject.client_id, subject_id=subject.id, facts=found, actor=actor, at=at)
    extension_points.report_started_erasure(erasure, actor=actor, at=at)
    return erasure


def _start_again(subject: Subject, intent: Intent, *, actor: Actor, at: datetime) -> ErasureOutcome:
    later = (one for one in erasure_list().intents().values() if one.subject_id == intent.subject_id)
    # a later line that destroys the key: every system has answered already
    if subject.is_being_erased or any(one.stage is Stage.KEY_DESTROYED for one in later):
        return ErasureOutcome.STARTED_BEFORE
    facts = {"line": intent.number, "confirmed_at": intent.at.isoformat()}
    erasure = _start(subject, actor=actor, reason=Reason(intent.reason), at=at, facts=facts)
    _complete_if_answered(erasure, subject, actor=actor, at=at)
    return ErasureOutcome.STARTED


def _complete_if_answered(erasure: Erasure, subject: Subject, *, actor: Actor, at: datetime) -> bool:
    if extension_points.list_blockers(erasure):
        return False
    facts = {"erasure": str(erasure.pk), "started_at": erasure.started_at.isoformat()}
    _erase(subject, facts, actor=actor, reason=erasure.reason, at=at)
    erasure.refresh_from_db(fields=["completed_at"])
    return True


def _erase(
    subject: Subject, facts: Mapping[str, object], *, actor: Actor, reason: Reason | str, at: datetime
) -> Subject:
    _refuse_list_behind()
    mark = tombstone_of(subject.client_id, subject.external_id)
    _destroy(subject, mark, actor=actor, reason=reason, at=at)
    record_entry("subject.erased", client_id=subject.client_id, subject_id=subject.id, facts=facts, actor=actor, at=at)
    intent = erasure_list().intend(
        client_id=subject.client_id, subject_id=subject.id, role=subject.role, tombstone=mark or b"", at=at
    )
    _record_line(intent, at)
    return subject


def _destroy(subject: Subject, mark: bytes | None, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    subject.tombstone = mark
    for hook in extension_points.before_erasure:
        hook(subject, actor, at)
    SubjectKey.objects.filter(client_id=subject.client_id, subject_id=subject.id).delete()
    for column in _EMPTIED:
        setattr(subject, column, None)
    subject.country = subject.grade = ""
    subject.erased_at = subject.changed_at = at
    save_tracked(subject, actor=actor, reason=reason, at=at)
    Erasure.objects.filter(client_id=subject.client_id, subject=subject, completed_at=None).update(completed_at=at)


def _record_line(intent: Intent, at: datetime) -> None:
    """Record that this line is carried out, and finish it in the list after the commit; idempotent."""
    line = ErasureCarriedOut(number=intent.number, mark=intent.mark)
    ErasureCarriedOut.objects.bulk_create([line], ignore_conflicts=True)
    transaction.on_commit(partial(erasure_list().finish, intent.number, at=at), robust=True)


def replay_erasures(*, at: datetime, report: Callable[[ErasureOutcome], None] = lambda _: None) -> int:
    """Repeat listed erasures that this database has not carried out; return the number of lines (decision 0005).

    Each line is one transaction, so an interrupted run can be continued. ``report`` is called with each result. Call
    outside any tenant context. Raises ListDamaged before anything is done.
    """
    actor, missing = system_actor("replay_erasures"), missing_erasures()
    for intent in missing:
        with in_client(intent.client_id):
            outcome = carry_out_erasure(intent, actor=actor, at=at)
        report(outcome)
    return len(missing)


_WHY = Reason.SUBJECT_REQUEST
_TOMBSTONE_BYTES = 32


@transaction.atomic
def request_readmission(external_id: str, *, ground: str, actor: Actor, client_id: UUID, at: datetime) -> Readmission:
    """Request that an erased person may be registered again; a second person must approve.

    Raises Refused if there is none, or if it was requested before, GroundNeeded, NotAllowed.
    """
    _require_person(actor, client_id)
    known = Subject.objects.filter(client_id=client_id, tombstone=tombstone_of(client_id, external_id))
    subject = known.select_for_update().first()
    if subject is None:
        raise Refused(_("This client has no erased person with this LMS id."))
    if Readmission.objects.filter(client_id=client_id, subject=subject).exists():
        raise Refused(_("The readmission of this person was requested before."))
    readmission = Readmission(id=new_id(), client_id=client_id, subject=subject, ground=check_ground(ground, actor))
    readmission.requested_by, readmission.requested_at = actor.id, at
    save_tracked(readmission, actor=actor, reason=_WHY, at=at)
    _record("readmission.requested", readmission, actor, at)
    return readmission


def _check_waiting(readmission: Readmission, actor: Actor, at: datetime) -> None:
    _require_person(actor, readmission.client_id)
    if readmission.approved_at is not None:
        raise Refused(_("This request has already been approved."))
    require_second_person(actor, requested_by=readmission.requested_by, at=to_wall_clock(at))


@act(
    "approve",
    "Approve readmission",
    Capability.ERASE_SUBJECTS,
    lead="The next sync can register the person again, with a new key. Erased data is not restored. Approve only if "
    "you have verified yourself that the person made this request.",
    done="Approved: the learning platform may register the person again.",
    check=_check_waiting,
)
def approve_readmission(readmission: Readmission, *, actor: Actor, at: datetime) -> Readmission:
    """Replace the tombstone, so that the next sync may register the person again, with a new row and key.

    Raises Refused if it was approved already, ApproverIsRequester, ApproverNotIndependent, NotAllowed.
    """
    readmission.approved_by, readmission.approved_at = actor.id, at
    save_tracked(readmission, actor=actor, reason=_WHY, at=at)
    subject = Subject.objects.select_for_update().get(id=readmission.subject_id, client_id=readmission.client_id)
    subject.tombstone, subject.changed_at = secrets.token_bytes(_TOMBSTONE_BYTES), at
    save_tracked(subject, actor=actor, reason=_WHY, at=at)
    _record("readmission.approved", readmission, actor, at)
    return readmission


def _require_person(actor: Actor, client_id: UUID) -> None:
    """Require a user: neither API keys nor tasks may decide about readmission. Raises NotAllowed."""
    require(actor, Capability.ERASE_SUBJECTS, client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a user may decide about a readmission.")


def _record(kind: str, readmission: Readmission, actor: Actor, at: datetime) -> None:
    about, facts = readmission.subject_id, {"readmission": str(readmission.id)}
    record_entry(kind, client_id=readmission.client_id, subject_id=about, facts=facts, actor=actor, at=at)
