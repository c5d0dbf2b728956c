"""Access is settled before input is looked at: a stranger learns nothing from a 400."""

from typing import Any

from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

__all__ = ["Closed", "NamedCapability"]


class Closed(BasePermission):
    """The default of every view: nobody."""

    def has_permission(self, *_: Any) -> bool:
        """Refuse."""
        return False


class NamedCapability(BasePermission):
    """Allows what the operation's ``capabilities`` name for the method; a method without one is none it has."""

    message = "This key's scopes do not allow that."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether the actor has the capability that the operation names. Raises MethodNotAllowed."""
        actor: Any = request.user
        if actor is None:
            raise NotAuthenticated
        method = str(request.method)
        capability = view.capabilities.get("GET" if method == "HEAD" else method)
        if capability is None:
            raise MethodNotAllowed(method)
        return bool(actor.may(capability))
