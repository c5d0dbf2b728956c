"""What a guardian asks for about a child's data; and, after a withdrawal, what shall happen to it."""

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
    """Ask for a copy or for deletion, or say that the school keeps only what it must; say beforehand what may not."""
    refused = obstacles_of(ward.guardianship, at=moment_of(request))
    form = DataForm(request.POST if request.method == "POST" else None, refused=refused)
    if form.is_valid():
        return _take_in(request, ward, form.cleaned_data["wish"], form.cleaned_data["text"])
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


def _take_in(request: HttpRequest, ward: Ward, wish: str, text: str) -> HttpResponse:
    by: dict[str, Any] = {"actor": ward.actor, "at": moment_of(request)}
    try:
        case = ask_about_data(
            ward.child, guardian=ward.visit.person, wish=wish, text=text, language=language_of(), **by
        )
    except MayNotAsk:  # what they may has changed since the page was shown
        return back(ward, "nothing")
    return back(ward, "kept" if case is None else f"asked_{wish}")
