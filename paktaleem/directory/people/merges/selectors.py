"""Selectors of links between records that are one person."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from paktaleem.directory.people.merges.models import MergeKind, PersonMerge
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.operations.extensions.points import ExtensionPoint


class MergeEffect(NamedTuple):
    """One answer that changes: for which record, the code of the purpose, and the answer before and after it."""

    record: Subject
    purpose: str
    now: str
    after: str


type EffectFinder = Callable[[Subject, Subject, str, datetime], Iterable[MergeEffect]]
"""Takes the main and the other record, what is proposed (a link or ``UNDO``), and the time."""

UNDO = MergeKind.UNDO.value

merge_effects: ExtensionPoint[EffectFinder] = ExtensionPoint(
    "merges.effects", "What linking two records as one person, or undoing it, would change, for the preview."
)


def list_effects(main: Subject, other: Subject, *, kind: str, at: datetime) -> list[MergeEffect]:
    """List what a link between two records, or its undoing, would change at ``at``."""
    return [effect for find in merge_effects for effect in find(main, other, kind, at)]


@dataclass(frozen=True, slots=True)
class MergePreview:
    """Two records side by side, further records of the same person, and the answers that a decision would change."""

    main: Subject
    other: Subject
    further: Sequence[Subject]
    effects: Sequence[MergeEffect]


def list_merges_of(subject: Subject) -> QuerySet[PersonMerge]:
    """List what was proposed and decided about a record, newest first."""
    own = PersonMerge.objects.filter(Q(main=subject) | Q(other=subject), client_id=subject.client_id)
    return own.select_related("main", "other").order_by("-requested_at", "-id")


def find_link(subject: Subject, other: Subject) -> PersonMerge | None:
    """Return the link in effect between two records, in either direction; None if there is none."""
    if subject.same_person is None or subject.same_person != other.same_person:
        return None
    pair = Q(main=subject, other=other) | Q(main=other, other=subject)
    links = PersonMerge.objects.filter(pair, client_id=subject.client_id, kind=MergeKind.LINK)
    return links.filter(state=ChangeState.APPROVED).order_by("-settled_at", "-id").first()


def preview_merge(merge: PersonMerge, *, at: datetime) -> MergePreview:
    """Return what a waiting link, or its undoing, would change at ``at``, in the client's context."""
    further = [one for one in list_same_person(merge.main) if one.pk != merge.other_id]
    effects = list_effects(merge.main, merge.other, kind=merge.kind, at=at)
    return MergePreview(merge.main, merge.other, further, effects)
