"""The way to prove again who one is, and back."""

from collections.abc import Callable
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.foundation.tenancy.context import in_global

__all__ = ["StepUpMiddleware"]


class StepUpMiddleware:
    """Leads who must prove again who they are to the page for it, with the way back in the address.

    Allauth's own would keep a form that was sent meanwhile in the session; it may hold personal data, so it is
    asked for again instead.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn the demand into the way there."""
        if not isinstance(exception, ReauthenticationRequired):
            return None
        with in_global():
            methods = get_adapter().get_reauthentication_methods(request.user)
        there = methods[0]["url"] if methods else reverse("account_login")
        if request.method != "GET":
            messages.warning(request, gettext("Nothing was done yet: confirm that it is you, then do it again."))
        return HttpResponseRedirect(f"{there}?{urlencode({'next': request.get_full_path()})}")
