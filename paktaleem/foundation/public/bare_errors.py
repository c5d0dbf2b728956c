"""Middleware that adds a page to error responses without a body."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.api.problems import is_api
from paktaleem.foundation.public.pages import error_page

FIRST_ERROR = 400


class BareErrorsMiddleware:
    """Add an error page to responses without a body, such as Django's 405; keep their other headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Store the next middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request."""
        response = self.get_response(request)
        if response.status_code < FIRST_ERROR or response.streaming or response.content or is_api(request):
            return response
        page = error_page(response.status_code)
        page.cookies = response.cookies
        for name, value in response.items():
            if name not in {"Content-Type", "Content-Length"}:
                page[name] = value
        return page
