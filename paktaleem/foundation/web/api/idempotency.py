"""Idempotency-Key for POST requests: a repeated request gets the stored response and has no further effect.

Follows draft-ietf-httpapi-idempotency-key-header-07. The response is stored in the transaction of the request, so that
both commit together. A key is valid for one credential and one route.
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection
from django.http import HttpResponse
from rest_framework.exceptions import APIException

from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.tenancy.rows import find_row, insert_rows
from paktaleem.foundation.upkeep.periods.services import get_cutoff
from paktaleem.foundation.web.api.models import STORED_ANSWERS, KeptAnswer

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
_STORED_HEADERS = ("Content-Type", "Location", "Link", "ETag")
_QUOTED = re.compile(r'\A"((?:[!#-\[\]-~]|\\["\\]){1,255})"\Z')
_BARE = re.compile(r"\A[!#-+\--:<-\[\]-~]{1,255}\Z")
_NONCE_BYTES = 12
_SLOT = "r.client_id = %(client)s AND r.slot = %(slot)s"


class KeyMalformed(APIException):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "idempotency-key-malformed"
    default_detail = (
        "An Idempotency-Key has 1 to 255 visible ASCII characters, either in double quotes or, if it has no comma, "
        "semicolon or backslash, without quotes."
    )


class KeyReused(APIException):
    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "idempotency-key-reused"
    default_detail = "This Idempotency-Key was used for a different request. Use a new key for each request."


class RequestInProgress(APIException):
    status_code = HTTPStatus.CONFLICT
    default_code = "idempotency-key-in-use"
    default_detail = (
        "The first request with this Idempotency-Key is still running. Retry after the time in Retry-After."
    )
    wait = 1


class ResponseStored(Exception):
    """The request is a repetition; ``response`` is the stored response."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class IdempotencySlot:
    """Lock on an idempotency key, held by its first request."""

    client_id: UUID
    slot: bytes
    fingerprint: bytes
    at: datetime

    def keep(self, response: HttpResponse) -> None:
        """Store the rendered response, in the transaction of the request."""
        stored = KeptAnswer(client_id=self.client_id, slot=self.slot, fingerprint=self.fingerprint, stored_at=self.at)
        stored.status = response.status_code
        stored.headers = {name: response[name] for name in _STORED_HEADERS if name in response}
        stored.body = _encrypt(response.content, self.client_id, self.slot)
        insert_rows(stored)


def acquire_idempotency_slot(
    header: str, *, client_id: UUID, credential: UUID, route: str, path: str, body: object, at: datetime
) -> IdempotencySlot:
    """Acquire the lock of an idempotency key until the transaction ends.

    Raises KeyMalformed (400), RequestInProgress (409) while the first request runs, KeyReused (422) for a different
    request, and ResponseStored with the response of the first one.
    """
    slot = _keyed_hash(client_id, "slot", credential, route, parse_key(header))
    turn = IdempotencySlot(client_id, slot, _keyed_hash(client_id, "request", "POST", path, body), at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(slot[:8], signed=True)])
        if cursor.fetchone() != (True,):
            raise RequestInProgress
    stored = find_row(KeptAnswer, _SLOT, {"client": client_id, "slot": slot})
    if stored is None:
        return turn
    if stored.stored_at <= get_cutoff(STORED_ANSWERS.code, at=at):
        KeptAnswer.objects.filter(client_id=client_id, slot=slot).delete()
        return turn
    if not hmac.compare_digest(bytes(stored.fingerprint), turn.fingerprint):
        raise KeyReused
    sealed, aead = bytes(stored.body), AESGCM(_secret(client_id, b"seal"))
    body = aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], client_id.bytes + slot)
    response = HttpResponse(body, status=stored.status, headers=stored.headers)
    response[REPLAYED] = "true"
    raise ResponseStored(response)


def parse_key(header: str) -> str:
    """Parse a Structured Field String (RFC 9651 §3.3.3), or a key without quotes. Raises KeyMalformed."""
    text = header.strip()
    quoted = _QUOTED.match(text)
    if quoted:
        return re.sub(r"\\(.)", r"\1", quoted[1])
    if _BARE.match(text):
        return text
    raise KeyMalformed


def _keyed_hash(client_id: UUID, kind: str, *parts: object) -> bytes:
    text = json.dumps([kind, *parts], sort_keys=True, default=str)
    return hmac.new(_secret(client_id, b"mark"), text.encode(), hashlib.sha256).digest()


@cache
def _secret(client_id: UUID, use: bytes) -> bytes:
    return keyring().index_key(b"stored-answers/" + use + b"/" + client_id.bytes)


def _encrypt(content: bytes, client_id: UUID, slot: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_secret(client_id, b"seal")).encrypt(nonce, content, client_id.bytes + slot)
