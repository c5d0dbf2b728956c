"""Moves of pupils within a client: the preview of one, and those that were recorded about a person."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db.models import Q, QuerySet

from children.guardians.models.guardians import Guardianship
from consent.consents.models import Consent, ConsentState
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import School, SchoolClass
from paktaleem.directory.schools.selectors import list_moving_enrolments
from paktaleem.directory.schools.services.moving import Move
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.models import Entry
from retention.holdings.models import Holding
from rights.requests.models import RightsRequest


@dataclass(frozen=True, slots=True)
class MovePreview:
    """The changes of a move, and the numbers that stay.

    ``ending`` and ``joining`` are classes with their schools; ``enrolments`` end. ``consents`` in force,
    ``guardians``, ``holdings`` and open ``requests`` are about the pupils and stay. Staff limited to schools
    ``no_longer`` see the pupils at the schools they leave, and do ``from_now`` at the schools they join.
    """

    people: int
    enrolments: int
    ending: Sequence[SchoolClass]
    joining: Sequence[SchoolClass]
    consents: int
    guardians: int
    holdings: int
    requests: int
    no_longer: Sequence[School]
    from_now: Sequence[School]

    @property
    def fingerprint(self) -> str:
        """A digest of what is shown: a confirmation of something else does not count."""
        return sha256(json.dumps([_to_keys(getattr(self, one.name)) for one in fields(self)]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class RecordedMove:
    """One move of a person, from the ledger: the entry, the classes, the first day, and the code of the reason."""

    entry: Entry
    left: Sequence[SchoolClass]
    joined: Sequence[SchoolClass]
    on: str
    reason: str


def preview_move(move: Move, *, client: Client, at: datetime) -> MovePreview:
    """Return what a move would change, in the client's context; nine queries, however many people."""
    rows = list_moving_enrolments(client.pk, move.people, leaving=move.leaving, joining=move.joining, on=move.on)
    ending = list(rows)
    kept = list_moving_enrolments(client.pk, move.people, leaving=None, joining=(), on=move.on)
    others = {one.school_class.school_id for one in kept.exclude(pk__in=[one.pk for one in ending])}
    joining = list(SchoolClass.objects.filter(client_id=client.pk, pk__in=move.joining).select_related("school"))
    left = _list_schools(one.school_class for one in ending)
    joined = _list_schools(joining)
    about = {"client_id": client.pk, "subject_id__in": move.people}
    consents = Consent.objects.filter(Q(expires_at=None) | Q(expires_at__gt=at), state=ConsentState.GIVEN, **about)
    guardians = Guardianship.objects.live(at).filter(client_id=client.pk, child_id__in=move.people)
    before, after = {one.pk for one in left} | others, {one.pk for one in joined} | others
    return MovePreview(
        people=len(set(move.people)),
        enrolments=len(ending),
        ending=_distinct(one.school_class for one in ending),
        joining=_distinct(joining),
        consents=consents.count(),
        guardians=guardians.count(),
        holdings=Holding.objects.held().filter(**about).count(),
        requests=RightsRequest.objects.open().filter(**about).count(),
        no_longer=[one for one in left if one.pk not in after],
        from_now=[one for one in joined if one.pk not in before],
    )


def _to_keys(value: Any) -> Any:
    return value if isinstance(value, int) else [str(one.pk) for one in value]


def list_moves_of(subject: Subject) -> QuerySet[Entry]:
    """List the ledger's entries of the moves of a person, newest first."""
    entries = Entry.objects.filter(client_id=subject.client_id, subject_id=subject.pk, kind="subject.moved")
    return entries.order_by("-recorded_at", "-id")


def read_moves(subject: Subject, entries: Iterable[Entry]) -> list[RecordedMove]:
    """Return the moves of some entries about a person, with their classes; one query."""
    found = list(entries)
    facts = [json.loads(entry.body)["facts"] for entry in found]
    keys = {key for one in facts for key in (*one["left"], *one["joined"])}
    rows = SchoolClass.objects.filter(client_id=subject.client_id, pk__in=keys).select_related("school") if keys else []
    classes = {str(one.pk): one for one in rows}
    return [
        RecordedMove(entry, _named(one["left"], classes), _named(one["joined"], classes), one["on"], one["reason"])
        for entry, one in zip(found, facts, strict=True)
    ]


def _named(keys: Iterable[str], classes: Mapping[str, SchoolClass]) -> list[SchoolClass]:
    return _distinct(classes[key] for key in keys if key in classes)


def _distinct(classes: Iterable[SchoolClass]) -> list[SchoolClass]:
    found = {one.pk: one for one in classes}
    return sorted(found.values(), key=lambda one: (one.title, str(one.pk)))


def _list_schools(classes: Iterable[SchoolClass]) -> list[School]:
    found = {one.school.pk: one.school for one in classes if one.school is not None}
    return sorted(found.values(), key=lambda one: (one.name, str(one.pk)))
