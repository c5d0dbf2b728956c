"""Public pages: a person, or the guardian of a child, cancels an erasure that has not started."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from children.guardians.models import Guardianship
from consent.own_pages.guardian_pages import ChildView, about_child
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.sessions import POST, Visit, own_page
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.web.public.pages import page_url, public_page
from rights.erasures.models import ErasureProposal, Stage
from rights.erasures.selectors import is_entitled
from rights.erasures.services.proposals import ErasureEnded, cancel_erasure
from rights.requests.models import RightsRequest


def list_own_erasures(person: Subject, at: datetime) -> list[dict[str, Any]]:
    """Return the erasures that a person may cancel: their own, and those of children whose guardian they are."""
    wards = Guardianship.objects.live(at).filter(client_id=person.client_id, guardian=person)
    about = [person.pk, *wards.values_list("child_id", flat=True)]
    return _list_notices(person, about, page_url("requests-erasure"), at)


def list_erasures_of_ward(guardian: Subject, child: Subject, at: datetime) -> list[dict[str, object]]:
    """Return the erasures of a child that a guardian may cancel, for the guardian's page about the child's data."""
    return _list_notices(guardian, [child.pk], page_url("guardian-erasure", child.pk), at)


def _list_notices(person: Subject, about: Sequence[UUID], url: str, at: datetime) -> list[dict[str, Any]]:
    found = ErasureProposal.objects.before_start().filter(client_id=person.client_id, subject_id__in=about)
    return [
        {"template": "rights/own_erasure.html", "row": row, "is_child": row.subject_id != person.pk, "url": url}
        for row in found.select_related("subject", "request").order_by("requested_at")
        if is_entitled(person.pk, row, at=at)
    ]


def show_number(request: RightsRequest) -> dict[str, object] | None:
    """Return the number of the erasure that carries out a request, by which its certificate is asked for, or None."""
    own = ErasureProposal.objects.filter(client_id=request.client_id, request=request)
    row = own.order_by("-requested_at", "-pk").first()
    is_going_on = row is not None and (row.ended_at is None or row.stage == Stage.CERTIFIED)
    return None if not is_going_on else {"template": "rights/own_erasure_number.html", "row": row}


@own_page(Page.REQUESTS, POST)
def cancel_own_erasure(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Cancel an erasure and say so; one that has started meanwhile cannot be cancelled."""
    shown = list_own_erasures(visit.person, get_client_time(request))
    return _cancel(request, shown, actor=visit.actor, back=page_url("requests"))


@about_child(POST)
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
