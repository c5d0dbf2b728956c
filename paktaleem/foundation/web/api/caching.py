"""Answers of the API, and pages of the sign-in with links and codes, are kept by no cache (RFC 9111 §5.2.2.5)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_PRIVATE = ("/api/", "/access/", "/accounts/", "/admin/login/")
_PUBLIC = ("/api/schema/", "/api/docs/")


class NoStoreMiddleware:
    """Says ``Cache-Control: no-store`` on pages of the sign-in and answers of the API, but not on its description."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(_PRIVATE) and not request.path.startswith(_PUBLIC):
            response["Cache-Control"] = "no-store"
        return response
