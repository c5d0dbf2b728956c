"""Which letters there are. Each room declares its own beside the service that sends them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

__all__ = ["TEXTED_FIELDS", "LetterKind", "declare_letter", "letter_kind", "letter_kinds"]

TEXTED_FIELDS = frozenset({"client", "code", "days", "minutes", "url"})
"""What a text message may be made of: it lies open on a locked screen, so it names nobody."""


@dataclass(frozen=True, slots=True)
class LetterKind:
    """One kind of letter: ``templates/mail/<code>.<language>.txt``, its first line the subject.

    ``fields`` is exactly what a template is given besides ``client``, the client's name. ``life`` is how long after
    it was asked for the letter is still worth sending (a code that has expired is not). ``is_texted``: there is
    ``<code>.<language>.text`` too, for a text message.
    """

    code: str
    fields: frozenset[str]
    life: timedelta | None = None
    is_texted: bool = False


_KINDS: dict[str, LetterKind] = {}


def declare_letter(
    code: str, *, fields: Iterable[str] = (), life: timedelta | None = None, is_texted: bool = False
) -> LetterKind:
    """Declare a kind of letter; returns it. Raises ValueError if its text message would need a personal field."""
    kind = LetterKind(code, frozenset(fields), life, is_texted)
    if is_texted and not kind.fields <= TEXTED_FIELDS:
        raise ValueError(f"{code}: a text message may hold {', '.join(sorted(TEXTED_FIELDS))} only.")
    if _KINDS.setdefault(code, kind) != kind:
        raise ValueError(f"Two kinds of letter are called {code}.")
    return kind


def letter_kind(code: str) -> LetterKind:
    """Return a declared kind. Raises KeyError for one that nobody declared."""
    return _KINDS[code]


def letter_kinds() -> list[LetterKind]:
    """List all kinds, by code."""
    return [_KINDS[code] for code in sorted(_KINDS)]
