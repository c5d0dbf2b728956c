"""Erase people, and repeat confirmed erasures that the database lacks."""

from datetime import datetime
from enum import StrEnum
from functools import partial
from http import HTTPStatus

from django.db import transaction

from paktaleem.directory.people.details import PERSONAL
from paktaleem.directory.people.erasure_hooks import run_pre_erasure_hooks
from paktaleem.directory.people.models import ErasureCarriedOut, Subject, SubjectKey
from paktaleem.directory.people.selectors import tombstone_of
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.erasure_list import Intent, erasure_list
from paktaleem.foundation.errors import PortalError, Problem

__all__ = ["AlreadyErased", "ErasureOutcome", "carry_out_erasure", "erase_subject"]

_EMPTIED = (
    *PERSONAL,
    "external_id",
    "email_index",
    "phone_index",
    "name_index",
    "details_index",
    "of_age_at",
    "of_age_threshold",
)


class AlreadyErased(PortalError):
    """The person was already erased: there is nothing to do, show or change."""

    problem = Problem(
        "subject-erased",
        HTTPStatus.CONFLICT,
        "This person was erased",
        "A sync does not register them again.",
    )
    console_message = "The person is erased."


class ErasureOutcome(StrEnum):
    """Result of carrying out one line of the erasure list."""

    ERASED = "erased"
    ERASED_BEFORE = "erased before"
    NEVER_HERE = "never here"
    """the database is older than the person: only the tombstone was created, against re-registration"""


@transaction.atomic
def erase_subject(subject: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> Subject:
    """Erase a person by destroying their key (cryptographic erase, NIST SP 800-88r2; Art. 17 GDPR).

    Sealed values in history and logs become unreadable; pseudonymous evidence stays and can still be verified. The key
    is deleted when the transaction commits. The line in the erasure list is on disk before that and remains even if the
    commit fails: the worker or the next ``replay_erasures`` then completes the erasure. Raises AlreadyErased,
    NotAllowed.
    """
    require(actor, Capability.ERASE_SUBJECTS, subject.client_id)
    subject = Subject.objects.select_for_update().get(id=subject.id, client_id=subject.client_id)
    if subject.erased_at is not None:
        raise AlreadyErased
    mark = tombstone_of(subject.client_id, subject.external_id)
    _destroy(subject, mark, actor=actor, reason=reason, at=at)
    record_entry("subject.erased", client_id=subject.client_id, subject_id=subject.id, facts={}, actor=actor, at=at)
    intent = erasure_list().intend(
        client_id=subject.client_id, subject_id=subject.id, role=subject.role, tombstone=mark or b"", at=at
    )
    _record_line(intent)
    transaction.on_commit(partial(erasure_list().finish, intent.number, at=at), robust=True)
    return subject


@transaction.atomic
def carry_out_erasure(intent: Intent, *, actor: Actor, at: datetime) -> ErasureOutcome:
    """Carry out one line of the erasure list, in the client's context; idempotent.

    For a database restored from a backup older than the erasure, and for an erasure whose commit failed. Waits for an
    erasure in progress.
    """
    subject = Subject.objects.select_for_update().filter(id=intent.subject_id, client_id=intent.client_id).first()
    if subject is not None and subject.erased_at is not None:
        outcome = ErasureOutcome.ERASED_BEFORE
    elif subject is None and not Client.objects.filter(id=intent.client_id).exists():
        outcome = ErasureOutcome.NEVER_HERE
    else:
        outcome = ErasureOutcome.ERASED if subject else ErasureOutcome.NEVER_HERE
        _complete(subject or _unknown_subject(intent), intent, actor=actor, at=at)
    _record_line(intent)
    transaction.on_commit(partial(erasure_list().finish, intent.number, at=at), robust=True)
    return outcome


def _complete(subject: Subject, intent: Intent, *, actor: Actor, at: datetime) -> None:
    _destroy(subject, intent.tombstone, actor=actor, reason=Reason.SUBJECT_REQUEST, at=at)
    facts = {"line": intent.number, "confirmed_at": intent.at.isoformat()}
    record_entry("subject.erased", client_id=subject.client_id, subject_id=subject.id, facts=facts, actor=actor, at=at)


def _unknown_subject(intent: Intent) -> Subject:
    """Return a row for a person the database does not know, so that no sync registers them again."""
    return Subject(
        id=intent.subject_id,
        client_id=intent.client_id,
        role=intent.role,
        registered_at=intent.at,
        changed_at=intent.at,
    )


def _destroy(subject: Subject, mark: bytes | None, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    run_pre_erasure_hooks(subject, actor=actor, at=at)
    SubjectKey.objects.filter(client_id=subject.client_id, subject_id=subject.id).delete()
    subject.tombstone = mark
    for column in _EMPTIED:
        setattr(subject, column, None)
    subject.country = ""
    subject.erased_at = subject.changed_at = at
    save_tracked(subject, actor=actor, reason=reason, at=at)


def _record_line(intent: Intent) -> None:
    """Record that this line is carried out; idempotent."""
    ErasureCarriedOut.objects.bulk_create(
        [ErasureCarriedOut(number=intent.number, mark=intent.mark)], ignore_conflicts=True
    )
