"""Authentication by API key; the middleware has already found the actor."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from paktaleem.foundation.accounts.actors import Actor


class KeyAuthentication(BaseAuthentication):
    """Authenticate as the actor of ``Authorization: Bearer <key>`` (RFC 6750), found by the middleware."""

    def authenticate(self, request: Request) -> tuple[Actor, None] | None:
        """Return the actor, or None for a missing, unknown, expired or revoked key."""
        actor: Actor | None = getattr(request._request, "actor", None)
        return (actor, None) if actor is not None else None

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme, so that a missing credential answers 401 (RFC 9110 §11.6.1)."""
        del request
        return 'Bearer realm="paktaleem"'
