"""Middleware that redirects to re-authentication."""

from collections.abc import Callable
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.foundation.tenancy.context import in_global


class StepUpMiddleware:
    """Redirect to re-authentication, with the current URL as the return address.

    Allauth's own middleware would store a submitted form in the session. It may hold personal data, so the user
    submits it again instead.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Redirect to re-authentication."""
        if not isinstance(exception, ReauthenticationRequired):
            return None
        with in_global():
            methods = get_adapter().get_reauthentication_methods(request.user)
        page = methods[0]["url"] if methods else reverse("account_login")
        if request.method != "GET":
            messages.warning(
                request, gettext("Nothing has been changed yet. Confirm your identity, then submit again.")
            )
        return HttpResponseRedirect(f"{page}?{urlencode({'next': request.get_full_path()})}")
