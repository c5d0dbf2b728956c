"""Inform a person at the contacts that were on file before one of them was corrected."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.encoding import punycode

from paktaleem.directory.mail.models import Channel
from paktaleem.directory.mail.recipients import GivenAddress, GivenNumber
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.details import SubjectDetails
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.ip_addresses import build_public_url
from rights.rectifications.messages import CONTACT_CHANGED

type _Recipient = Subject | GivenAddress | GivenNumber


def inform_previous_contacts(
    subject: Subject,
    before: SubjectDetails,
    after: SubjectDetails,
    *,
    related_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> int:
    """Send a notice to each contact that was on file before a change of contacts; return how many (decision 0071).

    So the person learns of a change that an impostor caused in order to get their data. The notice holds neither a name
    nor the new contact, since a previous address may be another person's. Staff cause it, so it does not count under
    the daily limit, which others could use up.
    """
    if (before.email, before.phone) == (after.email, after.phone):
        return 0
    context = {"url": build_public_url(reverse("rights-form-of", args=[subject.client.code]))}
    told: dict[str, Any] = {"language": subject.language, "related_id": related_id, "actor": actor, "at": at}
    recipients = list(_list_recipients(subject, before, after))
    for to, channel in recipients:
        send_message(CONTACT_CHANGED.code, to=to, channel=channel, client_id=subject.client_id, context=context, **told)
    return len(recipients)


def _list_recipients(
    subject: Subject, before: SubjectDetails, after: SubjectDetails
) -> Iterator[tuple[_Recipient, Channel]]:
    email = to_given_address(before.email) if before.email != after.email else subject
    if before.email and email is not None:
        yield email, Channel.MAIL
    if before.phone:
        yield GivenNumber(before.phone) if before.phone != after.phone else subject, Channel.TEXT


def to_given_address(email: str | None) -> GivenAddress | None:
    """Return an address on file as a recipient, its domain in ASCII; None if no email can be sent to it."""
    local, _, domain = (email or "").rpartition("@")
    try:
        return GivenAddress(f"{local}@{punycode(domain)}")
    except (ValidationError, UnicodeError):
        return None
