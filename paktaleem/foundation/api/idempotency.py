"""Idempotency-Key on every POST: the same request again gets the same answer and does nothing.

Follows draft-ietf-httpapi-idempotency-key-header-07. The answer is kept in the transaction of the act it answers,
so neither exists without the other. A key holds for one credential on one route.
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
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from rest_framework.exceptions import APIException

from paktaleem.foundation.api.models import KeptAnswer
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.tenancy.rows import find_row, insert_together

__all__ = ["AnsweredBefore", "KeyMalformed", "KeyReused", "StillRunning", "Turn", "begin_turn", "parse_key"]

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
_KEPT_HEADERS = ("Content-Type", "Location", "Link", "ETag")
_QUOTED = re.compile(r'\A"((?:[!#-\[\]-~]|\\["\\]){1,255})"\Z')
_BARE = re.compile(r"\A[!#-+\--:<-\[\]-~]{1,255}\Z")
_NONCE_BYTES = 12
_SLOT = "r.client_id = %(client)s AND r.slot = %(slot)s"


class KeyMalformed(APIException):
    """The header is no key."""

    status_code = HTTPStatus.BAD_REQUEST
    default_code = "idempotency-key-malformed"
    default_detail = (
        "An Idempotency-Key has 1 to 255 visible ASCII characters, in double quotes or, without a comma, semicolon "
        "or backslash, bare."
    )


class KeyReused(APIException):
    """The key was used for another request."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "idempotency-key-reused"
    default_detail = "This Idempotency-Key was used for another request: draw a new one for each."


class StillRunning(APIException):
    """The first request with the key has not been answered yet."""

    status_code = HTTPStatus.CONFLICT
    default_code = "idempotency-key-in-use"
    default_detail = "The first request with this Idempotency-Key is still running: ask again in a moment."
    wait = 1


class AnsweredBefore(Exception):
    """The request was answered before; ``response`` is that answer."""

    def __init__(self, response: HttpResponse) -> None:
        """Hold the answer."""
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Turn:
    """One request under a key, from the moment it is known to be the first."""

    client_id: UUID
    slot: bytes
    fingerprint: bytes
    at: datetime

    def keep(self, response: HttpResponse) -> None:
        """Keep the rendered answer, in the transaction of what it answers."""
        kept = KeptAnswer(
            client_id=self.client_id,
            slot=self.slot,
            fingerprint=self.fingerprint,
            status=response.status_code,
            headers={name: response[name] for name in _KEPT_HEADERS if name in response},
            body=_seal(response.content, self.client_id, self.slot),
            expires_at=self.at + settings.IDEMPOTENCY_KEPT_FOR,
        )
        insert_together(kept)


def begin_turn(
    header: str, *, client_id: UUID, credential: UUID, route: str, path: str, body: Any, at: datetime
) -> Turn:
    """Take the turn of a request that carries a key, in the client's transaction and until its end.

    Raises KeyMalformed, StillRunning, KeyReused, and AnsweredBefore with the answer to give again.
    """
    slot = _mark(client_id, "slot", credential, route, parse_key(header))
    turn = Turn(client_id, slot, _mark(client_id, "request", "POST", path, body), at)
    if not _is_alone(slot):
        raise StillRunning
    kept = find_row(KeptAnswer, _SLOT, {"client": client_id, "slot": slot})
    if kept is None:
        return turn
    if kept.expires_at <= at:
        KeptAnswer.objects.filter(client_id=client_id, slot=slot).delete()
        return turn
    if not hmac.compare_digest(bytes(kept.fingerprint), turn.fingerprint):
        raise KeyReused
    raise AnsweredBefore(_replayed(kept))


def parse_key(header: str) -> str:
    """Read a Structured Field String (RFC 9651 §3.3.3), or the bare key that most senders write."""
    text = header.strip()
    quoted = _QUOTED.match(text)
    if quoted:
        return re.sub(r"\\(.)", r"\1", quoted[1])
    if _BARE.match(text):
        return text
    raise KeyMalformed


def _is_alone(slot: bytes) -> bool:
    """Take the slot's lock to the end of the transaction; False if another transaction has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(slot[:8], signed=True)])
        return bool(cursor.fetchone()[0])


def _replayed(kept: KeptAnswer) -> HttpResponse:
    body = _open(bytes(kept.body), kept.client_id, bytes(kept.slot))
    response = HttpResponse(body, status=kept.status, headers=kept.headers)
    response[REPLAYED] = "true"
    return response


def _mark(client_id: UUID, kind: str, *parts: Any) -> bytes:
    """Hash parts to a mark that tells nothing without the client's secret (HMAC-SHA-256)."""
    text = json.dumps([kind, *parts], sort_keys=True, default=str)
    return hmac.new(_secret(client_id, b"mark"), text.encode(), hashlib.sha256).digest()


@cache
def _secret(client_id: UUID, use: bytes) -> bytes:
    return keyring().index_key(b"kept-answers/" + use + b"/" + client_id.bytes)


def _seal(content: bytes, client_id: UUID, slot: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_secret(client_id, b"seal")).encrypt(nonce, content, client_id.bytes + slot)


def _open(sealed: bytes, client_id: UUID, slot: bytes) -> bytes:
    aead = AESGCM(_secret(client_id, b"seal"))
    return aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], client_id.bytes + slot)
