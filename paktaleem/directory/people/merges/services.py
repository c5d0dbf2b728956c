"""Link two records that are one person, and undo it: proposed by one person, decided by another."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from paktaleem.directory.people.models import MergeKind, PersonMerge, Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change, request_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry


@transaction.atomic
def propose_merge(
    main: Subject, other: Subject, *, ground: str, actor: Actor, reason: Reason | str, at: datetime
) -> PersonMerge:
    """Propose that ``other`` is the same person as ``main``, or as its main record (decision 0101).

    Raises ValidationError for records that cannot be linked, GroundNeeded, AlreadyErased, ErasureInProgress,
    NotAllowed.
    """
    _require_person(actor, main.client_id)
    main, other = _lock_pair(main.same_person or main.pk, other.pk, main.client_id)
    _require_linkable(main, other, at)
    merge = PersonMerge(client_id=main.client_id, kind=MergeKind.LINK, main=main, other=other)
    return _propose(merge, ground, actor, reason, at)


@transaction.atomic
def propose_undo(
    subject: Subject, other: Subject, *, ground: str, actor: Actor, reason: Reason | str, at: datetime
) -> PersonMerge:
    """Propose that linked records are not one person; the link stays until a second person confirms (decision 0101).

    Raises ValidationError if they are not linked, GroundNeeded, AlreadyErased, NotAllowed.
    """
    _require_person(actor, subject.client_id)
    subject, other = _lock_pair(subject.pk, other.pk, subject.client_id, during_erasure=True)
    pair = Q(main=subject, other=other) | Q(main=other, other=subject)
    links = PersonMerge.objects.filter(pair, client_id=subject.client_id, kind=MergeKind.LINK)
    link = links.filter(state=ChangeState.APPROVED).order_by("-settled_at", "-id").first()
    if link is None or subject.same_person is None or subject.same_person != other.same_person:
        raise ValidationError(_("These records are not linked."))
    own = {"client_id": link.client_id, "main_id": link.main_id, "other_id": link.other_id}
    return _propose(PersonMerge(kind=MergeKind.UNDO, undoes=link, **own), ground, actor, reason, at)


def _propose(merge: PersonMerge, ground: str, actor: Actor, reason: Reason | str, at: datetime) -> PersonMerge:
    known = PersonMerge.objects.filter(client_id=merge.client_id, other_id=merge.other_id)
    if known.filter(state=ChangeState.WAITING).exists():
        raise ValidationError(_("This was already proposed. A second person must decide."))
    request_change(merge, ground=ground, actor=actor, at=at)
    merge.reason = Reason(reason).value
    merge.save(force_insert=True)
    _record("subject.merge_waiting", merge, actor, at)
    return merge


@transaction.atomic
def decide_merge(
    merge: PersonMerge, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> PersonMerge:
    """Confirm or decline, as a second person, that two records are one person, or that they are not (decision 0101).

    Raises ValidationError for records that cannot be linked any more, ChangeAlreadyDecided, ApproverIsRequester,
    ApproverNotIndependent, AlreadyErased, ErasureInProgress, NotAllowed.
    """
    _require_person(actor, merge.client_id)
    is_undo = merge.kind == MergeKind.UNDO
    main, other = _lock_pair(merge.main_id, merge.other_id, merge.client_id, during_erasure=is_undo or not approve)
    merge = decide_change(merge, approve=approve, actor=actor, at=at)
    merge.save(update_fields=["state", "settled_by", "settled_at"])
    _record("subject.merge_settled", merge, actor, at)
    if not approve:
        return merge
    if is_undo:
        _take_apart(main, other, actor, reason, at)
    else:
        _require_linkable(main, other, at)
        for record in (main, other):
            _set(record, main.pk, actor, reason, at)
    for record in (main, other):
        _record("subject.merge_undone" if is_undo else "subject.merged", merge, actor, at, subject_id=record.pk)
    return merge


def _take_apart(main: Subject, other: Subject, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Take the other record out; the main one stays linked while it has another one, erased or not."""
    if other.same_person != main.pk:
        raise ValidationError(_("These records are not linked."))
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
        raise ValidationError(_("This is the same record. Enter the LMS id of the other one."))
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
        words = _("This record is already linked with another one. Undo that link first, or link from this record.")
        raise ValidationError(words)
    births = {  # opened in order to compare them; no one is shown them
        sealer_of(record).open(record.birth_date, column="people_subject.birth_date")
        for record in (main, other)
        if record.birth_date is not None
    }
    if len(births) > 1 or main.counts_as_child(at) != other.counts_as_child(at):
        words = _(
            "The records cannot be one person: their birth dates differ, or one counts as a child and the other does "
            "not. Correct the wrong record first."
        )
        raise ValidationError(words)


def _record(kind: str, merge: PersonMerge, actor: Actor, at: datetime, *, subject_id: UUID | None = None) -> None:
    facts = {
        "merge": str(merge.pk),
        "proposed": str(merge.kind),
        "state": str(merge.state),
        "main": str(merge.main_id),
        "other": str(merge.other_id),
        "reason": str(merge.reason),
    }
    about: dict[str, object] = {"client_id": merge.client_id, "subject_id": subject_id or merge.main_id}
    record_entry(kind, facts=facts, actor=actor, at=at, **about)
