"""Secrets of the portal at providers, wrapped under the keyring; opened only to fetch a token."""

from collections import Counter
from uuid import UUID

from django.db.models import Count

from paktaleem.directory.single_sign_on.models import Provider, ProviderSecret
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.encryption.wrapped_kinds import WrappedKind

__all__ = ["PROVIDER_SECRETS", "add_secret", "open_secret"]


def add_secret(provider: Provider, secret: str) -> None:
    """Store the secret of a provider, wrapped."""
    epoch, wrapped = keyring().wrap(secret.encode(), binding=_binding(provider.client_id, provider.pk))
    ProviderSecret.objects.create(client_id=provider.client_id, provider=provider, epoch=epoch, wrapped=wrapped)


def open_secret(provider: Provider) -> str:
    """Return the secret of a provider.

    Raises KeyError for a destroyed epoch, InvalidTag for a row copied from elsewhere.
    """
    return _open(ProviderSecret.objects.get(client_id=provider.client_id, provider=provider)).decode()


def _open(row: ProviderSecret) -> bytes:
    return keyring().unwrap(bytes(row.wrapped), epoch=row.epoch, binding=_binding(row.client_id, row.provider_id))


def _binding(client_id: UUID, provider_id: UUID) -> bytes:
    return b"single-sign-on/" + client_id.bytes + provider_id.bytes


def _count(client_id: UUID) -> Counter[int]:
    own = ProviderSecret.objects.filter(client_id=client_id).order_by()
    return Counter(dict(own.values_list("epoch").annotate(count=Count("provider"))))


def _rewrap(client_id: UUID) -> frozenset[int]:
    old = ProviderSecret.objects.select_for_update().filter(client_id=client_id)
    moved = set()
    for row in old.exclude(epoch=keyring().current_epoch):
        moved.add(row.epoch)
        secret = _open(row)
        row.epoch, row.wrapped = keyring().wrap(secret, binding=_binding(row.client_id, row.provider_id))
        row.save(update_fields=["epoch", "wrapped"])
    return frozenset(moved)


PROVIDER_SECRETS = WrappedKind("single_sign_on.providersecret", _count, _rewrap)
