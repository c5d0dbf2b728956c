"""Find people, within the actor's permissions."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Literal
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Collate

from paktaleem.directory.people.ages import ADULT_ROLES
from paktaleem.directory.people.details import (
    Reading,
    SubjectDetails,
    contact_index,
    reveals_child,
    reveals_minor_guardian,
)
from paktaleem.directory.people.models import AgeChange, HasSeveralRoles, Subject, SubjectKey
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.audit.actors import By
from paktaleem.foundation.encryption.sealing import KeyDestroyed, Sealed, Sealer, blind_index
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import current_client, is_limited
from paktaleem.foundation.tenancy.rows import find_row
from paktaleem.foundation.text.normal_forms import fold_spelling

BY_ID = Collate("external_id", "C")
"""LMS ids in code-point order (collation C), as indexed for prefix search."""
_LAST_LETTER = "\U0010ffff"
_BY_LMS_ID = "r.client_id = %(client)s AND r.external_id = %(id)s"


class SubjectUnknown(PortalError, LookupError):
    """The client has no such person: never registered, or another client's."""

    problem = Problem("subject-unknown", "No such person", "Register them first.", status=HTTPStatus.NOT_FOUND)
    console_message = "No person is registered under this LMS id."


class SubjectErased(SubjectUnknown):
    """The client's person with this id was erased."""

    problem = Problem("subject-erased", "This person was erased", status=HTTPStatus.GONE)


def list_subjects(actor: Actor) -> QuerySet[Subject]:
    """List the people the actor may see; their personal fields stay sealed. Raises NotAllowed."""
    require(actor, Capability.VIEW_SUBJECTS)
    return Subject.objects.all()


def get_subject(external_id: str, *, actor: Actor) -> Subject:
    """Return the client's person with this LMS id.

    Raises SubjectUnknown, also for other clients' ids, SubjectErased, NotAllowed.
    """
    require(actor, Capability.VIEW_SUBJECTS)
    client_id = current_client()
    if client_id is None or "\x00" in external_id:
        raise SubjectUnknown(external_id)
    found = find_row(Subject, _BY_LMS_ID, {"client": client_id, "id": external_id}, beside="client")
    if found is not None:
        return found
    if is_erased(external_id, client_id=client_id):
        raise SubjectErased(external_id)
    raise SubjectUnknown(external_id)


def tombstone_of(client_id: UUID, external_id: str | None) -> bytes | None:
    """Return the keyed hash of an erased person's LMS id, or None.

    The id is digested first, because the keyed hash folds case and an LMS may distinguish “ABC” from “abc”.
    """
    if not external_id:
        return None
    return tombstone_of_digest(client_id, hashlib.sha256(external_id.encode(errors="replace")).hexdigest())


def tombstone_of_digest(client_id: UUID, digest: str) -> bytes | None:
    """Return the keyed hash of an erased person by the SHA-256 (hex) of their LMS id, as a system may name them."""
    return blind_index(client_id, "tombstone", digest)


def is_erased(external_id: str, *, client_id: UUID) -> bool:
    """Return True if the client's person with this LMS id was erased."""
    return Subject.objects.filter(client_id=client_id, tombstone=tombstone_of(client_id, external_id)).exists()


