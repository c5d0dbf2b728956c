"""Public pages: a person, or the guardian of a child, cancels an erasure that has not started."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consent.own_pages.guardian.views.pages import ChildView, about_child
from paktaleem.directory.access_links.decorators import Visit, require_own_page
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.views import closed
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.web.public.pages import page_url, public_page
from rights.erasures.own_page import list_erasures_of_ward, list_own_erasures
from rights.erasures.services.proposals import ErasureEnded, cancel_erasure


@require_http_methods(["POST"])
@require_own_page(Page.REQUESTS, closed)
def cancel_own_erasure(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Cancel an erasure and say so; one that has started meanwhile cannot be cancelled."""
    shown = list_own_erasures(visit.person, get_client_time(request))
    return _cancel(request, shown, actor=visit.actor, back=page_url("requests"))


@require_http_methods(["POST"])
@about_child
def cancel_erasure_of_ward(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """Cancel an erasure on the guardian's page about the child's data, as on their own page of requests."""
    shown = list_erasures_of_ward(ward.visit.person, ward.child, get_client_time(request))
    return _cancel(request, shown, actor=ward.actor, back=page_url("guardian-data", ward.child.pk))


def _cancel(request: HttpRequest, shown: list[dict[str, Any]], *, actor: Actor, back: str) -> HttpResponse:
    try:
        key = UUID(request.POST.get("erasure", ""))
    except ValueError as error:
        raise Http404 from error
    row = next((one["row"] for one in shown if one["row"].pk == key), None)
    if row is None:
        raise Http404
    try:
        cancel_erasure(row, actor=actor, at=get_client_time(request))
    except ErasureEnded:
        return HttpResponseRedirect(back)
    title = _("The erasure is cancelled")
    return public_page(request, "rights/erasure_cancelled.html", title=title, client=row.subject.client, back=back)
