"""Public pages: the copy of one request on the person's own page. GET shows, POST acts."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from paktaleem.directory.access_links.decorators import Visit, require_own_page
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import closed
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.web.public.pages import page_url
from rights.packages.pages import CopyPage, find_fetchable, render_copy, send_copy, send_copy_code
from rights.requests.models import RightsRequest

_own_page = require_own_page(Page.REQUESTS, closed)


@require_http_methods(["GET", "HEAD"])
@_own_page
def show_copy(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    """Show the state of a copy, with the button that fetches it or requests a code."""
    return render_copy(request, _find(request, visit, rights_request))


@require_http_methods(["POST"])
@_own_page
def request_code(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    """Send a code to the person's contact on file, and redirect to the page where it is entered."""
    return send_copy_code(request, _find(request, visit, rights_request))


@require_http_methods(["POST"])
@_own_page
def download_copy(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    """Send the copy as a file, if a code was entered within the last ten minutes."""
    return send_copy(request, _find(request, visit, rights_request))


def _find(request: HttpRequest, visit: Visit, key: UUID) -> CopyPage:
    """Return the page of a request that the person made for themselves. Raises Http404."""
    own = RightsRequest.objects.filter(pk=key, requester=None)
    row = find_fetchable(own, visit, at=get_client_time(request))
    return CopyPage(
        visit=visit,
        actor=visit.actor,
        row=row,
        url=page_url("requests-copy", row.pk),
        code_url=page_url("requests-copy-code", row.pk),
        download_url=page_url("requests-copy-download", row.pk),
        back_url=page_url("requests"),
    )
