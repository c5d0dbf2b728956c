"""Secrets of the portal at providers, wrapped under the keyring; opened only to fetch a token."""

from paktaleem.directory.single_sign_on.models import Provider, ProviderSecret
from paktaleem.foundation.encryption.wrapped_secrets import WrappedSecrets

_SECRETS = WrappedSecrets(ProviderSecret, "provider_id", b"single-sign-on")
PROVIDER_SECRETS = _SECRETS.kind


def add_secret(provider: Provider, secret: str) -> None:
    """Store the secret of a provider, wrapped."""
    _SECRETS.add(provider.client_id, provider.pk, secret)


def open_secret(provider: Provider) -> str:
    """Return the secret of a provider.

    Raises KeyError for a destroyed epoch, InvalidTag for a row copied from elsewhere.
    """
    return _SECRETS.open(ProviderSecret.objects.get(client_id=provider.client_id, provider=provider))
