"""The third kind of recipient: an address that someone gave, who is neither a known person nor staff."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.encryption.row_keys import row_keys
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealer, wrap_new_key

__all__ = [
    "ADDRESS_KEYS",
    "GivenAddress",
    "forget_address",
    "open_address",
    "recipient_columns",
    "seal_address",
    "sealer_of_address",
]

_COLUMN = "mail_letter.address"
ADDRESS_KEYS = row_keys(Letter)


class GivenAddress:
    """An email address as a recipient. It proves nothing: write nothing to it that is about a person."""

    __slots__ = ("email",)
    language = "en"

    def __init__(self, email: str) -> None:
        """Store the address. Raises ValidationError if it is not an email address in ASCII."""
        email = email.strip()
        validate_email(email)
        if not email.isascii():
            raise ValidationError("An email address in ASCII is needed.")
        self.email = email

    def __repr__(self) -> str:
        """Return dots, as addresses are never logged."""
        return "GivenAddress(•••)"


def recipient_columns(to: Subject | User | GivenAddress) -> dict[str, Any]:
    """Return the columns of a message that name its one recipient."""
    return {
        "subject": to if isinstance(to, Subject) else None,
        "user": to if isinstance(to, User) else None,
        "to_address": isinstance(to, GivenAddress),
    }


def seal_address(letter: Letter, to: GivenAddress) -> None:
    """Create the key of a message to an address, and seal the address; the caller saves the message."""
    sealer, letter.epoch, letter.wrapped = wrap_new_key(letter.client_id, letter.pk)
    letter.address = sealer.seal(to.email, column=_COLUMN)


def open_address(letter: Letter) -> str:
    """Return the address of a message to an address. Raises CannotOpen if its key is destroyed."""
    if letter.address is None:
        raise CannotOpen("The address has been deleted.")
    return sealer_of_address(letter).open(letter.address, column=_COLUMN)


def sealer_of_address(letter: Letter) -> Sealer:
    """Return the sealer of a message to an address. Raises CannotOpen if its key is destroyed."""
    if letter.wrapped is None or letter.epoch is None:
        raise CannotOpen("The message's key has been destroyed.")
    return Sealer.unwrapped(letter.client_id, letter.pk, wrapped=bytes(letter.wrapped), epoch=letter.epoch)


def forget_address(letter: Letter) -> None:
    """Destroy the key of a message to an address, and with it address and variables; the caller saves the message."""
    if letter.to_address:
        letter.address = letter.epoch = letter.wrapped = letter.context = None
