"""The page on which a guardian requests a copy or the deletion of a child's data, also after a withdrawal."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from children.concerns.forms import DataForm
from children.concerns.selectors import list_request_blockers, list_requests
from children.concerns.services import RequestNotAllowed, record_data_request
from consent.guardian_pages.views.child_views import ChildView, about_child, language_of
from consent.guardian_pages.views.pages import redirect_to_child
from consent.guardian_pages.views.texts import (
    BLOCKER_TEXTS,
    DONE_TEXTS,
    REQUEST_NAMES,
    render_progress,
)
from paktaleem.foundation.accounts.requests import get_client_time
from paktaleem.foundation.public.pages import public_page

__all__ = ["ask_for_data"]


@require_http_methods(["GET", "HEAD", "POST"])
@about_child
def ask_for_data(request: HttpRequest, ward: ChildView) -> HttpResponse:
    """Let a guardian request a copy, deletion, or minimal storage; show which requests are not possible, and why."""
    refused = list_request_blockers(ward.guardianship, at=get_client_time(request))
    form = DataForm(request.POST if request.method == "POST" else None, refused=refused)
    if form.is_valid():
        return _record_request(request, ward, form.cleaned_data["wish"], form.cleaned_data["text"])
    return public_page(
        request,
        "guardian/data.html",
        title=_("The child’s data"),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
        client=ward.child.client,
        ward=ward,
        form=form,
        refused=[(REQUEST_NAMES[wish], BLOCKER_TEXTS[why]) for wish, why in refused.items()],
        asked=[
            {"case": one.case, "kind": REQUEST_NAMES[one.case.kind], "state": render_progress(one)}
            for one in list_requests(ward.child, ward.visit.person)
        ],
        done=DONE_TEXTS.get(request.GET.get("done", "")),
    )


def _record_request(request: HttpRequest, ward: ChildView, wish: str, text: str) -> HttpResponse:
    context: dict[str, Any] = {"actor": ward.actor, "at": get_client_time(request)}
    try:
        case = record_data_request(
            ward.child, guardian=ward.visit.person, wish=wish, text=text, language=language_of(), **context
        )
    except RequestNotAllowed:  # their authority has changed since the page was shown
        return redirect_to_child(ward, "nothing")
    return redirect_to_child(ward, "kept" if case is None else f"asked_{wish}")
