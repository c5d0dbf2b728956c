"""Permissions, checked before the input is validated, so that an error does not reveal anything."""

from typing import Any

from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class DenyAll(BasePermission):
    """Deny access; the default permission of every view."""

    def has_permission(self, *_: object) -> bool:
        """Return False."""
        return False


class HasDeclaredCapability(BasePermission):
    """Require the capability that the operation declares for the method."""

    message = "The scopes of this API key do not allow this."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True if the actor has the capability declared for the method.

        Raises NotAuthenticated without an actor, and MethodNotAllowed for an undeclared method.
        """
        actor: Any = request.user
        if actor is None:
            raise NotAuthenticated
        method = str(request.method)
        capability = view.capabilities.get("GET" if method == "HEAD" else method)
        if capability is None:
            raise MethodNotAllowed(method)
        return bool(actor.may(capability))
