"""Finding people, as far as the one who asks may."""

import hashlib
from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Collate

from paktaleem.directory.people.details import contact_index
from paktaleem.directory.people.models import (
    AccessRecord,
    AgeChange,
    GuardianClaim,
    Subject,
    SubjectKey,
)
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.secondperson import ChangeState
from paktaleem.foundation.encryption.sealing import KeyDestroyed, Sealed, Sealer, blind_index
from paktaleem.foundation.tenancy.context import current_client
from paktaleem.foundation.tenancy.rows import find_row

__all__ = [
    "BY_ID",
    "SubjectErased",
    "SubjectUnknown",
    "access_records",
    "age_change_waits",
    "age_changes",
    "age_is_known",
    "contact_of",
    "get_subject",
    "guardian_claims",
    "is_erased",
    "sealer_of",
    "sealers_of",
    "search_subjects",
    "subjects",
    "tombstone",
    "with_id_beginning",
]

BY_ID = Collate("external_id", "C")
"""LMS ids letter by letter, whatever the database's own order is: as they are indexed for beginnings."""
_LAST_LETTER = "\U0010ffff"
_BY_LMS_ID = "r.client_id = %(client)s AND r.external_id = %(id)s"


class SubjectUnknown(LookupError):
    """No such person for this client: never registered, or somebody else's."""


class SubjectErased(SubjectUnknown):
    """The client's person with this id was erased: nothing is left but that fact."""


def subjects(actor: Actor) -> QuerySet[Subject]:
    """List the people the actor may see; their personal fields stay sealed."""
    require(actor, Capability.VIEW_SUBJECTS)
    return Subject.objects.all()


def get_subject(external_id: str, *, actor: Actor) -> Subject:
    """Return the client's person with this LMS id.

    Raises SubjectUnknown alike for unknown and foreign ids, SubjectErased for one that is gone.
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


def tombstone(client_id: UUID, external_id: str | None) -> bytes | None:
    """Give the keyed hash by which an erased person's LMS id is known again, and by nobody without the key.

    Digested before the keyed hash, which folds case: an LMS may tell “ABC” from “abc”.
    """
    if not external_id:
        return None
    digest = hashlib.sha256(external_id.encode(errors="replace")).hexdigest()
    return blind_index(client_id, "tombstone", digest)


def is_erased(external_id: str, *, client_id: UUID) -> bool:
    """Say whether the client's person with this LMS id was erased."""
    return Subject.objects.filter(client_id=client_id, tombstone=tombstone(client_id, external_id)).exists()


def search_subjects(found: QuerySet[Subject], text: str) -> QuerySet[Subject]:
    """Narrow a list to those whose LMS id, mail address, phone or full name is exactly ``text``.

    A number is found however it is written. Names and addresses are found by their keyed index, so nothing is
    searched in clear; in the officers' view the id alone can be searched, because each client has a secret of its own.
    """
    client_id = current_client()
    matches = Q(external_id=text.strip())
    if client_id is not None:
        matches |= Q(name_index=blind_index(client_id, "name", text) or b"")
        matches |= _of_contact(client_id, text)
    return found.filter(matches)


def _of_contact(client_id: UUID, text: str) -> Q:
    region = Client.objects.values_list("country", flat=True).get(pk=client_id)
    try:
        field, index = contact_index(client_id, text, region=region)
    except ValueError:
        return Q()
    return Q(**{f"{field}_index": index})


def with_id_beginning(found: QuerySet[Subject], text: str) -> QuerySet[Subject]:
    """Narrow a list to those whose LMS id begins with ``text``; all of them for none.

    A range and not LIKE, which PostgreSQL does not trust to run before a client's policy, and so by no index.
    """
    if not text or "\x00" in text:
        return found.none() if text else found
    return found.alias(by_id=BY_ID).filter(by_id__gte=text, by_id__lt=text + _LAST_LETTER)


def sealer_of(subject: Subject) -> Sealer:
    """Return the sealer that holds the person's key. Raises KeyDestroyed once the person is erased, CannotOpen."""
    key = SubjectKey.objects.filter(subject_id=subject.id, client_id=subject.client_id).first()
    if key is None:
        raise KeyDestroyed("The person's key is destroyed.")
    return Sealer.unwrapped(subject.client_id, subject.id, wrapped=bytes(key.wrapped), epoch=key.epoch)


def sealers_of(client_id: UUID, people: Iterable[UUID]) -> dict[UUID, Sealer]:
    """Map people of one client to their sealers, in one query; whoever is erased is left out. Raises CannotOpen."""
    keys = SubjectKey.objects.filter(client_id=client_id, subject_id__in=list(people))
    return {
        key.subject_id: Sealer.unwrapped(client_id, key.subject_id, wrapped=bytes(key.wrapped), epoch=key.epoch)
        for key in keys
    }


def contact_of(subject: Subject, field: Literal["email", "phone"]) -> str | None:
    """Open a person's address for sending something there, and for nothing else: the letter is the record of it.

    Whoever wants to see it goes through ``reveal_fields``. Raises KeyDestroyed once the person is erased, CannotOpen.
    """
    sealed: Sealed | None = getattr(subject, field)
    return None if sealed is None else sealer_of(subject).open(sealed, column=f"subjects_subject.{field}")


def guardian_claims(actor: Actor) -> QuerySet[GuardianClaim]:
    """List the relations that schools claim."""
    require(actor, Capability.VIEW_SUBJECTS)
    return GuardianClaim.objects.select_related("child", "guardian")


def access_records(actor: Actor) -> QuerySet[AccessRecord]:
    """List who looked at whose sealed fields, and why."""
    require(actor, Capability.VIEW_WHO_LOOKED)
    return AccessRecord.objects.select_related("subject")


def age_changes(actor: Actor) -> QuerySet[AgeChange]:
    """List the changes of ages that need, or needed, a second person."""
    require(actor, Capability.VIEW_SUBJECTS)
    return AgeChange.objects.select_related("subject")


def age_is_known(client: Client, *, of: str = "") -> Q:
    """Narrow to people whose coming of age was computed for the threshold that applies to them, or depends on none.

    ``of`` is the way from a row to its person.
    """
    rule, countries = client.thresholds, ["", *client.country_thresholds]
    elsewhere = Q(**{f"{of}of_age_threshold": rule.default}) & ~Q(**{f"{of}country__in": countries})
    known = Q(**{f"{of}of_age_threshold": None}) | elsewhere
    for country in countries:
        known |= Q(**{f"{of}country": country, f"{of}of_age_threshold": rule.of(country)})
    return known


def age_change_waits(subject: Subject) -> bool:
    """Say whether a change of the person's age waits for a second person."""
    waiting = AgeChange.objects.filter(client_id=subject.client_id, subject=subject, state=ChangeState.WAITING)
    return waiting.exists()
