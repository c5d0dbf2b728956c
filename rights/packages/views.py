"""Public page: the copy of one request on the person's own page. GET shows, POST acts."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from paktaleem.directory.access_links.decorators import Visit, require_own_page
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import closed
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.web.public.pages import page_url
from rights.packages.pages import CopyPage, answer_copy, find_fetchable
from rights.requests.models import RightsRequest


@require_http_methods(["GET", "HEAD", "POST"])
@require_own_page(Page.REQUESTS, closed)
def show_copy(request: HttpRequest, visit: Visit, rights_request: UUID) -> HttpResponse:
    """Show the state of the copy of a request that the person made for themselves; POST fetches it."""
    own = RightsRequest.objects.filter(pk=rights_request, requester=None)
    row = find_fetchable(own, visit, at=get_client_time(request))
    page = CopyPage(visit, visit.actor, row, page_url("requests-copy", row.pk), page_url("requests"))
    return answer_copy(request, page)
