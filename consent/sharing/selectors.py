"""Selectors of disclosures."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from consent.sharing.models import Disclosure, Informed, LegalDisclosure
from paktaleem.directory.people.copies.declarations import Copied, Reader, Row, Section
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability


def list_disclosures_of(subject: Subject, *, actor: Actor) -> QuerySet[Disclosure]:
    """List what was shared of one person's data, latest first. Raises NotAllowed."""
    require(actor, Capability.VIEW_RECORDS, subject.client_id)
    return _select_of(subject)


def list_own_disclosures(subject: Subject, *, actor: Actor) -> QuerySet[Disclosure]:
    """List what was shared of the person's own data, latest first. Raises NotAllowed."""
    require(actor, Capability.MANAGE_OWN_CHOICES, subject.client_id)
    return _select_of(subject)


def list_legal_disclosures_of(subject: Subject, *, actor: Actor) -> QuerySet[LegalDisclosure]:
    """List authorities' demands for a person's data; for the client, those that are not secret. Raises NotAllowed."""
    require(actor, Capability.VIEW_CLIENT_RECORDS, subject.client_id)
    return hide_secret_demands(LegalDisclosure.objects.filter(client_id=subject.client_id, subject=subject), actor)


def hide_secret_demands(rows: QuerySet[LegalDisclosure], actor: Actor) -> QuerySet[LegalDisclosure]:
    """Leave out, for the client's staff, the demands whose instrument forbids that the client is informed."""
    return rows if actor.client_id is None else rows.filter(is_secret=False)


def list_own_legal_disclosures(subject: Subject, *, actor: Actor) -> QuerySet[LegalDisclosure]:
    """List the disclosures to authorities of which the person (for a guardian: a guardian) was informed."""
    require(actor, Capability.MANAGE_OWN_CHOICES, subject.client_id)
    informed = Informed.values if actor.id == subject.pk else [Informed.GUARDIAN]
    found = LegalDisclosure.objects.filter(client_id=subject.client_id, subject=subject, informed__in=informed)
    return found.order_by("-disclosed_at", "-id")


def _select_of(subject: Subject) -> QuerySet[Disclosure]:
    found = Disclosure.objects.filter(client_id=subject.client_id, subject=subject)
    return found.select_related("recipient", "system").order_by("-shared_at", "-id")


_DISCLOSURES = Copied(
    "legal_disclosures",
    _("Your data that authorities received"),
    "authority instrument categories=disclosed disclosed_at informed informed_on",
    titles={"informed": _("Who was informed")},
)


def list_sharing_sections() -> Sequence[Section]:
    """List the disclosures to authorities of which the person was informed; an order may forbid to name others."""
    section = _DISCLOSURES.make_section(LegalDisclosure)

    def read_informed(reader: Reader) -> Iterator[Row]:
        """Read those of which someone was informed; for a guardian's copy, those of which a guardian was."""
        informed = {Informed.GUARDIAN.value} if reader.guardian_id else set(Informed.values)
        return (row for row in section.read(reader) if row["informed"] in informed)

    def count_informed(subject: Subject) -> int:
        return LegalDisclosure.objects.filter(client_id=subject.client_id, subject=subject).exclude(informed="").count()

    return (replace(section, read=read_informed, count=count_informed),)
