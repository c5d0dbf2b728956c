"""Every answer of the API has an id, errors too: the caller's own, or else one of ours (OpenID AuthZEN 1.0 §10.1.4)."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from paktaleem.api.problems import is_api
from paktaleem.tenancy.ids import new_id

__all__ = ["RequestIdMiddleware"]

HEADER = "X-Request-ID"
_FIT = re.compile(r"\A[\x21-\x7e]{1,200}\Z")


class RequestIdMiddleware:
    """Sends X-Request-ID with the answer. It is the outermost layer, so that no answer misses it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and repeat the id if it is one: up to 200 visible ASCII characters. The API makes one otherwise."""
        response = self.get_response(request)
        told = request.headers.get(HEADER, "")
        if _FIT.match(told):
            response[HEADER] = told
        elif is_api(request):
            response[HEADER] = str(new_id())
        return response
