"""Selectors of disclosures, and of the recipients that the public page lists."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from consent.notices.selectors.public import find_purposes, map_category_names
from consent.notices.selectors.registers import current_register
from consent.register.compiled import describe_purpose
from consent.register.models.agreements import Recipient
from consent.sharing.models import Disclosure, Informed, LegalDisclosure
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability


def list_disclosures_of(subject: Subject, *, actor: Actor) -> QuerySet[Disclosure]:
    """List what was shared of one person's data, latest first. Raises NotAllowed."""
    require(actor, Capability.VIEW_DISCLOSURES, subject.client_id)
    return _select_of(subject)


def list_own_disclosures(subject: Subject, *, actor: Actor) -> QuerySet[Disclosure]:
    """List what was shared of the person's own data, latest first. Raises NotAllowed."""
    require(actor, Capability.MANAGE_OWN_CHOICES, subject.client_id)
    return _select_of(subject)


def list_legal_disclosures_of(subject: Subject, *, actor: Actor) -> QuerySet[LegalDisclosure]:
    """List the demands of authorities for one person's data, latest first; for the client, those that are not secret.

    Raises NotAllowed.
    """
    require(actor, Capability.VIEW_LEGAL_DISCLOSURES, subject.client_id)
    return hide_secret_demands(LegalDisclosure.objects.filter(client_id=subject.client_id, subject=subject), actor)


def hide_secret_demands(rows: QuerySet[LegalDisclosure], actor: Actor) -> QuerySet[LegalDisclosure]:
    """Leave out, for the client's staff, the demands whose instrument forbids that the client is informed."""
    return rows if actor.client_id is None else rows.filter(is_secret=False)


def list_own_legal_disclosures(subject: Subject, *, actor: Actor) -> QuerySet[LegalDisclosure]:
    """List the disclosures to authorities of which the person was informed, latest first; of a child, a guardian, too.

    A guardian sees those of which a guardian was informed. Raises NotAllowed.
    """
    require(actor, Capability.MANAGE_OWN_CHOICES, subject.client_id)
    informed = Informed.values if actor.id == subject.pk else [Informed.GUARDIAN]
    found = LegalDisclosure.objects.filter(client_id=subject.client_id, subject=subject, informed__in=informed)
    return found.order_by("-disclosed_at", "-id")


def _select_of(subject: Subject) -> QuerySet[Disclosure]:
    found = Disclosure.objects.filter(client_id=subject.client_id, subject=subject)
    return found.select_related("recipient", "system").order_by("-shared_at", "-id")


@dataclass(frozen=True, slots=True)
class PublicApproval:
    """One approval of a recipient, with the names of its purposes and categories in the requested language.

    ``from_at`` is when data may first be shared with it at the client; None while that is not known or the client
    objects.
    """

    recipient: Recipient
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    is_integral: bool
    from_at: datetime | None
    until_at: datetime | None
    is_objected: bool


def list_public_approvals(client: Client, *, at: datetime, language: str) -> list[PublicApproval]:
    """List the recipients of a client's data that are approved or announced and have not ended, by name.

    Runs a fixed number of queries.
    """
    register = current_register(client.pk)
    approvals = [
        (rule.id, one)
        for rule in register.recipients.values()
        for one in rule.approvals
        if one.period.ends_at is None or one.period.ends_at > at
    ]
    rows = {row.pk: row for row in Recipient.objects.filter(pk__in={recipient for recipient, _ in approvals})}
    purposes = find_purposes(client.pk, sorted({code for _, one in approvals for code in one.purposes}))
    names = {code: describe_purpose(row, language).name for code, row in purposes.items()}
    categories = map_category_names(client.pk, language=language)
    found = [
        PublicApproval(
            rows[recipient],
            tuple(sorted(names.get(code, code) for code in one.purposes)),
            tuple(sorted(categories.get(code, code) for code in one.categories)),
            one.is_integral,
            None if one.is_objected(at) else max(one.period.starts_at, one.objection_until or one.period.starts_at),
            one.period.ends_at,
            one.is_objected(at),
        )
        for recipient, one in approvals
    ]
    return sorted(found, key=lambda one: (one.recipient.name, one.purposes))
