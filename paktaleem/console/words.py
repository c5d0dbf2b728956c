"""The console's words in the language of the page: names, headings, buttons and states, translated where shown.

They are written once, in English, where they belong: in ``Meta``, ``@admin.display``, an ``Act``, a ``TextChoices``.
``tests/messages.py`` finds them there, and the suite fails if one lacks its Urdu.
"""

from typing import Any

from django.conf import settings
from django.utils.translation import get_language, gettext

__all__ = ["other_language", "translated"]


def translated(words: Any) -> str:
    """Give words in the language of the page; what the catalogue does not know stays as it is."""
    text = str(words)
    return gettext(text) if text else text


def other_language() -> tuple[str, str]:
    """Give code and own name of the language one may switch to."""
    return next((code, name) for code, name in settings.LANGUAGES if code != get_language())
