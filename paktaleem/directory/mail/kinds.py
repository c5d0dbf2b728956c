"""Registry of message kinds; each app declares its own beside the service that sends them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

__all__ = ["TEXTED_FIELDS", "LetterKind", "declare_letter", "letter_kind", "letter_kinds"]

TEXTED_FIELDS = frozenset({"client", "code", "days", "minutes", "url"})
"""Fields allowed in a text message, which is visible on a locked screen: none of them names a person."""


@dataclass(frozen=True, slots=True)
class LetterKind:
    """A kind of message; its template is ``templates/mail/<code>.<language>.txt``, with the subject as first line.

    ``fields`` are exactly the template's variables besides ``client``, the client's name. ``life`` is how long
    after the request the message is still worth sending (a code expires). With ``is_texted`` there is also
    ``<code>.<language>.text``, for a text message.
    """

    code: str
    fields: frozenset[str]
    life: timedelta | None = None
    is_texted: bool = False


_KINDS: dict[str, LetterKind] = {}


def declare_letter(
    code: str, *, fields: Iterable[str] = (), life: timedelta | None = None, is_texted: bool = False
) -> LetterKind:
    """Declare a kind of message and return it.

    Raises ValueError if a text message would contain a personal field, or the code is taken.
    """
    kind = LetterKind(code, frozenset(fields), life, is_texted)
    if is_texted and not kind.fields <= TEXTED_FIELDS:
        raise ValueError(f"{code}: a text message may hold only {', '.join(sorted(TEXTED_FIELDS))}.")
    if _KINDS.setdefault(code, kind) != kind:
        raise ValueError(f"The message kind {code} is already declared with other values.")
    return kind


def letter_kind(code: str) -> LetterKind:
    """Return a declared kind.

    Raises KeyError if the code is not declared.
    """
    return _KINDS[code]


def letter_kinds() -> list[LetterKind]:
    """Return all kinds, sorted by code."""
    return [_KINDS[code] for code in sorted(_KINDS)]
