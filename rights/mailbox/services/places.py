"""Find where an email belongs: a case, a client whose person wrote, or PakTaleem."""

import re
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.details import contact_index
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from rights.mailbox.addresses import hash_token
from rights.mailbox.models import CaseAddress, MailMessage
from rights.mailbox.parsing.parsed import ParsedMail
from rights.requests.models.requests import RightsRequest

_AT_ONCE = 100
_OUR_ID = re.compile(r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@[^<>@]+>")


class Place(NamedTuple):
    """Where an email belongs: the client, and the open request that it continues, if any."""

    client_id: UUID
    request_id: UUID | None = None


def is_known_message(message_key: bytes) -> bool:
    """Return True if an email with this key was taken before, at any client; requires the officers' context."""
    return MailMessage.objects.filter(message_key=message_key).exists()


def find_place(mail: ParsedMail | None, *, by_sender: bool) -> Place:
    """Return where an email belongs; requires the officers' context.

    A case is found by its address among the recipients, or by the email that this one answers. Otherwise, if
    ``by_sender``, the client, if it is the only one that has the sender's address on file; then PakTaleem. None of it
    proves who wrote.
    """
    if mail is None:
        return Place(PAKTALEEM)
    request = _find_by_token(mail.tokens) or _find_by_reference(mail.references)
    if request is not None:
        return Place(request.client_id, request.pk)
    clients = _list_clients_with(mail.sender) if by_sender else []
    return Place(clients[0] if len(clients) == 1 else PAKTALEEM)


def _find_by_token(tokens: list[str]) -> RightsRequest | None:
    found = CaseAddress.objects.filter(token_hash__in=[hash_token(one) for one in tokens]).select_related("request")
    return _first_open([one.request for one in found[:2]])


def _find_by_reference(references: list[str]) -> RightsRequest | None:
    ids = [UUID(found[1]) for one in references if (found := _OUR_ID.fullmatch(one))]
    related = Letter.objects.filter(pk__in=ids, user=None).values_list("related_id", flat=True)
    return _first_open(RightsRequest.objects.filter(pk__in=[one for one in related if one])[:2]) if ids else None


def _first_open(requests: Iterable[RightsRequest]) -> RightsRequest | None:
    """Return the one open request whose texts are still kept.

    A duplicate leads to the request that goes on, and one that was handed over to the open one of the same number.
    """
    rows = [_follow(request.duplicate_of or request) for request in requests]
    found = [row for row in rows if row is not None and row.wrapped is not None]
    return found[0] if len(found) == 1 else None


def _follow(row: RightsRequest) -> RightsRequest | None:
    if row.is_open:
        return row
    successor: RightsRequest | None = RightsRequest.objects.filter(number=row.number, closed_at=None).first()
    return successor


def _list_clients_with(sender: str) -> list[UUID]:
    clients = list(Client.objects.filter(is_sandbox=False).order_by("pk"))
    found: set[UUID] = set()
    for start in range(0, len(clients), _AT_ONCE):
        wanted = Q()
        for client in clients[start : start + _AT_ONCE]:
            try:
                field, index = contact_index(client.pk, sender, region=client.country)
            except ValueError:
                return []
            wanted |= Q(client_id=client.pk, **{f"{field}_index": index})
        found |= set(Subject.objects.filter(wanted, erased_at=None).values_list("client_id", flat=True))
    return sorted(found)
