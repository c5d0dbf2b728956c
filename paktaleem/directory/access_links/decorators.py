"""Run a public page in one client's context, given by a page session, an access link or the URL.

These paths open the tenant context themselves (``RequestContextMiddleware`` skips them), because the client does not
follow from a key or a membership.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.debug import sensitive_post_parameters

from paktaleem.directory.access_links.sessions import PageSession, read_session, set_page_session
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import ErasureInProgress
from paktaleem.foundation.accounts.actors import Actor, person_actor
from paktaleem.foundation.accounts.middleware import FIRST_ERROR, as_received
from paktaleem.foundation.accounts.selectors import find_client_by_code
from paktaleem.foundation.clock import to_client_clock
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.web.public.pages import OWN_PAGE, error_page

type View = Callable[..., HttpResponse]

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
    """Add the headers of every public page: restricted referrer, no caching, no indexing."""

    @sensitive_post_parameters()
    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = _referrer_policy(response)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return run


def _referrer_policy(response: HttpResponse) -> str:
    """Return a policy that reveals no URL: for a page with a form the origin only, otherwise nothing.

    Under ``no-referrer`` browsers send forms with ``Origin: null``, like a forged request. Under ``same-origin`` the
    next request to the portal would carry the URL with its token into any log.
    """
    has_form = not response.streaming and b"<form" in response.content
    return "strict-origin" if has_form else "no-referrer"


def in_client_context(client_id: UUID, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer in one client's context and transaction; an error response is rolled back.

    What cannot be recorded because the person is being erased is answered with a page that says so.
    """
    with in_client(client_id):
        try:
            response = answer()
        except ErasureInProgress:
            response = error_page(HTTPStatus.CONFLICT, title=gettext(_BEING_ERASED), advice=gettext(_STILL_POSSIBLE))
        if response.status_code >= FIRST_ERROR:
            transaction.set_rollback(True)
    return response


def client_page(view: View) -> View:
    """Run a page of one client, named by its code in the URL: ``view(request, client_id, …)``."""

    @wraps(view)
    def run(request: HttpRequest, client: str, **kwargs: Any) -> HttpResponse:
        client_id = find_client_by_code(client)
        if client_id is None:
            raise Http404
        return in_client_context(client_id, lambda: view(request, client_id, **kwargs))

    return public_page_headers(run)


def require_own_page(page: str, closed: View) -> Callable[[View], View]:
    """Run a person's own page: ``view(request, visit, …)``; without a session, answer with ``closed(request)``."""

    def decorate(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            at = as_received(request).received_at
            session = read_session(request, page, at=at)
            if session is None:
                with in_global():
                    return closed(request)
            response = in_client_context(session.client_id, lambda: _run_visit(request, session, view, closed, kwargs))
            if response.status_code < FIRST_ERROR and f"paktaleem_{page}" not in response.cookies:
                set_page_session(response, session, at=at)
            return response

        run.__dict__[OWN_PAGE] = page  # copied by the decorators around it
        return public_page_headers(run)

    return decorate


def _run_visit(
    request: HttpRequest, session: PageSession, view: View, closed: View, kwargs: dict[str, Any]
) -> HttpResponse:
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
