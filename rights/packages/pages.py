"""The page of a copy, for the person's own page and the guardian's page: its state, a fresh code, the download."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from paktaleem.directory.access_links.decorators import Visit
from paktaleem.directory.access_links.services import issue_link
from paktaleem.directory.access_links.views import send_code
from paktaleem.directory.mail.models import Channel
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.middleware import as_received, get_client_time
from paktaleem.foundation.web.public.pages import public_page
from rights.packages.downloads import stream_package
from rights.packages.selectors import count_downloads, find_package, has_contact, may_fetch
from rights.packages.services.collecting import CodeNeeded, PackageNotThere, fetch_package, is_code_fresh
from rights.requests.models import RightsRequest, RightsRequestQuerySet
from rights.requests.services.intake import ContactTooNew
from rights.requests.services.steps import RequestEnded

_CODES = system_actor("rights.copy_code")


@dataclass(frozen=True, slots=True)
class CopyPage:
    """A visit to the page of one request's copy, and the addresses of this page and the way back."""

    visit: Visit
    actor: Actor
    row: RightsRequest
    url: str
    back_url: str

    @property
    def code_entered_at(self) -> datetime | None:
        """When the session was opened by a code; None for a session opened by the learning platform."""
        return self.visit.session.began_at if self.visit.session.channel else None


def find_fetchable(own: RightsRequestQuerySet, visit: Visit, *, at: datetime) -> RightsRequest:
    """Return the one request of a query, if the visitor may fetch its copies. Raises Http404."""
    found = own.select_related("client", "subject", "requester").defer("details", "contact", "answer")
    row: RightsRequest | None = found.filter(client_id=visit.person.client_id).first()
    if row is None or not may_fetch(row, visit.person, at=at):
        raise Http404
    return row


def answer_copy(request: HttpRequest, page: CopyPage) -> HttpResponse:
    """Show the state of a copy; on POST send the copy as a file, or a code first if none was entered lately."""
    return _send_copy(request, page) if request.method == "POST" else _render_copy(request, page)


def _render_copy(
    request: HttpRequest, page: CopyPage, *, status: int = HTTPStatus.OK, refused: Any = ""
) -> HttpResponse:
    row, at = page.row, get_client_time(request)
    package, is_for_child = find_package(row), row.requester_id is not None
    return public_page(
        request,
        "rights/copy.html",
        title=_("The copy of the child’s data") if is_for_child else _("The copy of your data"),
        status=status,
        client=row.client,
        row=row,
        page=page,
        is_for_child=is_for_child,
        package=package,
        may_be_fetched=package is not None and package.may_be_fetched(at),
        downloads=0 if package is None else count_downloads(package),
        is_fresh=is_code_fresh(page.code_entered_at, at=as_received(request).received_at),
        has_contact=has_contact(page.visit.person),
        refused=refused,
    )


def _send_code(request: HttpRequest, page: CopyPage) -> HttpResponse:
    person = page.visit.person
    if not has_contact(person):
        raise Http404
    channel = Channel.MAIL if person.email is not None else Channel.TEXT
    at = as_received(request).received_at
    by: dict[str, Any] = {"needs_code": True, "channel": channel, "actor": _CODES, "at": at}
    link, _token = issue_link(person, page=page.visit.session.page, **by)
    return send_code(request, link, by_contact=True, leads_to=page.url)


def _send_copy(request: HttpRequest, page: CopyPage) -> HttpResponse:
    now, at = as_received(request).received_at, get_client_time(request)
    by: dict[str, Any] = {"person": page.visit.person, "actor": page.actor, "now": now, "at": at}
    try:
        package, content = fetch_package(page.row, code_entered_at=page.code_entered_at, **by)
    except CodeNeeded:
        return _send_code(request, page)
    except ContactTooNew:
        refused = _("Your contact was changed less than three days ago. Please come back later.")
        return _render_copy(request, page, status=HTTPStatus.CONFLICT, refused=refused)
    except (PackageNotThere, RequestEnded):
        return HttpResponseRedirect(page.back_url)
    return stream_package(package, content)
