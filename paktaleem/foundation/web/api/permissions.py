"""Authentication of the API by key, and permissions, checked before the input is validated."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from paktaleem.foundation.accounts.actors import Actor


class DenyAll(BasePermission):
    """Deny access; the default permission of every view."""

    def has_permission(self, *_: object) -> bool:
        return False


class HasDeclaredCapability(BasePermission):
    message = "The scopes of this API key do not allow this."

    def has_permission(self, request: Request, view: Any) -> bool:
        actor: Actor | None = request.user  # type: ignore[assignment]  # set by our authentication
        if actor is None:
            raise NotAuthenticated
        method = str(request.method)
        capability = view.capabilities.get("GET" if method == "HEAD" else method)
        if capability is None:
            raise MethodNotAllowed(method)
        return bool(actor.may(capability))


class KeyAuthentication(BaseAuthentication):
    """Authenticate as the actor of ``Authorization: Bearer <key>`` (RFC 6750), found by the middleware."""

    def authenticate(self, request: Request) -> tuple[Actor, None] | None:
        actor: Actor | None = getattr(request._request, "actor", None)
        return (actor, None) if actor is not None else None

    def authenticate_header(self, request: Request) -> str:
        del request
        return 'Bearer realm="paktaleem"'  # so that a missing credential answers 401 (RFC 9110 §11.6.1)
