"""The checks of the wrapping keys, at the start and by the doctor."""

import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from paktaleem.foundation.encryption.keyring import KEY_BYTES, keyring
from paktaleem.foundation.operations.diagnosis import Line, fine, to_mend
from paktaleem.foundation.operations.startup.diagnosis import lines_of
from paktaleem.foundation.operations.startup.findings import Finding

_BINDING = b"doctor"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keyring_findings() -> Iterator[Finding]:
    """Yield that the keyring cannot be read or is not one, or that others on this host can read its file."""
    try:
        keyring()
    except ImproperlyConfigured:  # its text could quote the keyring
        yield Finding(
            "startup.E019",
            "The keyring cannot be read, or its text is not that of a keyring.",
            "Set PAKTALEEM_KEYS_FILE to a keyring that this user can read, or PAKTALEEM_KEYS to the text of one.",
        )
        return
    if not settings.KEYRING and Path(settings.KEYRING_FILE).stat().st_mode & _OTHERS:
        yield Finding(
            "startup.E020",
            "Other users of this host can read the keyring file.",
            "Make it the file of the portal's user and run chmod 600 on PAKTALEEM_KEYS_FILE.",
        )


def check_keyring() -> Iterator[Line]:
    """Yield why the portal would not start with this keyring, or whether a key is wrapped and unwrapped."""
    if findings := list(keyring_findings()):
        yield from lines_of("keys", findings, seen="")
        return
    keys, key = keyring(), secrets.token_bytes(KEY_BYTES)
    epoch, wrapped = keys.wrap(key, binding=_BINDING)
    if keys.unwrap(wrapped, epoch=epoch, binding=_BINDING) != key:
        yield to_mend("keys", f"a key wrapped under epoch {epoch} does not come back", "Restore the keyring.")
    else:
        yield fine("keys", f"wrap and unwrap under epoch {epoch}; {len(keys.epochs)} in the keyring")
