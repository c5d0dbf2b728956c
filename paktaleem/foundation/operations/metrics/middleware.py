"""Middleware that measures requests."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.operations.metrics.counters import observe_request


class RequestMetricsMiddleware:
    """Counts each request, decisions included, and measures its time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        observe_request(request.path, response.status_code, time.perf_counter() - began)
        return response
