"""Extension point: what a link between two records, or its undoing, would change in apps above."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from paktaleem.directory.merges.models import MergeKind
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.extensions.points import ExtensionPoint


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
