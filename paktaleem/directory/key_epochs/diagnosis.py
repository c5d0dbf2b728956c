"""The doctor's check of the keys in use."""

from collections.abc import Iterator

from paktaleem.directory.key_epochs.services import keys_by_epoch
from paktaleem.foundation.diagnosis.lines import Line, fine, to_mend, to_watch
from paktaleem.foundation.encryption.keyring import keyring

__all__ = ["check_keys_in_use"]


def check_keys_in_use() -> Iterator[Line]:
    """Yield whether the keyring has every epoch in use, and how many keys are under an old one."""
    used, keys = keys_by_epoch(), keyring()
    lost = sum(count for epoch, count in used.items() if epoch not in keys.epochs)
    if lost:
        yield to_mend("keys in use", f"{lost:,} are under an epoch that the keyring lacks", "Restore the keyring.")
    old = sum(count for epoch, count in used.items() if epoch in keys.epochs and epoch != keys.current_epoch)
    if old:
        yield to_watch("keys in use", f"{old:,} are under an earlier epoch", "Run: manage.py rewrap_keys")
    if not (lost or old):
        yield fine("keys in use", f"all {used.total():,} under the current epoch")
