"""Encryption of a message's template variables: under the person's key, the message's, or the keyring for staff."""

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.recipients import sealer_of_address
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.encryption.sealing import Sealed

_COLUMN = "mail_letter.context"
_EPOCH_BYTES = 4


def encrypt_context(letter: Letter, text: str) -> Sealed:
    """Encrypt a message's variables.

    Raises KeyDestroyed for an erased person.
    """
    if letter.subject is not None:
        return sealer_of(letter.subject).seal(text, column=_COLUMN)
    if letter.to_address:
        return sealer_of_address(letter).seal(text, column=_COLUMN)
    epoch, wrapped = keyring().wrap(text.encode(), binding=_binding(letter))
    return Sealed(epoch.to_bytes(_EPOCH_BYTES) + wrapped)


def decrypt_context(letter: Letter) -> str:
    """Decrypt a message's variables.

    Raises KeyDestroyed for an erased person, CannotOpen, KeyError, InvalidTag.
    """
    if letter.context is None:
        return "{}"
    if letter.subject is not None:
        return sealer_of(letter.subject).open(letter.context, column=_COLUMN)
    if letter.to_address:
        return sealer_of_address(letter).open(letter.context, column=_COLUMN)
    blob = letter.context.ciphertext
    epoch = int.from_bytes(blob[:_EPOCH_BYTES])
    return keyring().unwrap(blob[_EPOCH_BYTES:], epoch=epoch, binding=_binding(letter)).decode()


def _binding(letter: Letter) -> bytes:
    return b"letter/" + letter.client_id.bytes + letter.id.bytes
