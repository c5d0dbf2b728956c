"""Registry of message kinds; each app declares its own beside the service that sends them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.operations.extensions import ExtensionPoint

TEXT_MESSAGE_FIELDS = frozenset({"client", "code", "days", "minutes", "rights", "url"})
"""Fields allowed in a text message, which is visible on a locked screen: none of them names a person."""


@dataclass(frozen=True, slots=True)
class MessageKind:
    """A kind of message; its template is ``templates/mail/<code>.<language>.txt``, with the subject as first line.

    ``fields`` are exactly the template's variables besides ``client``, the client's name. ``life`` is how long
    after the request the message is still worth sending (a code expires). With ``is_texted`` there is also
    ``<code>.<language>.text``, for a text message. With ``is_automatic_reply`` it answers an email without a person
    (RFC 3834): its envelope has no sender, so that no failure report comes back.
    """

    code: str
    fields: frozenset[str]
    life: timedelta | None = None
    is_texted: bool = False
    is_automatic_reply: bool = False


_KINDS: dict[str, MessageKind] = {}


def declare_message(
    code: str,
    *,
    fields: Iterable[str] = (),
    life: timedelta | None = None,
    is_texted: bool = False,
    is_automatic_reply: bool = False,
) -> MessageKind:
    """Declare a kind of message and return it.

    Raises ValueError if a text message would contain a personal field, or the code is taken.
    """
    kind = MessageKind(code, frozenset(fields), life, is_texted, is_automatic_reply)
    if is_texted and not kind.fields <= TEXT_MESSAGE_FIELDS:
        raise ValueError(f"{code}: a text message may hold only {', '.join(sorted(TEXT_MESSAGE_FIELDS))}.")
    if _KINDS.setdefault(code, kind) != kind:
        raise ValueError(f"The message kind {code} is already declared with other values.")
    return kind


def get_message_kind(code: str) -> MessageKind:
    """Return a declared kind.

    Raises KeyError if the code is not declared.
    """
    return _KINDS[code]


def list_message_kinds() -> list[MessageKind]:
    """Return all kinds, sorted by code."""
    return [_KINDS[code] for code in sorted(_KINDS)]


letter_outcomes: ExtensionPoint[Callable[[Letter, Actor, datetime], None]] = ExtensionPoint(
    "mail.letter_outcomes", "Called in the transaction that records a message as sent or as finally failed."
)
