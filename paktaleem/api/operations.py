"""The ground of every operation: a named capability, the actor, the moment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from paktaleem.accounts.actors import Actor
from paktaleem.accounts.roles import Capability
from paktaleem.api.permissions import NamedCapability

__all__ = ["Operation", "actor_of", "client_of", "moment_of", "validated"]


class Operation(APIView):
    """One operation on one address. ``capabilities`` says, for each method, what the caller must be able to do."""

    capabilities: ClassVar[Mapping[str, Capability]] = {}
    permission_classes = (NamedCapability,)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuse: the schema says what there is."""
        return self.http_method_not_allowed(request, *args, **kwargs)


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
    """Return when the request arrived: the one ``now`` of everything it does."""
    received_at: datetime = request._request.received_at  # type: ignore[attr-defined]
    return received_at


def validated(serializer: type[BaseSerializer[Any]], data: Any) -> dict[str, Any]:
    """Return the checked input. Raises DRF's ValidationError naming each field."""
    checked = serializer(data=data)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)