def was_erased(external_id: str, *, client_id: UUID) -> bool:
    """Return the same in the client's context, also for staff limited to schools, who see no erased person."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT people_was_erased(%s, %s)", [client_id, tombstone_of(client_id, external_id)])
        [(found,)] = cursor.fetchall()
    return bool(found)


def search_subjects(found: QuerySet[Subject], text: str) -> QuerySet[Subject]:
    """Filter people whose LMS id, email, phone (in any format) or full name (in every spelling) is ``text``.

    Names and contacts are found by their keyed index; in officer context, with an index secret per client, only LMS
    ids.
    """
    client_id = current_client()
    matches = Q(external_id__in=_list_cases(text.strip()))
    if client_id is not None:
        if (name_index := blind_index(client_id, "name", fold_spelling(text))) is not None:
            matches |= Q(name_index=name_index)
        region = Client.objects.values_list("country", flat=True).get(pk=client_id)
        with suppress(ValueError):
            field_name, index = contact_index(client_id, text, region=region)
            matches |= Q(**{f"{field_name}_index": index})
    return found.filter(matches)


def having_left(*, of: str = "") -> Q:
    """Return a filter for people whose account was open and is closed; ``of`` is the lookup prefix to the person.

    Those whom a source registered as disabled have not left: some clients enable an account after consent only.
    """
    return Q(**{f"{of}account_closed_at__gt": F(f"{of}registered_at")})


def _list_cases(text: str) -> list[str]:
    return list(dict.fromkeys((text, text.lower(), text.upper(), text.capitalize(), text.title())))


def filter_by_id_prefix(found: QuerySet[Subject], text: str, *, any_case: bool = False) -> QuerySet[Subject]:
    """Filter people whose LMS id begins with ``text``; all people if it is empty.

    With ``any_case``, a text with which no id begins is tried in lower and upper case, and capitalized. Uses a range:
    LIKE would run after the row-level policy, and without an index.
    """
    if not text or "\x00" in text:
        return found.none() if text else found
    texts = _list_cases(text) if any_case else [text]
    ranges = [found.alias(by_id=BY_ID).filter(by_id__gte=one, by_id__lt=one + _LAST_LETTER) for one in texts]
    if len(ranges) == 1:
        return ranges[0]
    begun = (people for people in ranges if people.order_by("by_id", "id").values("pk").first())  # by the index
    return next(begun, ranges[0])


def sealer_of(subject: Subject) -> Sealer:
    """Return the sealer with the person's key. Raises KeyDestroyed if the person is erased, CannotOpen."""
    key = SubjectKey.objects.filter(subject_id=subject.id, client_id=subject.client_id).first()
    if key is None:
        raise KeyDestroyed("The person's key is destroyed.")
    return Sealer.unwrapped(subject.client_id, subject.id, wrapped=bytes(key.wrapped), epoch=key.epoch)


def sealers_of(client_id: UUID, people: Iterable[UUID]) -> dict[UUID, Sealer]:
    """Map people of one client to their sealers, in one query; erased people are left out. Raises CannotOpen."""
    keys = SubjectKey.objects.filter(client_id=client_id, subject_id__in=list(people))
    return {
        key.subject_id: Sealer.unwrapped(client_id, key.subject_id, wrapped=bytes(key.wrapped), epoch=key.epoch)
        for key in keys
    }


def contact_of(subject: Subject, field: Literal["email", "phone"]) -> str | None:
    """Open a person's email or phone to send a message, which is the access record. Raises KeyDestroyed, CannotOpen."""
    sealed: Sealed | None = getattr(subject, field)
    return None if sealed is None else sealer_of(subject).open(sealed, column=f"people_subject.{field}")


def age_is_known(client: Client, *, of: str = "") -> Q:
    """Return a filter, with prefix ``of``, for people whose age was computed for their threshold, or needs none."""
    thresholds = client.thresholds
    exceptions = thresholds.exceptions
    elsewhere = Q(**{f"{of}of_age_threshold": thresholds.default}) & ~Q(**{f"{of}country__in": list(exceptions)})
    known = Q(**{f"{of}of_age_threshold": None}) | elsewhere
    for years in sorted(set(exceptions.values())):
        countries = [country for country, age in exceptions.items() if age == years]
        known |= Q(**{f"{of}country__in": countries, f"{of}of_age_threshold": years})
    return known


def list_protected(client_id: UUID, *, at: datetime) -> tuple[QuerySet[Subject], QuerySet[Subject]]:
    """List the people for whom a guardian decides, without the erased: known children, and people of unknown age.

    Each list can be counted in an index.
    """
    people = Subject.objects.filter(client_id=client_id)
    adults = Q(role__in=ADULT_ROLES, other_roles__contained_by=sorted(ADULT_ROLES))
    return people.filter(of_age_at__gt=at), people.filter(of_age_at=None, erased_at=None).exclude(adults)


