"""The copy of a child's data on the page of the guardian who requested it. GET shows, POST acts."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from consent.guardian_pages.views.child_views import ChildView, about_child
from paktaleem.foundation.accounts.requests import get_client_time
from paktaleem.foundation.public.pages import page_url
from rights.packages.pages import CopyPage, find_fetchable, render_copy, send_copy, send_copy_code
from rights.requests.models.requests import RightsRequest


@require_http_methods(["GET", "HEAD"])
@about_child
def show_copy(request: HttpRequest, ward: ChildView, rights_request: UUID) -> HttpResponse:
    """Show the state of a copy, with the button that fetches it or requests a code."""
    return render_copy(request, _find(request, ward, rights_request))


@require_http_methods(["POST"])
@about_child
def request_code(request: HttpRequest, ward: ChildView, rights_request: UUID) -> HttpResponse:
    """Send a code to the guardian's contact on file, and redirect to the page where it is entered."""
    return send_copy_code(request, _find(request, ward, rights_request))


@require_http_methods(["POST"])
@about_child
def download_copy(request: HttpRequest, ward: ChildView, rights_request: UUID) -> HttpResponse:
    """Send the copy as a file, if a code was entered within the last ten minutes."""
    return send_copy(request, _find(request, ward, rights_request))


def _find(request: HttpRequest, ward: ChildView, key: UUID) -> CopyPage:
    """Return the page of a request that the guardian made for the child. Raises Http404."""
    own = RightsRequest.objects.filter(pk=key, subject=ward.child, requester=ward.visit.person)
    row = find_fetchable(own, ward.visit, at=get_client_time(request))
    about = (ward.child.pk, row.pk)
    return CopyPage(
        visit=ward.visit,
        actor=ward.actor,
        row=row,
        url=page_url("guardian-copy", *about),
        code_url=page_url("guardian-copy-code", *about),
        download_url=page_url("guardian-copy-download", *about),
        back_url=page_url("guardian-data", ward.child.pk),
    )
