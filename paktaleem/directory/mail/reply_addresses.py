"""Extension point of the address to which replies to an email go, such as that of a case."""

from collections.abc import Callable

from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.extensions.points import ExtensionPoint

type FindReplyAddress = Callable[[Letter], str | None]

reply_addresses: ExtensionPoint[FindReplyAddress] = ExtensionPoint(
    "mail.reply_addresses", "The address to which replies to an email go, or None; the first one counts."
)


def find_reply_address(letter: Letter) -> str | None:
    """Return the address to which replies to an email go; None if it is the sender's own."""
    return next((found for find in reply_addresses if (found := find(letter))), None)
