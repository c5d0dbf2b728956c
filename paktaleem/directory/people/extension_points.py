"""Extension points of an erasure: what is held, what forbids it, its start, whether it waits, its locks, its end."""

from collections.abc import Callable, Iterable, Sequence, Set as AbstractSet
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import AgeChange, Subject, SubjectEvent
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.operations.extensions import ExtensionPoint


class Hold(NamedTuple):
    """Why a person may not be erased now: a stable code, and the ground in the reader's language.

    An erasure that serves the protected ``case`` is not held. ``category`` (code) limits the hold; empty covers all.
    """

    code: str
    ground: str
    case: UUID | None = None
    category: str = ""


class PersonalRows(NamedTuple):
    """Rows of one table that become unreadable with a person's key: the app, what they are, and how many."""

    app: str
    what: str
    rows: int


type HoldCheck = Callable[[UUID, Sequence[UUID], datetime], Iterable[tuple[UUID, Hold]]]
"""Takes a client and some of its people; returns each hold with the person whom it holds, in one query for all."""
type RowCounter = Callable[[Subject], Iterable[PersonalRows]]

erasure_holds: ExtensionPoint[HoldCheck] = ExtensionPoint(
    "people.erasure_holds", "What forbids the erasure of a person for now, with its ground. Refuses every confirmation."
)
personal_rows: ExtensionPoint[RowCounter] = ExtensionPoint(
    "people.personal_rows", "What an app holds of a person under their key, counted for the preview of an erasure."
)
erasure_started: ExtensionPoint[Callable[[Erasure, Actor, datetime], None]] = ExtensionPoint(
    "people.erasure_started",
    "Called in the transaction that confirms an erasure, to issue its orders, and again before the key is destroyed.",
)
erasure_blockers: ExtensionPoint[Callable[[Erasure], str]] = ExtensionPoint(
    "people.erasure_blockers", "What an erasure waits for before the key may be destroyed, in words; empty if nothing."
)
erasure_locks: ExtensionPoint[Callable[[Subject], None]] = ExtensionPoint(
    "people.erasure_locks", "Called before a person is locked for erasure, with rows that others lock before a person."
)
before_erasure: ExtensionPoint[Callable[[Subject, Actor, datetime], None]] = ExtensionPoint(
    "people.before_erasure", "Called with a person before every erasure and every replay of one. It may not refuse."
)


def list_holds(
    subject: Subject, at: datetime, *, serving: UUID | None = None, categories: AbstractSet[str] | None = None
) -> list[Hold]:
    """List what forbids the erasure of a person at ``at``, or of their data of some categories (codes).

    What only protects the case ``serving``, which the erasure serves, does not hold it.
    """
    found = (hold for check in erasure_holds for _id, hold in check(subject.client_id, [subject.pk], at))
    return [
        hold
        for hold in found
        if (hold.case is None or hold.case != serving)
        and (categories is None or not hold.category or hold.category in categories)
    ]


def list_unheld(people: QuerySet[Subject], client_id: UUID, at: datetime, *, most: int) -> list[Subject]:
    """List a client's first ``most`` people without a hold, by id; those on hold do not use up the batch."""
    found, page = list[Subject](), list(people[:most])
    while page and len(found) < most:
        ids = [one.pk for one in page]
        held = {subject_id for check in erasure_holds for subject_id, _hold in check(client_id, ids, at)}
        found += [one for one in page if one.pk not in held]
        page = list(people.filter(pk__gt=page[-1].pk)[:most])
    return found[:most]


def list_personal_rows(subject: Subject) -> list[PersonalRows]:
    """List what becomes unreadable when a person's key is destroyed, without empty lines."""
    return [found for count in personal_rows for found in count(subject) if found.rows]


def report_started_erasure(erasure: Erasure, *, actor: Actor, at: datetime) -> None:
    for handler in erasure_started:
        handler(erasure, actor, at)


def list_blockers(erasure: Erasure) -> list[str]:
    return [found for find in erasure_blockers if (found := find(erasure))]


def take_locks(subject: Subject) -> None:
    """Take the locks that precede the lock of the person, so that an erasure and an answer do not deadlock."""
    for lock in erasure_locks:
        lock(subject)


age_change_settled: ExtensionPoint[Callable[[AgeChange, Actor, datetime], None]] = ExtensionPoint(
    "people.age_change_settled", "Called with every age change that a second person confirmed or declined."
)
event_recorded: ExtensionPoint[Callable[[SubjectEvent, Actor, datetime], None]] = ExtensionPoint(
    "people.event_recorded", "Called in the transaction that records an account event of a person."
)
