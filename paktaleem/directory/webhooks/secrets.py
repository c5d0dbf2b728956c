"""Signing secrets of endpoints, wrapped under the keyring: shown once, opened only to sign."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from paktaleem.directory.webhooks.models import Endpoint, EndpointSecret
from paktaleem.directory.webhooks.signing import new_secret
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.encryption.wrapped_kinds import WrappedKind

__all__ = ["add_secret", "end_previous_secrets", "live_secrets"]


def add_secret(endpoint: Endpoint, *, at: datetime) -> str:
    """Create and store a secret that is valid from now on; return it, once."""
    secret = new_secret()
    epoch, wrapped = keyring().wrap(secret.encode(), binding=_binding(endpoint.client_id, endpoint.pk))
    EndpointSecret.objects.create(
        client_id=endpoint.client_id, endpoint=endpoint, epoch=epoch, wrapped=wrapped, starts_at=at
    )
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
    return [_open(row).decode() for row in rows]


def _open(row: EndpointSecret) -> bytes:
    binding = _binding(row.client_id, row.endpoint_id)
    return keyring().unwrap(bytes(row.wrapped), epoch=row.epoch, binding=binding)


def _binding(client_id: UUID, endpoint_id: UUID) -> bytes:
    return b"webhook/" + client_id.bytes + endpoint_id.bytes


def _count(client_id: UUID) -> Counter[int]:
    own = EndpointSecret.objects.filter(client_id=client_id).order_by()
    return Counter(dict(own.values_list("epoch").annotate(count=Count("id"))))


def _rewrap(client_id: UUID) -> frozenset[int]:
    old = EndpointSecret.objects.select_for_update().filter(client_id=client_id)
    moved = set()
    for row in old.exclude(epoch=keyring().current_epoch):
        moved.add(row.epoch)
        secret = _open(row)
        row.epoch, row.wrapped = keyring().wrap(secret, binding=_binding(row.client_id, row.endpoint_id))
        row.save(update_fields=["epoch", "wrapped"])
    return frozenset(moved)


ENDPOINT_SECRETS = WrappedKind("webhooks.endpointsecret", _count, _rewrap)
