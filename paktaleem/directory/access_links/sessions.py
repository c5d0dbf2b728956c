"""Public pages, each in one client’s context, and their signed cookies: page session and pending code (knock).

They are separate from staff sessions: HttpOnly, SameSite=Strict, limited to the page's path.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, gettext_lazy as _, gettext_noop
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import ErasureInProgress
from paktaleem.foundation.accounts.actors import Actor, person_actor
from paktaleem.foundation.accounts.middleware import FIRST_ERROR, as_received
from paktaleem.foundation.accounts.selectors import find_client_by_code
from paktaleem.foundation.clock import to_client_clock
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.web.public.pages import OWN_PAGE, error_page, public_page

CODE_DIGITS = 8


def new_token() -> str:
    """Return a token of 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """Return the hash of a token for look-up; plain SHA-256 suffices for 256 random bits."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def new_code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def code_digest(code: str, *, knock: bytes) -> bytes:
    """Return the hash of a code, bound to the browser that requested it, keyed with a secret outside the database."""
    return salted_hmac("paktaleem.directory.access_links.code", knock.hex() + code, algorithm="sha256").digest()


IDLE = timedelta(minutes=20)
LONGEST = timedelta(hours=2)
_KNOCK_LIFE = timedelta(minutes=15)
_KNOCK_COOKIE = "paktaleem_code"


@dataclass(frozen=True, slots=True)
class PageSession:
    """A person's session on their own page; ``channel`` is how their code was sent, empty from the LMS."""

    client_id: UUID
    person_id: UUID
    acts_for: UUID
    page: str
    began_at: datetime
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Knock:
    """A pending one-time code: the browser's secret, and the key (a hash or a link's id) that attempts count under.

    ``leads_to`` is the page that the code opens, if not the first. ``next_at`` is when one can be requested, if none
    was sent.
    """

    client_id: UUID
    page: str
    secret: str
    address: str
    leads_to: str = ""
    next_at: datetime | None = None

    @property
    def digest(self) -> bytes:
        return token_digest(self.secret)


def set_page_session(response: HttpResponse, session: PageSession, *, at: datetime) -> None:
    """Set the session cookie, valid for twenty minutes."""
    claims = {
        "c": session.client_id.hex,
        "p": session.person_id.hex,
        "f": session.acts_for.hex,
        "b": session.began_at.timestamp(),
        "v": session.channel,
        "s": at.timestamp(),
    }
    _set_cookie(response, f"paktaleem_{session.page}", session.page, claims, IDLE)


def read_session(request: HttpRequest, page: str, *, at: datetime) -> PageSession | None:
    """Return the page's session; None without one, after 20 idle minutes, and after two hours in total."""
    claims = _read_cookie(request, f"paktaleem_{page}", page)
    if claims is None:
        return None
    began_at, seen_at = datetime.fromtimestamp(claims["b"], UTC), datetime.fromtimestamp(claims["s"], UTC)
    if at - seen_at >= IDLE or at - began_at >= LONGEST:
        return None
    session = PageSession(UUID(claims["c"]), UUID(claims["p"]), UUID(claims["f"]), page, began_at, claims.get("v", ""))
    return None if cache.get(_ended_key(session)) else session


def end_session(session: PageSession) -> None:
    """End a session on every page that its code opened, for every copy of its cookie."""
    cache.set(_ended_key(session), 1, timeout=int(LONGEST.total_seconds()))


def _ended_key(session: PageSession) -> str:
    return f"ended-session/{session.person_id}/{session.began_at.timestamp()}"


def delete_page_session(response: HttpResponse, page: str) -> None:
    response.delete_cookie(f"paktaleem_{page}", path=f"/{page}/", samesite="Strict")


def set_pending_code(response: HttpResponse, knock: Knock, *, at: datetime) -> None:
    claims = {
        "c": knock.client_id.hex,
        "k": knock.secret,
        "a": knock.address,
        "l": knock.leads_to,
        "s": at.timestamp(),
        "n": knock.next_at and knock.next_at.timestamp(),
    }
    _set_cookie(response, _KNOCK_COOKIE, knock.page, claims, _KNOCK_LIFE)


def read_pending_code(request: HttpRequest, page: str, *, at: datetime) -> Knock | None:
    """Return the pending code of the browser, if requested within the last 15 minutes."""
    claims = _read_cookie(request, _KNOCK_COOKIE, page)
    if claims is None or at - datetime.fromtimestamp(claims["s"], UTC) >= _KNOCK_LIFE:
        return None
    next_at = datetime.fromtimestamp(claims["n"], UTC) if claims.get("n") else None
    return Knock(UUID(claims["c"]), page, claims["k"], claims["a"], claims.get("l", ""), next_at)


