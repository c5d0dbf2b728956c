"""Link two records that are one person, and undo it: proposed by one person, decided by another."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from paktaleem.directory.people.merges.models import MergeKind, PersonMerge
from paktaleem.directory.people.merges.selectors import find_link
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.rows import new_id

_BIRTH_DATE = "subjects_subject.birth_date"


class SameRecord(PortalError):
    """A record cannot be linked with itself."""

    console_message = "This is the same record. Enter the LMS id of the other one."


class DifferentAge(PortalError):
    """The records state different birth dates, or one of them counts as a child and the other does not."""

    console_message = (
        "The records cannot be one person: their birth dates differ, or one counts as a child and the other does not. "
        "Correct the wrong record first."
    )


class AlreadyLinked(PortalError):
    """The other record is already linked with a record."""

    console_message = "This record is already linked with another one. Undo that link first, or link from this record."


class MergeWaiting(PortalError):
    """A link of this record, or its undoing, already waits for a second person."""

    console_message = "This was already proposed. A second person must decide."


class NotLinked(PortalError):
    """The two records are not linked."""

    console_message = "These records are not linked."


@transaction.atomic
def propose_merge(main: Subject, other: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> PersonMerge:
    """Propose that ``other`` is the same person as ``main``; nothing changes until a second person confirms it.

    Follows decision 0101. If ``main`` is itself linked with a main record, ``other`` is linked with that one. Raises
    SameRecord, DifferentAge, AlreadyLinked, MergeWaiting, AlreadyErased, ErasureInProgress, NotAllowed.
    """
    _require_person(actor, main.client_id)
    main, other = _lock_pair(main.same_person or main.pk, other.pk, main.client_id)
    _require_linkable(main, other, at)
    _require_none_waiting(other)
    row = _build(main, other, actor, at, kind=MergeKind.LINK, reason=Reason(reason).value)
    row.save(force_insert=True)
    _record("subject.merge_waiting", row, actor, at)
    return row


@transaction.atomic
def propose_undo(subject: Subject, other: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> PersonMerge:
    """Propose that two linked records are not one person; the link is in effect until a second person confirms it.

    Follows decision 0101. Raises NotLinked, MergeWaiting, AlreadyErased, NotAllowed.
    """
    _require_person(actor, subject.client_id)
    subject, other = _lock_pair(subject.pk, other.pk, subject.client_id, during_erasure=True)
    link = find_link(subject, other)
    if link is None:
        raise NotLinked
    main, other = (subject, other) if link.main_id == subject.pk else (other, subject)
    _require_none_waiting(other)
    row = _build(main, other, actor, at, kind=MergeKind.UNDO, reason=Reason(reason).value)
    row.undoes = link
    row.save(force_insert=True)
    _record("subject.merge_waiting", row, actor, at)
    return row


@transaction.atomic
def decide_merge(
    merge: PersonMerge, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> PersonMerge:
    """Confirm or decline, as a second person, that two records are one person, or that they are not (decision 0101).

    A confirmed link takes effect at once: decisions for each record go by the strictest. Raises DifferentAge,
    AlreadyLinked, NotLinked, ChangeAlreadyDecided, ApproverIsRequester, ApproverNotIndependent, AlreadyErased,
    ErasureInProgress, NotAllowed.
    """
    _require_person(actor, merge.client_id)
    is_undo = merge.kind == MergeKind.UNDO
    lenient = is_undo or not approve
    main, other = _lock_pair(merge.main_id, merge.other_id, merge.client_id, during_erasure=lenient)
    merge = decide_change(merge, approve=approve, actor=actor, at=at)
    merge.save(update_fields=["state", "settled_by", "settled_at"])
    _record("subject.merge_settled", merge, actor, at)
    if not approve:
        return merge
    if is_undo:
        _take_apart(main, other, actor, reason, at)
    else:
        _require_linkable(main, other, at)
        _put_together(main, other, actor, reason, at)
    for record in (main, other):
        kind = "subject.merge_undone" if is_undo else "subject.merged"
        _record(kind, merge, actor, at, subject_id=record.pk)
    return merge


def _put_together(main: Subject, other: Subject, actor: Actor, reason: Reason | str, at: datetime) -> None:
    for record in (main, other):
        _set(record, main.pk, actor, reason, at)


def _take_apart(main: Subject, other: Subject, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Take the other record out; the main one stays linked while it has another one, erased or not."""
    if other.same_person != main.pk:
        raise NotLinked
    _set(other, None, actor, reason, at)
    further = Subject.objects.filter(client_id=main.client_id, same_person=main.pk).exclude(pk=main.pk)
    if not further.exists():
        _set(main, None, actor, reason, at)


def _set(record: Subject, main_id: UUID | None, actor: Actor, reason: Reason | str, at: datetime) -> None:
    if record.same_person != main_id:
        record.same_person, record.changed_at = main_id, at
        save_tracked(record, actor=actor, reason=reason, at=at, only=["same_person", "changed_at"])


def _lock_pair(
    main_id: UUID, other_id: UUID, client_id: UUID, *, during_erasure: bool = False
) -> tuple[Subject, Subject]:
    """Lock two records in the order of their ids, so that two proposals about them do not deadlock."""
    if main_id == other_id:
        raise SameRecord
    found = {
        key: lock_subject(key, client_id=client_id, during_erasure=during_erasure)
        for key in sorted((main_id, other_id))
    }
    return found[main_id], found[other_id]


def _require_person(actor: Actor, client_id: UUID) -> None:
    require(actor, Capability.MERGE_PEOPLE, client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may link records.")


def _require_linkable(main: Subject, other: Subject, at: datetime) -> None:
    if other.same_person is not None or main.same_person not in {None, main.pk}:
        raise AlreadyLinked
    born = {one for one in (_open_birth_date(main), _open_birth_date(other)) if one is not None}
    if len(born) > 1 or _is_child(main, at) != _is_child(other, at):
        raise DifferentAge


def _open_birth_date(record: Subject) -> str | None:
    """Open the birth date in order to compare it; no one is shown it."""
    return None if record.birth_date is None else sealer_of(record).open(record.birth_date, column=_BIRTH_DATE)


def _is_child(record: Subject, at: datetime) -> bool:
    client = record.client
    return record.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors)


def _require_none_waiting(other: Subject) -> None:
    waiting = PersonMerge.objects.filter(client_id=other.client_id, other=other, state=ChangeState.WAITING)
    if waiting.exists():
        raise MergeWaiting


def _build(main: Subject, other: Subject, actor: Actor, at: datetime, **values: Any) -> PersonMerge:
    by: dict[str, Any] = {"requested_kind": actor.kind.value, "requested_by": actor.id, "requested_at": at}
    return PersonMerge(id=new_id(), client_id=main.client_id, main=main, other=other, **by, **values)


def _record(kind: str, merge: PersonMerge, actor: Actor, at: datetime, *, subject_id: UUID | None = None) -> None:
    facts = {
        "merge": str(merge.pk),
        "proposed": str(merge.kind),
        "state": str(merge.state),
        "main": str(merge.main_id),
        "other": str(merge.other_id),
        "reason": str(merge.reason),
    }
    about: dict[str, Any] = {"client_id": merge.client_id, "subject_id": subject_id or merge.main_id}
    record_entry(kind, facts=facts, actor=actor, at=at, **about)
