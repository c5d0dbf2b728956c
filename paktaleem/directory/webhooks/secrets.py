"""Signing secrets of endpoints, wrapped under the keyring: shown once, opened only to sign."""

from datetime import datetime

from django.db.models import Q

from paktaleem.directory.webhooks.models import Endpoint, EndpointSecret
from paktaleem.directory.webhooks.signing import new_secret
from paktaleem.foundation.encryption.wrapped_secrets import WrappedSecrets

_SECRETS = WrappedSecrets(EndpointSecret, "endpoint_id", b"webhook")
ENDPOINT_SECRETS = _SECRETS.kind


def add_secret(endpoint: Endpoint, *, at: datetime) -> str:
    """Create and store a secret that is valid from now on; return it, once."""
    secret = new_secret()
    _SECRETS.add(endpoint.client_id, endpoint.pk, secret, starts_at=at)
    return secret


def end_previous_secrets(endpoint: Endpoint, *, ends_at: datetime, at: datetime) -> None:
    """End the current secret at ``ends_at``, and earlier ones now."""
    own = EndpointSecret.objects.filter(client_id=endpoint.client_id, endpoint=endpoint, starts_at__lt=at)
    own.filter(ends_at__gt=at).update(ends_at=at)
    own.filter(ends_at=None).update(ends_at=ends_at)


def live_secrets(endpoint: Endpoint, *, at: datetime) -> list[str]:
    """Return the secrets with which messages are signed now, newest first.

    Raises KeyError for a destroyed epoch, InvalidTag for a row copied from elsewhere.
    """
    live = Q(starts_at__lte=at) & (Q(ends_at=None) | Q(ends_at__gt=at))
    rows = EndpointSecret.objects.filter(live, client_id=endpoint.client_id, endpoint=endpoint).order_by("-starts_at")
    return [_SECRETS.open(row) for row in rows]
