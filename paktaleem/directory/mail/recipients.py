"""The third kind of recipient: an address or number that is of neither a known person nor staff."""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from paktaleem.directory.mail.models import Channel, Letter
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealer, wrap_new_key
from paktaleem.foundation.encryption.wrapped_secrets import row_keys
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.text.normal_forms import bare_number

_COLUMN = "mail_letter.address"
ADDRESS_KEYS = row_keys(Letter)


class GivenContact:
    """A contact as a recipient. It proves nothing: write nothing to it that is about a person."""

    language = "en"
    channel: Channel
    text: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}(•••)"  # addresses and numbers are never logged


class GivenAddress(GivenContact):
    channel = Channel.MAIL

    def __init__(self, email: str) -> None:
        email = email.strip()
        validate_email(email)
        if not email.isascii():
            raise ValidationError("An email address in ASCII is needed.")
        self.text = email


class GivenNumber(GivenContact):
    channel = Channel.TEXT

    def __init__(self, number: str) -> None:
        self.text = bare_number(number)
        if not self.text:
            raise ValueError("A telephone number is needed.")


def seal_address(letter: Letter, to: GivenContact) -> None:
    """Create the key of a message to an address or number, and seal that. Raises ValueError for another channel."""
    if letter.channel != to.channel:
        raise ValueError(f"{type(to).__name__} is a recipient by {to.channel.value} only.")
    sealer, letter.epoch, letter.wrapped = wrap_new_key(letter.client_id, letter.pk)
    letter.address = sealer.seal(to.text, column=_COLUMN)


def open_address(letter: Letter) -> str:
    if letter.address is None:
        raise CannotOpen("The address has been deleted.")
    return Sealer.of_row(letter).open(letter.address, column=_COLUMN)


def forget_address(letter: Letter) -> None:
    """Destroy the key of a message to an address, and with it address and variables; the caller saves the message."""
    if letter.to_address:
        letter.address = letter.epoch = letter.wrapped = letter.context = None


reply_addresses: ExtensionPoint[Callable[[Letter], str | None]] = ExtensionPoint(
    "mail.reply_addresses", "The address to which replies to an email go, or None; the first one counts."
)
