"""The page on which a guardian requests a copy or the deletion of a child's data, also after a withdrawal."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from children.concerns.forms import DataForm
from children.concerns.selectors import obstacles_of, requests_of
from children.concerns.services import MayNotAsk, ask_about_data
from consent.guardian_pages.views.pages import back
from consent.guardian_pages.views.wards import Ward, about_child, language_of
from consent.guardian_pages.views.words import DONE, OBSTACLES, WISHED, progress_of
from paktaleem.foundation.accounts.requests import moment_of
from paktaleem.foundation.public.pages import public_page

__all__ = ["ask_for_data"]


@require_http_methods(["GET", "HEAD", "POST"])
@about_child
def ask_for_data(request: HttpRequest, ward: Ward) -> HttpResponse:
    """Let a guardian request a copy, deletion, or minimal storage; show which requests are not possible, and why."""
    refused = obstacles_of(ward.guardianship, at=moment_of(request))
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
        refused=[(WISHED[wish], OBSTACLES[why]) for wish, why in refused.items()],
        asked=[
            {"case": one.case, "kind": WISHED[one.case.kind], "state": progress_of(one)}
            for one in requests_of(ward.child, ward.visit.person)
        ],
        done=DONE.get(request.GET.get("done", "")),
    )


def _record_request(request: HttpRequest, ward: Ward, wish: str, text: str) -> HttpResponse:
    context: dict[str, Any] = {"actor": ward.actor, "at": moment_of(request)}
    try:
        case = ask_about_data(
            ward.child, guardian=ward.visit.person, wish=wish, text=text, language=language_of(), **context
        )
    except MayNotAsk:  # their authority has changed since the page was shown
        return back(ward, "nothing")
    return back(ward, "kept" if case is None else f"asked_{wish}")
