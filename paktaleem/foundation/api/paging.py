"""Pages of a list: the address of the next one, in the body and as a Link (RFC 8288), and cursors that lead there."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

__all__ = ["read_cursor", "sign_cursor", "with_next"]


def with_next(request: Request, answer: Mapping[str, Any], query: Mapping[str, Any] | None) -> Response:
    """Answer one page; ``query`` changes the parameters asked with to those of the next, None ends the list."""
    if query is None:
        return Response({**answer, "next": None})
    address = f"{request.path}?{urlencode({**request.query_params.dict(), **query})}"
    return Response({**answer, "next": address}, headers={"Link": f'<{address}>; rel="next"'})


def sign_cursor(place: Any, *, of: str) -> str:
    """Write a place in a list as a cursor; ``of`` names the list and whose it is, and nobody else's reads it."""
    return signing.dumps(place, salt=of)


def read_cursor(text: str, *, of: str, name: str) -> Any:
    """Read the place back. Raises ValidationError at the parameter ``name`` for what this list did not give out."""
    try:
        return signing.loads(text, salt=of)
    except signing.BadSignature as error:
        raise serializers.ValidationError(
            {name: ["Send a cursor that an earlier answer of this list gave."]}
        ) from error
