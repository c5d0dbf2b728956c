"""Signed tokens that prove which notice a guardian was shown about which child."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing

from paktaleem.foundation.audit.canonical import canonical

_SALT = "children.shown"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TokenForged(Exception):
    """The token was not signed by the portal for this guardian, child and question."""


class TokenStale(Exception):
    """The notice was shown too long ago, or its text has changed since."""


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice shown to a guardian: ``about`` is the question, ``words`` the hash of the whole notice."""

    guardian: UUID
    child: UUID
    about: str
    words: str
    at: datetime


def hash_notice(notice: Any) -> str:
    """Return the SHA-256 hash, in hex, of a notice given as JSON values (RFC 8785)."""
    return hashlib.sha256(canonical(notice)).hexdigest()


def sign_token(seen: ShownNotice) -> str:
    claims = {
        "g": seen.guardian.hex,
        "c": seen.child.hex,
        "a": seen.about,
        "w": seen.words,
        "t": (seen.at - _EPOCH).total_seconds(),
    }
    return signing.Signer(salt=_SALT).sign_object(claims, compress=True)


def verify_token(token: str, now: ShownNotice, *, kept_for: timedelta) -> datetime:
    """Return when the notice was shown.

    Raises TokenForged if the token is invalid or of another guardian, child or question; TokenStale if the text has
    changed or the token is older than ``kept_for``.
    """
    try:
        claims: dict[str, Any] = signing.Signer(salt=_SALT).unsign_object(token)
    except signing.BadSignature as error:
        raise TokenForged from error
    if (claims["g"], claims["c"], claims["a"]) != (now.guardian.hex, now.child.hex, now.about):
        raise TokenForged
    shown_at = _EPOCH + timedelta(seconds=claims["t"])
    if claims["w"] != now.words or not shown_at <= now.at < shown_at + kept_for:
        raise TokenStale
    return shown_at
