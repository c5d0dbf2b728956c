"""Signed tokens that prove which notice was shown: issued by ``notices/current``, returned with a consent.

Signed with SECRET_KEY and a salt, so that tokens stay valid while the key is rotated (SECRET_KEY_FALLBACKS);
docs/decisions/0008 explains why there is no separate key.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core import signing

from paktaleem.foundation.errors import PortalError, Problem

_SALT = "consent.notices.notice_tokens"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class TokenMissing(PortalError):
    """A consent by this method needs the token of the notice that was shown."""

    problem = Problem(
        "shown-missing",
        "A consent requires proof of the notice that was shown",
        "Send the value of shown from GET /api/v1/notices/current?purpose=….",
        field="shown",
        status=HTTPStatus.BAD_REQUEST,
    )
    console_message = "Consent requires a notice in effect about this purpose, and there is none."


class TokenForged(PortalError):
    """The token was not signed by this portal, or was modified."""

    problem = Problem(
        "shown-forged",
        "The token was not signed by this portal",
        "Send the token unchanged, as returned by GET /api/v1/notices/current?purpose=….",
        field="shown",
        status=HTTPStatus.BAD_REQUEST,
    )
    console_message = "The form was modified: open it again."


class TokenForeign(PortalError):
    """The token belongs to another client, notice, version or language than the answer."""

    problem = Problem(
        "shown-foreign",
        "The token belongs to another client, notice or language than the answer",
        "Use the token of the notice about each purpose: every answer may have its own shown.",
        field="shown",
    )
    console_message = "The form was opened for another notice: open it again."


class TokenExpired(PortalError):
    """The notice was shown too long ago, before the consent ended or before the purpose was widened: show it again."""

    problem = Problem(
        "shown-stale",
        "The notice was shown too long ago, or before the consent ended or the purpose was widened",
        "Show GET /api/v1/notices/current?purpose=… again, without If-None-Match.",
        field="shown",
    )
    console_message = (
        "The notice was shown too long ago, or before the consent ended or the purpose was widened: "
        "open the form again."
    )


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """The notice that was shown, as signed; an empty language means both languages."""

    version: UUID
    purposes: tuple[str, ...]
    language: str
    client_id: UUID
    at: datetime


def sign_notice_token(shown: ShownNotice) -> str:
    claims = {
        "v": shown.version.hex,
        "p": list(shown.purposes),
        "l": shown.language,
        "c": shown.client_id.hex,
        "t": (shown.at - _EPOCH) // _TICK,
    }
    return signing.Signer(salt=_SALT).sign_object(claims, compress=True)


def read_notice_token(token: str, *, client_id: UUID) -> ShownNotice:
    """Verify a token and return its content. Raises TokenForged, TokenForeign if it belongs to another client."""
    try:
        claims: dict[str, Any] = signing.Signer(salt=_SALT).unsign_object(token)
    except signing.BadSignature as error:
        raise TokenForged from error
    shown = ShownNotice(
        version=UUID(claims["v"]),
        purposes=tuple(claims["p"]),
        language=claims["l"],
        client_id=UUID(claims["c"]),
        at=_EPOCH + claims["t"] * _TICK,
    )
    if shown.client_id != client_id:
        raise TokenForeign
    return shown
