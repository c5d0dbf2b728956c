"""The ground of every operation: a named capability, the actor, the moment."""

import hashlib
from collections.abc import Mapping
from copy import copy
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.utils.cache import get_conditional_response
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from paktaleem.accounts import requests
from paktaleem.accounts.actors import Actor
from paktaleem.accounts.roles import Capability
from paktaleem.api.idempotency import AnsweredBefore, Turn, begin_turn
from paktaleem.api.permissions import NamedCapability

__all__ = ["Operation", "actor_of", "arrival_of", "client_of", "moment_of", "validated"]


class Operation(APIView):
    """One operation on one address. ``capabilities`` says, for each method, what the caller must be able to do."""

    capabilities: ClassVar[Mapping[str, Capability]] = {}
    permission_classes = (NamedCapability,)
    http_method_names = ["get", "head", "put", "post", "delete"]
    """No OPTIONS: the schema says what there is."""

    is_conditional: ClassVar[bool] = False
    """Whether GET answers carry an ETag, so that asking again for the same costs 304 and no body (RFC 9110 §13)."""
    turn: Turn | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Settle access first; then a POST with an Idempotency-Key takes its turn."""
        super().initial(request, *args, **kwargs)
        header = request.headers.get("Idempotency-Key")
        if request.method == "POST" and header is not None:
            match = request._request.resolver_match
            self.turn = begin_turn(
                header,
                client_id=client_of(request),
                credential=actor_of(request).id,
                route=match.route if match else request.path,
                path=request.path,
                body=request.data,
                at=arrival_of(request),
            )

    def handle_exception(self, exc: Exception) -> Any:
        """Answer as before what was answered before; everything else as a problem."""
        return exc.response if isinstance(exc, AnsweredBefore) else super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Render the answer here, still in the transaction, where it is to be kept."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.turn is not None and response.status_code < HTTPStatus.BAD_REQUEST:
            self.turn.keep(response.render())
        if self.is_conditional and request.method in {"GET", "HEAD"} and response.status_code == HTTPStatus.OK:
            return _conditional(request, response, self.validator_of(request, response.render()))
        return response

    def validator_of(self, request: Request, response: Any) -> bytes:
        """Give what a conditional answer is compared by; an answer may leave out what says nothing new."""
        del request
        content: bytes = response.content
        return content


def _conditional(request: Request, response: Any, validator: bytes) -> Any:
    etag = f'"{hashlib.sha256(validator).hexdigest()[:32]}"'
    if validator != response.content:  # the same in meaning, not in every byte (RFC 9110 §8.8.1)
        etag = f"W/{etag}"
    response["ETag"] = etag
    return get_conditional_response(request._request, etag=etag, response=response)


def actor_of(request: Request) -> Actor:
    """Return who calls."""
    actor: Actor = request.user  # type: ignore[assignment]
    return actor


def client_of(request: Request) -> UUID:
    """Return the client of the key: every call of the API is about that one client."""
    client_id = actor_of(request).client_id
    if client_id is None:
        raise RuntimeError("An API key always belongs to a client.")
    return client_id


def moment_of(request: Request) -> datetime:
    """Return when the request arrived by the client's clock: the one ``now`` of everything it does."""
    return requests.moment_of(request._request)


def arrival_of(request: Request) -> datetime:
    """Return when the request arrived by the machine's clock: for keys, links, retries and deliveries."""
    return requests.arrived_at(request._request)


def validated(serializer: type[BaseSerializer[Any]], data: Any) -> dict[str, Any]:
    """Return the checked input. Raises DRF's ValidationError naming each field."""
    checked = copy(_prepared(serializer))  # type: ignore[arg-type]  # a class is hashable, whatever its instances are
    checked.initial_data = data
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


@cache
def _prepared(serializer: type[BaseSerializer[Any]]) -> Any:
    """Make a serializer's fields once, for all requests: they keep nothing of an input, and copying them is dear."""
    made: Any = serializer()
    _ = made.fields  # a cached property: from here on every copy shares it
    return made
