"""What a browser keeps between pages: who came in (a page session), and what it asked a code for (a knock).

Both are signed cookies of our own, apart from the staff's sessions: HttpOnly, SameSite=Strict, of one page's path.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from paktaleem.directory.access_links.tokens import token_digest

__all__ = [
    "IDLE",
    "LONGEST",
    "Knock",
    "PageSession",
    "forget_knock",
    "forget_session",
    "keep_knock",
    "keep_session",
    "new_knock",
    "read_knock",
    "read_session",
]

IDLE = timedelta(minutes=20)
LONGEST = timedelta(hours=2)
_KNOCK_LIFE = timedelta(minutes=15)
_SESSION_SALT, _KNOCK_SALT = "paktaleem.directory.access_links.session", "paktaleem.directory.access_links.knock"


@dataclass(frozen=True, slots=True)
class PageSession:
    """Who came in through a door: the person, for whom they act (themselves or a child), to which page, when.

    ``channel`` is the way by which their code went (mail or text); empty for who came from the learning platform.
    """

    client_id: UUID
    person_id: UUID
    acts_for: UUID
    page: str
    began_at: datetime
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Knock:
    """One browser's wish for a code: a secret of its own, and what attempts are counted under."""

    client_id: UUID
    page: str
    secret: str
    address: str

    @property
    def digest(self) -> bytes:
        """The hash by which codes for this browser are kept."""
        return token_digest(self.secret)


def new_knock(client_id: UUID, page: str, address: str) -> Knock:
    """Make a wish; ``address`` is a keyed hash, or a link's id."""
    return Knock(client_id, page, secrets.token_urlsafe(32), address)


def keep_session(response: HttpResponse, session: PageSession, *, at: datetime) -> None:
    """Keep who came in, for twenty minutes from now."""
    claims = {
        "c": session.client_id.hex,
        "p": session.person_id.hex,
        "f": session.acts_for.hex,
        "b": session.began_at.timestamp(),
        "v": session.channel,
        "s": at.timestamp(),
    }
    _keep(response, f"paktaleem_{session.page}", claims, _SESSION_SALT + session.page, f"/{session.page}/", IDLE)


def read_session(request: HttpRequest, page: str, *, at: datetime) -> PageSession | None:
    """Return who came in to this page: None for nobody, after twenty idle minutes, and after two hours in all."""
    claims = _read(request, f"paktaleem_{page}", _SESSION_SALT + page)
    if claims is None:
        return None
    began_at, seen_at = datetime.fromtimestamp(claims["b"], UTC), datetime.fromtimestamp(claims["s"], UTC)
    if at - seen_at >= IDLE or at - began_at >= LONGEST:
        return None
    return PageSession(UUID(claims["c"]), UUID(claims["p"]), UUID(claims["f"]), page, began_at, claims.get("v", ""))


def forget_session(response: HttpResponse, page: str) -> None:
    """Let whoever came in leave."""
    response.delete_cookie(f"paktaleem_{page}", path=f"/{page}/", samesite="Strict")


def keep_knock(response: HttpResponse, knock: Knock, *, at: datetime) -> None:
    """Keep what the browser asked a code for."""
    claims = {"c": knock.client_id.hex, "k": knock.secret, "a": knock.address, "s": at.timestamp()}
    _keep(response, "paktaleem_code", claims, _KNOCK_SALT + knock.page, f"/{knock.page}/code/", _KNOCK_LIFE)


def read_knock(request: HttpRequest, page: str, *, at: datetime) -> Knock | None:
    """Return what the browser asked a code for, within a quarter of an hour."""
    claims = _read(request, "paktaleem_code", _KNOCK_SALT + page)
    if claims is None or at - datetime.fromtimestamp(claims["s"], UTC) >= _KNOCK_LIFE:
        return None
    return Knock(UUID(claims["c"]), page, claims["k"], claims["a"])


def forget_knock(response: HttpResponse, page: str) -> None:
    """Forget the wish once it was granted."""
    response.delete_cookie("paktaleem_code", path=f"/{page}/code/", samesite="Strict")


def _keep(  # noqa: PLR0917 -- what a cookie is made of
    response: HttpResponse, name: str, claims: dict[str, Any], salt: str, path: str, life: timedelta
) -> None:
    response.set_cookie(
        name,
        signing.Signer(salt=salt).sign_object(claims),
        max_age=int(life.total_seconds()),
        path=path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _read(request: HttpRequest, name: str, salt: str) -> dict[str, Any] | None:
    try:
        claims: dict[str, Any] = signing.Signer(salt=salt).unsign_object(request.COOKIES.get(name, ""))
    except signing.BadSignature:
        return None
    return claims
