"""The checks of the keys in use, at the start and by the doctor."""

from collections.abc import Iterator

from paktaleem.directory.people.key_epochs.services import keys_by_epoch
from paktaleem.directory.people.models import SubjectKey
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealer
from paktaleem.foundation.operations.diagnosis.lines import Line, fine, to_mend, to_watch
from paktaleem.foundation.operations.startup.diagnosis import lines_of
from paktaleem.foundation.operations.startup.findings import Finding
from paktaleem.foundation.tenancy.context import in_client


def foreign_keyring_findings() -> Iterator[Finding]:
    """Yield that the keyring is another deployment's: it does not open the key of a person of this database."""
    key = _find_key()
    if key is None:
        return
    try:
        Sealer.unwrapped(key.client_id, key.subject_id, wrapped=bytes(key.wrapped), epoch=key.epoch)
    except CannotOpen:
        yield Finding(
            "startup.E021",
            "The keyring does not open the keys of this database: it is another deployment's, or an old copy.",
            "Restore the keyring of this database (PAKTALEEM_KEYS_FILE). Nothing was changed.",
        )


def _find_key() -> SubjectKey | None:
    for client_id in list_client_ids():
        with in_client(client_id):
            keys = SubjectKey.objects.filter(client_id=client_id).order_by("-id")
            if key := keys.filter(epoch__in=keyring().epochs).first() or keys.first():
                return key
    return None


def check_keys_in_use() -> Iterator[Line]:
    """Yield whether the keyring has every epoch in use, and how many keys are under an old one."""
    if findings := list(foreign_keyring_findings()):
        yield from lines_of("keys in use", findings, seen="")
        return
    used, keys = keys_by_epoch(), keyring()
    lost = sum(count for epoch, count in used.items() if epoch not in keys.epochs)
    if lost:
        yield to_mend("keys in use", f"{lost:,} are under an epoch that the keyring lacks", "Restore the keyring.")
    old = sum(count for epoch, count in used.items() if epoch in keys.epochs and epoch != keys.current_epoch)
    if old:
        yield to_watch("keys in use", f"{old:,} are under an earlier epoch", "Run: manage.py rewrap_keys")
    if not (lost or old):
        yield fine("keys in use", f"all {used.total():,} under the current epoch")
