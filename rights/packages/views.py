"""Pages on which a person, or the guardian of a child, fetches a copy."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils.translation import gettext as _

from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import issue_link
from paktaleem.directory.access_links.sessions import GET_OR_POST, Visit, own_page
from paktaleem.directory.access_links.views import send_code
from paktaleem.directory.files.models import CONTENT_TYPES, FileKind
from paktaleem.directory.mail.models import Channel
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.middleware import as_received, get_client_time
from paktaleem.foundation.web.public.pages import page_url, public_page
from rights.packages.models import Package, PackageState
from rights.packages.selectors import count_downloads, find_package, has_contact, is_copy_granted, may_fetch
from rights.packages.services import CodeNeeded, PackageNotThere, fetch_package, is_code_fresh
from rights.requests.models import RightsRequest, RightsRequestQuerySet
from rights.requests.services.intake import ContactTooNew
from rights.requests.services.steps import RequestEnded


def show_package(request: RightsRequest, at: datetime) -> dict[str, object] | None:
    """Return what is shown of a copy beside its request; None if none is granted, or the request ended before it."""
    if not is_copy_granted(request):
        return None
    package, sender = find_package(request), request.sender
    if not request.is_open and (package is None or package.built_at is None):
        return None
    is_ready = package is not None and package.may_be_fetched(at)
    is_allowed = sender is not None and may_fetch(request, sender, at=at)
    is_own, child = request.requester_id is None, request.subject_id
    url = page_url("requests-copy", request.pk) if is_own else page_url("guardian-copy", child, request.pk)
    return {
        "template": "rights/copy_note.html",
        "package": package,
        "url": url,
        "may_be_fetched": is_ready and is_allowed,
        "is_refused": is_ready and not is_allowed,
        "is_deleted": package is not None and package.state == PackageState.ENDED,
    }


def stream_package(package: Package, content: Iterator[bytes]) -> HttpResponse:
    """Return a response that sends a package as a file named by the request's number."""
    name = f"copy-{package.request.number}.zip"
    return stream_archive(content, name=name, size=package.file.size if package.file else None)


def stream_archive(content: Iterator[bytes], *, name: str, size: int | None) -> HttpResponse:
    """Return a response that sends a ZIP archive as the file ``name``; ``size`` in bytes, if known."""
    response = StreamingHttpResponse(content, content_type=CONTENT_TYPES[FileKind.ZIP])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if size is not None:
        response.headers["Content-Length"] = str(size)
    response.headers["Cache-Control"] = "no-store"
    return cast("HttpResponse", response)


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
    request: HttpRequest, page: CopyPage, *, status: int = HTTPStatus.OK, refused: str = ""
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
    link, _token = issue_link(
        person, page=page.visit.session.page, needs_code=True, channel=channel, actor=_CODES, at=at
    )
    return send_code(request, link, by_contact=True, leads_to=page.url)


def _send_copy(request: HttpRequest, page: CopyPage) -> HttpResponse:
    now, at = as_received(request).received_at, get_client_time(request)
    person, entered_at = page.visit.person, page.code_entered_at
    try:
        package, content = fetch_package(
            page.row, person=person, code_entered_at=entered_at, now=now, actor=page.actor, at=at
        )
    except CodeNeeded:
        return _send_code(request, page)
    except ContactTooNew:
        refused = _("Your contact was changed less than three days ago. Please come back later.")
        return _render_copy(request, page, status=HTTPStatus.CONFLICT, refused=refused)
    except (PackageNotThere, RequestEnded):
        return HttpResponseRedirect(page.back_url)
    return stream_package(package, content)


@own_page(Page.REQUESTS, GET_OR_POST)
def show_copy(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    """Show the state of the copy of a request that the person made for themselves; POST fetches it."""
    own = RightsRequest.objects.filter(pk=rights_request, requester=None)
    row = find_fetchable(own, visit, at=get_client_time(request))
    page = CopyPage(visit, visit.actor, row, page_url("requests-copy", row.pk), page_url("requests"))
    return answer_copy(request, page)
