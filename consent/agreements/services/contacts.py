"""Contacts of a client: whom to ask about privacy, and who receives notices."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_noop

from consent.agreements.models import ClientContact, ContactKind
from consent.register.services.register import change_register
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.ids import new_id

_NO_EMAIL = gettext_noop("Give the email address: notices are sent there.")
_NO_NAME = gettext_noop("Give the name of the person, or of the office.")


@transaction.atomic
def add_contact(
    client: Client,
    *,
    kind: ContactKind | str,
    full_name: str,
    email: str,
    phone: str = "",
    language: str = "en",
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> ClientContact:
    """Register a person as a contact of a client, from now on; name and address are sealed as everyone's.

    The person has no account at the institution's platform, and the same rights as others. Raises ValidationError
    naming the field, NotAllowed.
    """
    require(actor, Capability.MANAGE_REGISTER, client.pk)
    for field, value, message in (("full_name", full_name, _NO_NAME), ("email", email, _NO_EMAIL)):
        if not value.strip():
            raise ValidationError({field: [message]})
    details = {"role": "administrator", "full_name": full_name, "email": email, "phone": phone, "language": language}
    person = _register(client, details, actor=actor, reason=reason, at=at)
    row = ClientContact(client_id=client.pk, kind=ContactKind(kind), subject=person, starts_at=at)
    return change_register(row, actor=actor, reason=reason, at=at)


def _register(client: Client, details: dict[str, str], *, actor: Actor, reason: Reason | str, at: datetime) -> Subject:
    name = _external_id(new_id())
    person, _is_new = register_subject(name, client=client, details=details, actor=actor, reason=reason, at=at)
    return person


def _external_id(key: UUID) -> str:
    return f"contact-{key}"
