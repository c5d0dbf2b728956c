"""Addresses of cases: replies to an email about a request are added to that request."""

import base64
import hashlib
import secrets

from django.conf import settings

from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.encryption.sealing import CannotOpen
from rights.mailbox.models import CaseAddress
from rights.requests.models import RightsRequest
from rights.requests.sealing import open_text, seal_text

_TOKEN_BYTES = 16


def hash_token(token: str) -> str:
    """Return the hash by which a case is found; tokens are random, so that a plain hash does not give them away."""
    return hashlib.sha256(token.encode()).hexdigest()


def list_own_addresses() -> list[str]:
    """List the portal's own addresses, whose emails are never answered."""
    sender = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip("> ")
    return [one for one in (settings.MAILBOX_ADDRESS, sender, settings.SUPPORT_ADDRESS) if one]


def find_case_address(letter: Letter) -> str | None:
    """Return the address, with a random token, of the case that an email is about; None without a mailbox or a key."""
    if not settings.MAILBOX_ADDRESS or letter.user_id is not None or letter.related_id is None:
        return None
    request = RightsRequest.objects.filter(client_id=letter.client_id, pk=letter.related_id).first()
    if request is None or request.wrapped is None:
        return None
    own = CaseAddress.objects.filter(client_id=letter.client_id, request=request).first()
    try:
        row = own or _create_address(request, letter)
        local, _, domain = settings.MAILBOX_ADDRESS.rpartition("@")
        return f"{local}+{open_text(request, row=row, field='token')}@{domain}"  # RFC 5233
    except CannotOpen:
        return None


def _create_address(request: RightsRequest, letter: Letter) -> CaseAddress:
    token = base64.b32encode(secrets.token_bytes(_TOKEN_BYTES)).decode().rstrip("=").lower()
    row = CaseAddress(client_id=request.client_id, request=request, created_at=letter.queued_at)
    row.token_hash = hash_token(token)
    row.token = seal_text(request, token, row=row, field="token")
    row.save(force_insert=True)
    return row
