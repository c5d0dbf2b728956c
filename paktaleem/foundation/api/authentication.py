"""Who calls: the actor of the API key, which the request's context was opened for."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from paktaleem.foundation.accounts.actors import Actor

__all__ = ["KeyAuthentication"]


class KeyAuthentication(BaseAuthentication):
    """Takes the actor that the middleware found behind ``Authorization: Bearer <key>`` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[Actor, None] | None:
        """Return the actor, or None for a missing, unknown, expired or revoked key alike."""
        actor: Actor | None = getattr(request._request, "actor", None)
        return (actor, None) if actor is not None else None

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a missing credential answers 401 (RFC 9110 §11.6.1)."""
        del request
        return 'Bearer realm="paktaleem"'
