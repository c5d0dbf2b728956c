"""The proof of what was shown: a signed token that ``notices/current`` hands out and a consent brings back.

Signed under the portal's SECRET_KEY with a salt of its own, so that rotating it (SECRET_KEY_FALLBACKS) lets tokens
live on for their day; docs/decisions/0008 says why not a key of its own.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing

__all__ = ["Shown", "ShownForeign", "ShownForged", "ShownMissing", "ShownStale", "read_shown", "sign_shown"]

_SALT = "consent.notices.shown"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class ShownMissing(Exception):
    """A consent given in this way needs the token of the notice that was shown."""


class ShownForged(Exception):
    """The token is not one that this portal signed, or it was changed since."""


class ShownForeign(Exception):
    """The token is of another client, another notice or another language than the answer it comes with."""


class ShownStale(Exception):
    """The notice was shown too long ago, or before the consent ended: it must be shown anew."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown, as signed; an empty language says that both texts were."""

    version: UUID
    purposes: tuple[str, ...]
    language: str
    client_id: UUID
    at: datetime


def sign_shown(shown: Shown) -> str:
    """Write the token."""
    claims = {
        "v": shown.version.hex,
        "p": list(shown.purposes),
        "l": shown.language,
        "c": shown.client_id.hex,
        "t": (shown.at - _EPOCH) // _TICK,
    }
    return signing.Signer(salt=_SALT).sign_object(claims, compress=True)


def read_shown(token: str, *, client_id: UUID) -> Shown:
    """Read a token that came back. Raises ShownForged, and ShownForeign if it was handed to another client."""
    try:
        claims: dict[str, Any] = signing.Signer(salt=_SALT).unsign_object(token)
    except signing.BadSignature as error:
        raise ShownForged from error
    shown = Shown(
        version=UUID(claims["v"]),
        purposes=tuple(claims["p"]),
        language=claims["l"],
        client_id=UUID(claims["c"]),
        at=_EPOCH + claims["t"] * _TICK,
    )
    if shown.client_id != client_id:
        raise ShownForeign
    return shown