def list_by_change(
    actor: Actor,
    client_id: UUID,
    *,
    role: str | None = None,
    changed_since: datetime | None = None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Subject]:
    """List a page of a client's people by the time of their last change, oldest first; erased people are left out.

    ``role`` is main or other. ``after`` is the change and id of the last person of the page before. Raises NotAllowed.
    """
    found = _list_changed(actor, changed_since, after).filter(client_id=client_id)
    if role is None:
        return list(found[:limit])
    several = found.filter(HasSeveralRoles(), other_roles__contains=[role])
    rows = [*found.filter(role=role)[:limit], *several[:limit]]
    return sorted(rows, key=lambda one: (one.changed_at, one.pk))[:limit]


def _list_changed(
    actor: Actor, changed_since: datetime | None, after: tuple[datetime, UUID] | None
) -> QuerySet[Subject]:
    found = list_subjects(actor).filter(erased_at=None).order_by("changed_at", "id")
    if changed_since is not None:
        found = found.filter(changed_at__gte=changed_since)
    if after is not None:
        moment, key = after
        found = found.filter(changed_at__gte=moment).filter(Q(changed_at__gt=moment) | Q(id__gt=key))
    return found


def with_waiting_age_change(people: Collection[Subject]) -> set[UUID]:
    """Return the ids of those people for whom a change of the age waits for a second person, in one query."""
    clients, ids = {one.client_id for one in people}, [one.pk for one in people]
    waiting = AgeChange.objects.filter(client_id__in=clients, subject_id__in=ids, state=ChangeState.WAITING)
    return set(waiting.values_list("subject_id", flat=True))


def list_same_person(subject: Subject) -> list[Subject]:
    """List the other records that are the same person as a record, without the erased; oldest first."""
    return map_same_person([subject]).get(subject.pk, [])


def has_hidden_record(subject: Subject) -> bool:
    """Return True if staff limited to schools see a person, but not every record of them (docs/decisions/0098)."""
    if not is_limited() or subject.same_person is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT people_has_hidden_record(%s, %s)", [subject.client_id, subject.pk])
        [(found,)] = cursor.fetchall()
    return bool(found)


def map_same_person(people: Iterable[Subject]) -> dict[UUID, list[Subject]]:
    """Map records to the other records that are the same person, in one query; those without any are left out."""
    linked = {one.pk: (one.client_id, one.same_person) for one in people if one.same_person is not None}
    if not linked:
        return {}
    clients, mains = {client for client, _main in linked.values()}, {main for _client, main in linked.values()}
    found: defaultdict[tuple[UUID, UUID | None], list[Subject]] = defaultdict(list)
    rows = Subject.objects.filter(client_id__in=clients, same_person__in=mains, erased_at=None)
    for row in rows.select_related("client").order_by("pk"):
        found[row.client_id, row.same_person].append(row)
    return {key: others for key, of in linked.items() if (others := [one for one in found[of] if one.pk != key])}


type RevealedHandler = Callable[[UUID, Sequence[UUID], By, datetime], None]
"""Takes the client, the people, the actor and the time; runs in the same transaction."""

child_revealed: ExtensionPoint[RevealedHandler] = ExtensionPoint(
    "people.child_revealed", "Called with all people whom one act, or one chunk of a roster, shows to be children."
)
minor_revealed: ExtensionPoint[RevealedHandler] = ExtensionPoint(
    "people.minor_revealed", "Called with all guardians whose age, stated now, shows that they are not of full age."
)


@dataclass(slots=True)
class RevealedPeople:
    """Children, and guardians who are not of full age, whom one act or chunk of a roster reveals."""

    children: list[UUID] = field(default_factory=list)
    minors: list[UUID] = field(default_factory=list)

    def note(
        self, person: UUID, before: SubjectDetails, after: SubjectDetails, *, reading: Reading, full_age: Reading
    ) -> None:
        """Note what a change of details reveals about a person; ``full_age`` has the full ages as thresholds."""
        if reveals_child(before, after, reading):
            self.children.append(person)
        if reveals_minor_guardian(before, after, full_age):
            self.minors.append(person)

    def report(self, client_id: UUID, *, actor: By, at: datetime) -> None:
        """Call every handler once for all the people; nothing is called for none."""
        for people, handlers in ((self.children, child_revealed), (self.minors, minor_revealed)):
            for handler in handlers if people else ():
                handler(client_id, people, actor, at)
