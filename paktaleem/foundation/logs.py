"""Log filter that replaces request paths by routes, because paths contain LMS ids of people."""

import copy
import logging
from typing import Any

__all__ = ["RouteLogFilter"]

_KEPT_PARTS = 3
"""Number of path segments logged for a path without a route: the root and two names."""


class RouteLogFilter(logging.Filter):
    """Replace the path by the route in Django's log records of requests."""

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return a copy of the record without the path; other handlers keep the original."""
        request: Any = getattr(record, "request", None)
        path = getattr(request, "path", None)
        if path is None or not isinstance(record.args, tuple):
            return record
        redacted = copy.copy(record)
        redacted.args = tuple(_route_of(request, path) if one == path else one for one in record.args)
        return redacted


def _route_of(request: Any, path: str) -> str:
    match = getattr(request, "resolver_match", None)
    if match is not None:
        return f"/{match.route}"
    parts = path.split("/")
    return path if len(parts) <= _KEPT_PARTS else "/".join([*parts[:_KEPT_PARTS], "…"])
