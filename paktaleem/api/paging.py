"""Pages of a list: the address of the next one, in the body and as a Link (RFC 8288)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from rest_framework.request import Request
from rest_framework.response import Response

__all__ = ["with_next"]


def with_next(request: Request, answer: Mapping[str, Any], query: Mapping[str, Any] | None) -> Response:
    """Answer one page; ``query`` changes the parameters asked with to those of the next, None ends the list."""
    if query is None:
        return Response({**answer, "next": None})
    address = f"{request.path}?{urlencode({**request.query_params.dict(), **query})}"
    return Response({**answer, "next": address}, headers={"Link": f'<{address}>; rel="next"'})
