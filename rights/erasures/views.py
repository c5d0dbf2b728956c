"""Public page: a person, or the guardian of a child, cancels an erasure that has not started."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from paktaleem.directory.access_links.decorators import Visit, require_own_page
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import closed
from paktaleem.foundation.accounts.requests import get_client_time
from paktaleem.foundation.public.pages import public_page, redirect_to_page
from rights.erasures.models import ErasureProposal
from rights.erasures.own_page import list_own_erasures
from rights.erasures.services import ErasureEnded, cancel_erasure

__all__ = ["cancel_own_erasure"]


@require_http_methods(["POST"])
@require_own_page(Page.REQUESTS, closed)
def cancel_own_erasure(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Cancel an erasure and say so; one that has started meanwhile cannot be cancelled."""
    row, at = _find_own(request, visit), get_client_time(request)
    try:
        cancel_erasure(row, actor=visit.actor, at=at)
    except ErasureEnded:
        return redirect_to_page("requests")
    client = visit.person.client
    return public_page(request, "rights/erasure_cancelled.html", title=_("The erasure is cancelled"), client=client)


def _find_own(request: HttpRequest, visit: Visit) -> ErasureProposal:
    """Return one of the erasures that are shown to this person. Raises Http404 for any other."""
    try:
        key = UUID(request.POST.get("erasure", ""))
    except ValueError as error:
        raise Http404 from error
    shown = list_own_erasures(visit.person, get_client_time(request))
    found: ErasureProposal | None = next((one["row"] for one in shown if one["row"].pk == key), None)
    if found is None:
        raise Http404
    return found
