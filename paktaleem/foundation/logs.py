"""What the logs say of a request: its route, never its path, because paths hold the LMS ids of people."""

import copy
import logging
from typing import Any

__all__ = ["RoutesNotPaths"]

_KEPT_PARTS = 3
"""Of an address that leads nowhere: the slash and two names."""


class RoutesNotPaths(logging.Filter):
    """Puts the route in place of the path in whatever Django logs of a request."""

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        """Give a copy of the record without the path; other handlers keep theirs."""
        request: Any = getattr(record, "request", None)
        path = getattr(request, "path", None)
        if path is None or not isinstance(record.args, tuple):
            return record
        told = copy.copy(record)
        told.args = tuple(_shown(request, path) if one == path else one for one in record.args)
        return told


def _shown(request: Any, path: str) -> str:
    match = getattr(request, "resolver_match", None)
    if match is not None:
        return f"/{match.route}"
    parts = path.split("/")
    return path if len(parts) <= _KEPT_PARTS else "/".join([*parts[:_KEPT_PARTS], "…"])