def delete_pending_code(response: HttpResponse, page: str) -> None:
    response.delete_cookie(_KNOCK_COOKIE, path=f"/{page}/", samesite="Strict")


def _sign(name: str, page: str) -> signing.Signer:
    return signing.Signer(salt=f"paktaleem.directory.access_links/{name}/{page}")


def _set_cookie(response: HttpResponse, name: str, page: str, claims: dict[str, object], life: timedelta) -> None:
    response.set_cookie(
        name,
        _sign(name, page).sign_object(claims),
        max_age=int(life.total_seconds()),
        path=f"/{page}/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _read_cookie(request: HttpRequest, name: str, page: str) -> dict[str, Any] | None:
    try:
        claims: dict[str, Any] = _sign(name, page).unsign_object(request.COOKIES.get(name, ""))
    except signing.BadSignature:
        return None
    return claims


type View = Callable[..., HttpResponse]

GET, POST = ("GET", "HEAD"), ("POST",)
GET_OR_POST = (*GET, *POST)
_BEING_ERASED = gettext_noop("This data is being erased")
_STILL_POSSIBLE = gettext_noop(
    "The erasure was confirmed, and nothing new is recorded any more. You can still refuse or withdraw."
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A person's visit to their own page: the person, for whom they act (themselves or a child), and the actor."""

    session: PageSession
    person: Subject
    subject: Subject
    actor: Actor

    @property
    def is_for_child(self) -> bool:
        return self.person.pk != self.subject.pk

    @property
    def signed_in_at(self) -> datetime:
        """Time of sign-in by code, on the clock of the client whose context is open."""
        return to_client_clock(self.session.began_at)


def public_page_headers(view: View) -> View:
    """Add the headers of every public page: no URL in the referrer, no caching, no indexing.

    Under ``no-referrer`` browsers send forms with ``Origin: null``, like a forged request: these state the origin only.
    """

    @sensitive_post_parameters()
    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        has_form = not response.streaming and b"<form" in response.content
        response.headers["Referrer-Policy"] = "strict-origin" if has_form else "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return run


def in_client_context(client_id: UUID, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer in one client's context and transaction, rolled back for an error, such as that the person is erased."""
    with in_client(client_id):
        try:
            response = answer()
        except ErasureInProgress:
            response = error_page(HTTPStatus.CONFLICT, title=gettext(_BEING_ERASED), advice=gettext(_STILL_POSSIBLE))
        if response.status_code >= FIRST_ERROR:
            transaction.set_rollback(True)
    return response


def closed(request: HttpRequest) -> HttpResponse:
    """Show how to sign in, to a person without a session or whose session expired."""
    return public_page(request, "doors/closed.html", title=_("This page is closed"), status=HTTPStatus.FORBIDDEN)


def client_page(view: View) -> View:
    """Run a page of one client, named by its code in the URL: ``view(request, client_id, …)``."""

    @require_http_methods(GET_OR_POST)
    @wraps(view)
    def run(request: HttpRequest, client: str, **kwargs: Any) -> HttpResponse:
        client_id = find_client_by_code(client)
        if client_id is None:
            raise Http404
        return in_client_context(client_id, lambda: view(request, client_id, **kwargs))

    return public_page_headers(run)


def own_page(page: str, methods: tuple[str, ...]) -> Callable[[View], View]:
    """Run a person's own page: ``view(request, visit, …)``; without a session, say how to sign in."""

    def decorate(view: View) -> View:
        @require_http_methods(methods)
        @wraps(view)
        def run(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            at = as_received(request).received_at
            session = read_session(request, page, at=at)
            if session is None:
                with in_global():
                    return closed(request)
            response = in_client_context(session.client_id, lambda: _run_visit(request, session, view, kwargs))
            if response.status_code < FIRST_ERROR and f"paktaleem_{page}" not in response.cookies:
                set_page_session(response, session, at=at)
            return response

        run.__dict__[OWN_PAGE] = page  # copied by the decorators around it
        return public_page_headers(run)

    return decorate


def _run_visit(request: HttpRequest, session: PageSession, view: View, kwargs: dict[str, Any]) -> HttpResponse:
    people = Subject.objects.select_related("client").filter(
        client_id=session.client_id, pk__in={session.person_id, session.acts_for}, erased_at=None
    )
    found = {one.pk: one for one in people}
    if {session.person_id, session.acts_for} - set(found):
        return closed(request)
    actor = person_actor(session.person_id, session.client_id, acts_for=session.acts_for)
    as_received(request).actor = actor
    visit = Visit(session, found[session.person_id], found[session.acts_for], actor)
    return view(request, visit, **kwargs)
