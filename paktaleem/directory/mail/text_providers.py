"""Text message providers: the interface, and one that writes files.

The HTTP provider is in ``gateway``. For another protocol, name a class with this method in TEXT_PROVIDER.
"""

from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class TextRejected(Exception):
    """The provider rejected the message permanently."""


class ProviderNotConfigured(Exception):
    """No text message provider is configured."""


class TextProvider(Protocol):
    """Interface of a text message provider."""

    def send(self, *, number: str, text: str, reference: str) -> str:
        """Send one message and return the provider's id for it.

        ``number`` is in E.164 (+923001234567), or as registered if it cannot be converted; ``reference`` is the
        message's id, with which a provider can drop duplicates. Raises TextRejected for a permanent failure,
        OSError for a temporary one.
        """


class FolderProvider:
    """Write each message to a file in MAIL_FOLDER, for the demonstration and tests."""

    def send(self, *, number: str, text: str, reference: str) -> str:
        """Write the message; the same reference overwrites the same file."""
        path = Path(settings.MAIL_FOLDER) / f"{reference}.text.txt"
        path.write_text(f"To: {number}\n\n{text}\n", encoding="utf-8")
        return path.name


def get_text_provider() -> TextProvider:
    """Return the provider named by TEXT_PROVIDER.

    Raises ProviderNotConfigured if it is empty.
    """
    if not settings.TEXT_PROVIDER:
        raise ProviderNotConfigured
    provider: TextProvider = import_string(settings.TEXT_PROVIDER)()
    return provider
