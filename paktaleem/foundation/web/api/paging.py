"""Pagination: the URL of the next page in the body and the Link header (RFC 8288), and signed cursors."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response


def paginated_response(request: Request, page: Mapping[str, Any], query: Mapping[str, Any] | None) -> Response:
    """Return one page; ``query`` has the parameters of the next page, None on the last."""
    if query is None:
        return Response({**page, "next": None})
    next_url = f"{request.path}?{urlencode({**request.query_params.dict(), **query})}"
    return Response({**page, "next": next_url}, headers={"Link": f'<{next_url}>; rel="next"'})


def sign_cursor(place: object, *, of: str) -> str:
    """Return a signed cursor for a position in a list; ``of`` names the list and its client."""
    return signing.dumps(place, salt=of)


def read_cursor(text: str, *, of: str, name: str) -> Any:
    """Return the position of a cursor.

    Raises ValidationError for parameter ``name`` unless the cursor was signed for this list.
    """
    try:
        return signing.loads(text, salt=of)
    except signing.BadSignature as error:
        raise serializers.ValidationError({name: ["Send a cursor from an earlier response of this list."]}) from error
