"""The public form for concerns about children's data; it never discloses whether a child is registered."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from children.concerns.forms import ConcernForm
from children.concerns.services import open_concern
from paktaleem.directory.access_links.decorators import client_page
from paktaleem.directory.access_links.limits import Limit, count_attempt
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.ip_addresses import get_remote_address
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.requests import as_received
from paktaleem.foundation.public.pages import error_page, public_page

__all__ = ["report"]


REPORTING = (Limit("concern/ip", 10, timedelta(hours=1)),)
REPORTED = "concerns.reported_by_anybody"


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def report(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Show the form and record a concern; the response does not depend on whether the child is registered."""
    form = ConcernForm(request.POST if request.method == "POST" else None)
    client = Client.objects.get(pk=client_id)
    shown: dict[str, Any] = {"client": client, "form": form}
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        title = _("Report a concern about a child’s data")
        return public_page(request, "concern/report.html", title=title, status=status, **shown)
    if not count_attempt(REPORTING, address="", ip=get_remote_address(request) or ""):
        return error_page(HTTPStatus.TOO_MANY_REQUESTS)
    row = open_concern(
        client_id,
        text=form.cleaned_data["text"],
        contact=form.cleaned_data["contact"],
        language=translation.get_language() or "en",
        actor=system_actor(REPORTED),
        at=as_received(request).received_at,
    )
    return public_page(request, "concern/received.html", title=_("Thank you"), row=row, client=client)
