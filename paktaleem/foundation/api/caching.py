"""Answers of the API are about people: no cache keeps them (RFC 9111 §5.2.2.5)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

__all__ = ["NoStoreMiddleware"]

_PRIVATE = ("/api/", "/access/")
_PUBLIC = ("/api/schema/", "/api/docs/")


class NoStoreMiddleware:
    """Says ``Cache-Control: no-store`` on every answer and error of the API but its published description."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        response = self.get_response(request)
        if request.path.startswith(_PRIVATE) and not request.path.startswith(_PUBLIC):
            response["Cache-Control"] = "no-store"
        return response
