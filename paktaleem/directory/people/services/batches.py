"""Register or update many people in one act, all or nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.claims import claim_guardian, end_other_claims
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.locks import advisory_locks


class BatchRefused(Exception):
    """Some of the people cannot be registered, so none is; ``reasons`` maps positions to errors."""

    def __init__(self, reasons: Mapping[int, ValidationError | AlreadyErased]) -> None:
        """Store the reasons."""
        super().__init__(f"{len(reasons)} of the people cannot be registered.")
        self.reasons = reasons


@transaction.atomic
def register_subjects(
    people: Sequence[Mapping[str, Any]], *, client: Client, actor: Actor, at: datetime
) -> list[tuple[Subject, bool]]:
    """Register or update each person as ``register_subject`` does, with their guardians, in one transaction.

    Each person has ``external_id``, the details, and may have ``guardians``: all guardians of the person, each with an
    ``external_id`` and a ``relationship``.
    Returns each person with whether they are new. Concurrent batches take their locks in the same order, so they do not
    deadlock. Raises BatchRefused with the reason for every person refused, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.id)
    advisory_locks(f"subject/{client.id}/{name}" for name in _names(people))
    common: dict[str, Any] = {"client": client, "actor": actor, "at": at}
    done, reasons = [], {}
    for place, person in enumerate(people):
        try:
            done.append(_register(dict(person), common))
        except (ValidationError, AlreadyErased) as error:
            reasons[place] = error
    if reasons:
        raise BatchRefused(reasons)
    return done


def _names(people: Sequence[Mapping[str, Any]]) -> set[str]:
    own = {person["external_id"] for person in people}
    return own | {guardian["external_id"] for person in people for guardian in person.get("guardians", ())}


@transaction.atomic
def _register(person: dict[str, Any], common: dict[str, Any]) -> tuple[Subject, bool]:
    external_id, guardians = person.pop("external_id"), person.pop("guardians", None)
    subject, is_new = register_subject(external_id, details=person, **common)
    if guardians is not None:
        register_guardians(subject, guardians, **common)
    return subject, is_new


@transaction.atomic
def register_guardians(
    child: Subject, guardians: Sequence[Mapping[str, Any]], *, client: Client, actor: Actor, at: datetime
) -> None:
    """Register the guardians that the school names for a child, and claim them; the claims of all others end.

    A guardian who is already registered in another role, such as a teacher, keeps it and becomes a guardian too.

    Raises ValidationError, also if the child is named as their own guardian, AlreadyErased, NotAllowed.
    """
    if any(given["external_id"].strip() == child.external_id for given in guardians):
        raise ValidationError({"guardians": ["A person cannot be their own guardian."]})
    named = []
    for given in guardians:
        details = {"role": "guardian", **given}
        relationship, external_id = details.pop("relationship"), details.pop("external_id")
        guardian, _ = register_subject(external_id, details=details, client=client, adds_role=True, actor=actor, at=at)
        claim_guardian(child, guardian=guardian, relationship=relationship, actor=actor, at=at)
        named.append(guardian)
    end_other_claims(child, named=named, actor=actor, at=at)
