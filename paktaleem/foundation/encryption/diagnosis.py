"""The doctor's check of the wrapping keys."""

import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from paktaleem.foundation.diagnosis.lines import Line, fine, to_mend, to_watch
from paktaleem.foundation.encryption.keyring import KEY_BYTES, keyring

__all__ = ["check_keyring"]

_BINDING = b"doctor"
_UNREADABLE = "Set PAKTALEEM_KEYS_FILE to a keyring that this user can read, or PAKTALEEM_KEYS to the text of one."
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_keyring() -> Iterator[Line]:
    """Yield whether the keyring can be read, a key wrapped and unwrapped, and who else may read the keyring file."""
    try:
        keys = keyring()
    except ImproperlyConfigured:  # its text could quote the keyring
        yield to_mend("keys", "the keyring cannot be read", _UNREADABLE)
        return
    key = secrets.token_bytes(KEY_BYTES)
    epoch, wrapped = keys.wrap(key, binding=_BINDING)
    if keys.unwrap(wrapped, epoch=epoch, binding=_BINDING) != key:
        yield to_mend("keys", f"a key wrapped under epoch {epoch} does not come back", "Restore the keyring.")
    else:
        yield fine("keys", f"wrap and unwrap under epoch {epoch}; {len(keys.epochs)} in the keyring")
    file = settings.KEYRING_FILE
    if file and Path(file).stat().st_mode & _OTHERS:
        yield to_watch("keyring file", "other users of this host can read it", "Run chmod 600 on PAKTALEEM_KEYS_FILE.")
