"""Base view of API operations: required capability, actor, time, idempotency and conditional requests."""

import hashlib
from collections.abc import Mapping
from copy import copy
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.db.models import Model, QuerySet
from django.utils.cache import get_conditional_response
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from paktaleem.foundation.accounts import middleware
from paktaleem.foundation.accounts.actors import Actor, Authorship
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.web.api.idempotency import IdempotencySlot, ResponseStored, acquire_idempotency_slot
from paktaleem.foundation.web.api.permissions import HasDeclaredCapability


class Operation(APIView):
    """Base view of one URL; ``capabilities`` maps each method to the capability it requires."""

    capabilities: ClassVar[Mapping[str, Capability]] = {}
    permission_classes = (HasDeclaredCapability,)
    http_method_names = ["get", "head", "put", "post", "delete"]
    """No OPTIONS: the OpenAPI document describes the API."""

    beyond_schema: ClassVar[Mapping[str, str]] = {}
    """Rules of the path or of a file that JSON Schema cannot express, by parameter; for the OpenAPI document."""
    is_conditional: ClassVar[bool] = False
    """True if GET responses have an ETag, so that a repeated request can get 304 without a body (RFC 9110 §13)."""
    turn: IdempotencySlot | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        header = request.headers.get("Idempotency-Key")
        if request.method == "POST" and header is not None:
            match = request._request.resolver_match
            self.turn = acquire_idempotency_slot(
                header,
                client_id=client_of(request),
                credential=actor_of(request).id,
                route=match.route if match else request.path,
                path=request.path,
                body=request.data,
                at=get_arrival_time(request),
            )

    def handle_exception(self, exc: Exception) -> Any:
        return exc.response if isinstance(exc, ResponseStored) else super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.turn is not None and response.status_code < HTTPStatus.BAD_REQUEST:
            self.turn.keep(response.render())
        if self.is_conditional and request.method in {"GET", "HEAD"} and response.status_code == HTTPStatus.OK:
            validator = self.validator_of(request, response.render())
            etag = f'"{hashlib.sha256(validator).hexdigest()[:32]}"'
            if validator != response.content:  # semantically equal, not byte by byte (RFC 9110 §8.8.1)
                etag = f"W/{etag}"
            response["ETag"] = etag
            return get_conditional_response(request._request, etag=etag, response=response)
        return response

    def validator_of(self, request: Request, response: Any) -> bytes:
        """Return the bytes from which the ETag is computed; subclasses may omit insignificant parts."""
        del request
        content: bytes = response.content
        return content


def actor_of(request: Request) -> Actor:
    actor: Actor = request.user  # type: ignore[assignment]  # set by our authentication
    return actor


def client_of(request: Request) -> UUID:
    """Return the client of the API key. Raises RuntimeError for an actor without a client, which no API key is."""
    client_id = actor_of(request).client_id
    if client_id is None:
        raise RuntimeError("An API key always belongs to a client.")
    return client_id


def by_caller(request: Request) -> Authorship:
    return {"actor": actor_of(request), "at": moment_of(request)}


def moment_of(request: Request) -> datetime:
    """Return the arrival time of the request on the client's clock, for the client's rules."""
    return middleware.get_client_time(request._request)


def get_arrival_time(request: Request) -> datetime:
    """Return the arrival time of the request on the system clock, for keys, links, retries and deliveries."""
    return middleware.get_arrival_time(request._request)


def validate_input(serializer: type[BaseSerializer[Any]], data: object) -> dict[str, Any]:
    """Return the validated input. Raises DRF's ValidationError naming each field."""
    checked = copy(_build_serializer(serializer))  # type: ignore[arg-type]  # a class is hashable, whatever its instances are
    checked.initial_data = data
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


@cache
def _build_serializer(serializer: type[BaseSerializer[Any]]) -> Any:
    """Return a serializer instance with its fields, built once: building them is slow, and they hold no input."""
    instance: Any = serializer()
    _ = instance.fields  # a cached property: from here on every copy shares it
    return instance


def paginated_response(request: Request, page: Mapping[str, Any], query: Mapping[str, Any] | None) -> Response:
    """Return one page; ``query`` has the parameters of the next page, None on the last."""
    if query is None:
        return Response({**page, "next": None})
    next_url = f"{request.path}?{urlencode({**request.query_params.dict(), **query})}"
    return Response({**page, "next": next_url}, headers={"Link": f'<{next_url}>; rel="next"'})


def sign_cursor(place: object, *, of: str) -> str:
    """Return a signed cursor for a position in a list; ``of`` names the list and its client."""
    return signing.dumps(place, salt=of)


def take_page[Row: Model](
    rows: QuerySet[Row], query: Mapping[str, Any], *, of: str, newest_first: bool = False
) -> tuple[list[Row], dict[str, str] | None]:
    """Return a page of rows, sorted by key, and the query of the next page; ``query`` is that of a ``PageInput``."""
    if "cursor" in query:
        last = UUID(read_cursor(query["cursor"], of=of, name="cursor"))
        rows = rows.filter(pk__lt=last) if newest_first else rows.filter(pk__gt=last)
    page = take_first(rows, query["limit"])
    return list(page), {"cursor": sign_cursor(str(page[-1].pk), of=of)} if page.next_row else None


def read_cursor(text: str, *, of: str, name: str) -> Any:
    """Return the position of a cursor. Raises ValidationError for parameter ``name`` if it is not of this list."""
    try:
        return signing.loads(text, salt=of)
    except signing.BadSignature as error:
        raise serializers.ValidationError({name: ["Send a cursor from an earlier response of this list."]}) from error
