"""Text messages: what a provider must be able to do, and one that writes files.

The one over HTTP is in ``gateway``. Where a gateway speaks otherwise, an operator names a class with this one method
in TEXT_PROVIDER.
"""

from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

__all__ = ["FolderProvider", "NoProvider", "TextProvider", "TextRefused", "text_provider"]


class TextRefused(Exception):
    """The provider will not take this message, today or tomorrow."""


class NoProvider(Exception):
    """Nobody set a provider of text messages up."""


class TextProvider(Protocol):
    """Hands text messages to a network."""

    def send(self, *, number: str, text: str, reference: str) -> str:
        """Send one message and return the provider's id of it.

        ``number`` is in E.164 (+923001234567), or as it was registered where it could not be one; ``reference`` is the
        letter's id, by which a provider can drop a repetition. Raises TextRefused for good, OSError when it is worth
        trying again.
        """


class FolderProvider:
    """Writes each message to a file in MAIL_FOLDER: for the demonstration and for tests."""

    def send(self, *, number: str, text: str, reference: str) -> str:
        """Write the message; the same reference again writes the same file."""
        path = Path(settings.MAIL_FOLDER) / f"{reference}.text.txt"
        path.write_text(f"To: {number}\n\n{text}\n", encoding="utf-8")
        return path.name


def text_provider() -> TextProvider:
    """Return the provider that TEXT_PROVIDER names. Raises NoProvider."""
    if not settings.TEXT_PROVIDER:
        raise NoProvider
    provider: TextProvider = import_string(settings.TEXT_PROVIDER)()
    return provider
