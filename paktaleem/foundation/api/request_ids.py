"""A caller's own id of a request comes back with every answer, errors too (OpenID AuthZEN 1.0 §10.1.4)."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

__all__ = ["RequestIdMiddleware"]

HEADER = "X-Request-ID"
_FIT = re.compile(r"\A[\x21-\x7e]{1,200}\Z")


class RequestIdMiddleware:
    """Repeats X-Request-ID on the answer. It stands outermost, so that no answer misses it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and repeat the id if it is one: up to 200 visible ASCII characters."""
        response = self.get_response(request)
        told = request.headers.get(HEADER, "")
        if _FIT.match(told):
            response[HEADER] = told
        return response
