"""The proof of which words a guardian was shown about which child: signed, for a day, and of today's words only."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing

from paktaleem.foundation.audit.canonical import canonical

__all__ = ["NoticeSeen", "SeenForged", "SeenStale", "check_seen", "sign_seen", "words_hash"]

_SALT = "children.shown"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SeenForged(Exception):
    """The token is not one that we signed for this guardian, this child and this question."""


class SeenStale(Exception):
    """What was read was shown too long ago, or something in it has changed since."""


@dataclass(frozen=True, slots=True)
class NoticeSeen:
    """Who was shown what: ``about`` is the question, ``words`` the hash of everything that was said."""

    guardian: UUID
    child: UUID
    about: str
    words: str
    at: datetime


def words_hash(said: Any) -> str:
    """Hash what is said in a notice, as JSON values (RFC 8785, SHA-256)."""
    return hashlib.sha256(canonical(said)).hexdigest()


def sign_seen(seen: NoticeSeen) -> str:
    """Write the token."""
    claims = {
        "g": seen.guardian.hex,
        "c": seen.child.hex,
        "a": seen.about,
        "w": seen.words,
        "t": (seen.at - _EPOCH).total_seconds(),
    }
    return signing.Signer(salt=_SALT).sign_object(claims, compress=True)


def check_seen(token: str, now: NoticeSeen, *, kept_for: timedelta) -> datetime:
    """Check that a token is of the same guardian, child, question and words, and not older than ``kept_for``.

    Returns when it was shown. Raises SeenForged, SeenStale.
    """
    try:
        claims: dict[str, Any] = signing.Signer(salt=_SALT).unsign_object(token)
    except signing.BadSignature as error:
        raise SeenForged from error
    if (claims["g"], claims["c"], claims["a"]) != (now.guardian.hex, now.child.hex, now.about):
        raise SeenForged
    shown_at = _EPOCH + timedelta(seconds=claims["t"])
    if claims["w"] != now.words or not shown_at <= now.at < shown_at + kept_for:
        raise SeenStale
    return shown_at
