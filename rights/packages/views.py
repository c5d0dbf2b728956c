"""Public pages: the copy of one request, a fresh code for it, and the download. GET shows, POST acts."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from paktaleem.directory.access_links.decorators import Visit, require_own_page
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import issue_link
from paktaleem.directory.access_links.views import closed, send_code
from paktaleem.directory.mail.models import Channel
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.requests import as_received, get_client_time
from paktaleem.foundation.public.pages import public_page, redirect_to_page
from rights.packages.downloads import stream_package
from rights.packages.selectors import count_downloads, find_package, has_contact, may_fetch
from rights.packages.services.fetching import CodeNeeded, PackageNotThere, fetch_package, is_code_fresh
from rights.requests.models import RightsRequest
from rights.requests.services import ContactTooNew, RequestEnded

__all__ = ["download_copy", "request_code", "show_copy"]

_own_page = require_own_page(Page.REQUESTS, closed)
_CODES = system_actor("rights.copy_code")


@require_http_methods(["GET", "HEAD"])
@_own_page
def show_copy(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    """Show the state of a copy, with the button that fetches it or requests a code."""
    return _render(request, visit, _find(visit, rights_request, get_client_time(request)))


@require_http_methods(["POST"])
@_own_page
def request_code(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    """Send a code to the person's contact on file, and redirect to the page where it is entered."""
    _find(visit, rights_request, get_client_time(request))
    if not has_contact(visit.person):
        raise Http404
    channel = Channel.MAIL if visit.person.email is not None else Channel.TEXT
    at = as_received(request).received_at
    by: dict[str, Any] = {"needs_code": True, "channel": channel, "actor": _CODES, "at": at}
    link, _token = issue_link(visit.person, page=Page.REQUESTS, **by)
    return send_code(request, link)


@require_http_methods(["POST"])
@_own_page
def download_copy(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    """Send the copy as a file, if a code was entered within the last ten minutes."""
    row = _find(visit, rights_request, get_client_time(request))
    now, at = as_received(request).received_at, get_client_time(request)
    try:
        package, content = fetch_package(
            row, person=visit.person, code_entered_at=_code_entered_at(visit), now=now, actor=visit.actor, at=at
        )
    except CodeNeeded:
        return _render(request, visit, row, status=HTTPStatus.FORBIDDEN)
    except ContactTooNew:
        refused = _("Your contact was changed less than three days ago. Please come back later.")
        return _render(request, visit, row, status=HTTPStatus.CONFLICT, refused=refused)
    except (PackageNotThere, RequestEnded):
        return redirect_to_page("requests")
    return stream_package(package, content)


def _code_entered_at(visit: Visit) -> datetime | None:
    """Return when the session was opened by a code; None for a session opened by the learning platform."""
    return visit.session.began_at if visit.session.channel else None


def _find(visit: Visit, key: UUID, at: datetime) -> RightsRequest:
    """Return a request whose copies the visitor may fetch. Raises Http404."""
    own = RightsRequest.objects.select_related("client").filter(client_id=visit.person.client_id, pk=key)
    row: RightsRequest | None = own.defer("details", "contact", "answer").first()
    if row is None or not may_fetch(row, visit.person, at=at):
        raise Http404
    return row


def _render(
    request: HttpRequest, visit: Visit, row: RightsRequest, *, status: int = HTTPStatus.OK, refused: Any = ""
) -> HttpResponse:
    package, at = find_package(row), get_client_time(request)
    return public_page(
        request,
        "rights/copy.html",
        title=_("The copy of your data"),
        status=status,
        client=row.client,
        row=row,
        package=package,
        may_be_fetched=package is not None and package.may_be_fetched(at),
        downloads=0 if package is None else count_downloads(package),
        is_fresh=is_code_fresh(_code_entered_at(visit), at=as_received(request).received_at),
        has_contact=has_contact(visit.person),
        refused=refused,
    )
