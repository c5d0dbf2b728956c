"""Wrapping keys by epoch: add an epoch, rewrap every person's key under it, destroy the old one.

Keys are rewrapped in memory; sealed values do not change. An old epoch can thus be destroyed while the portal runs, and
with it the content of old database backups.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count

from paktaleem.directory.people.models import SubjectKey
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.keyring import (
    EpochInUse,
    EpochUnknown,
    change_keyring_file,
    keyring,
    with_new_epoch,
    without_epoch,
)
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealer, rewrap_key
from paktaleem.foundation.encryption.wrapped_secrets import list_wrapped_kinds
from paktaleem.foundation.operations.diagnosis import Line, fine, to_mend, to_watch
from paktaleem.foundation.operations.startup.diagnosis import lines_of
from paktaleem.foundation.operations.startup.findings import Finding
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

EMPTIED, ADDED, DESTROYED = "key_epoch.emptied", "key_epoch.added", "key_epoch.destroyed"


class EpochNeeded(Exception):
    """People's keys, or backups that are kept, are still wrapped under this epoch: it cannot be destroyed."""


@dataclass(frozen=True, slots=True)
class RewrapResult:
    """The result of one batch: keys rewrapped, their old epochs, keys that cannot be opened, the last id."""

    changed: int
    epochs: frozenset[int]
    unopened: tuple[UUID, ...]
    last: UUID | None


def add_epoch(*, becomes_current: bool = True, actor: Actor, at: datetime) -> int:
    """Add a wrapping key to the keyring file in PakTaleem's context; return the current. Raises KeyringNotAFile."""
    with transaction.atomic():
        changed = change_keyring_file(lambda text: with_new_epoch(text, becomes_current=becomes_current))
        facts = {"current": changed.current_epoch, "epochs": sorted(changed.epochs)}
        record_entry(ADDED, client_id=PAKTALEEM, facts=facts, actor=actor, at=at)
    return changed.current_epoch


@transaction.atomic
def rewrap_keys(client_id: UUID, *, after: UUID | None = None, limit: int = 1_000) -> RewrapResult:
    """Wrap up to ``limit`` keys of a client's people under the current epoch, in the order of ids after ``after``.

    Follows policy §5. A key deleted or changed since it was read is left alone.
    """
    found = SubjectKey.objects.filter(client_id=client_id).exclude(epoch=keyring().current_epoch)
    batch = list((found if after is None else found.filter(id__gt=after)).order_by("id")[:limit])
    fresh, unopened = [], []
    for key in batch:
        try:
            epoch, wrapped = rewrap_key(client_id, key.subject_id, wrapped=bytes(key.wrapped), epoch=key.epoch)
        except CannotOpen:
            unopened.append(key.subject_id)
        else:
            fresh.append((key.id, key.epoch, bytes(key.wrapped), epoch, wrapped))
    changed = _replace(client_id, fresh) if fresh else 0
    epochs = frozenset(key.epoch for key in batch)
    return RewrapResult(changed, epochs, tuple(unopened), batch[-1].id if batch else None)


_REPLACE = """
UPDATE people_subjectkey k SET epoch = n.epoch, wrapped = n.wrapped
FROM unnest(%s::uuid[], %s::int[], %s::bytea[], %s::int[], %s::bytea[])
    AS n (id, old_epoch, old_wrapped, epoch, wrapped)
WHERE k.client_id = %s AND k.id = n.id AND k.epoch = n.old_epoch AND k.wrapped = n.old_wrapped
"""


def _replace(client_id: UUID, fresh: Sequence[tuple[object, ...]]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_REPLACE, [*(list(column) for column in zip(*fresh, strict=True)), client_id])
        return int(cursor.rowcount)


@transaction.atomic
def rewrap_other_kinds(client_id: UUID) -> frozenset[int]:
    """Rewrap what other apps wrap under the keyring, in the client's context; return the old epochs."""
    return frozenset().union(*(kind.rewrap(client_id) for kind in list_wrapped_kinds()))


def keys_by_epoch() -> Counter[int]:
    """Count each epoch's wrapped keys of all clients, people's and others. Call outside any tenant context."""
    counted: Counter[int] = Counter()
    for client_id in list_client_ids():
        with in_client(client_id):
            keys = SubjectKey.objects.filter(client_id=client_id)
            counted.update(dict(keys.values_list("epoch").annotate(count=Count("id"))))
            for kind in list_wrapped_kinds():
                counted.update(kind.counted(client_id))
    return counted


def record_emptied_epochs(*, moved: frozenset[int] = frozenset(), actor: Actor, at: datetime) -> list[int]:
    """Record which old epochs no key uses any more: the retention of their backups counts from now; return them.

    Epochs ``moved`` from just now are recorded again. Call outside any tenant context.
    """
    known, used = keyring(), keys_by_epoch()
    with in_client(PAKTALEEM):
        emptied = [
            epoch
            for epoch in sorted(known.epochs)
            if epoch < known.current_epoch and not used[epoch] and (epoch in moved or _emptied_at(epoch) is None)
        ]
        for epoch in emptied:
            record_entry(EMPTIED, client_id=PAKTALEEM, facts={"epoch": epoch}, actor=actor, at=at)
    return emptied


def _emptied_at(epoch: int) -> datetime | None:
    entries = Entry.objects.filter(client_id=PAKTALEEM, kind=EMPTIED).order_by("-recorded_at")
    return next((entry.recorded_at for entry in entries if json.loads(entry.body)["facts"]["epoch"] == epoch), None)


def destroy_epoch(epoch: int, *, actor: Actor, at: datetime) -> None:
    """Remove a wrapping key from the keyring file permanently, and record it. Call outside any tenant context.

    Backups taken while keys were wrapped under it become unreadable, so it is kept for BACKUP_LIFE after the last was
    rewrapped. Raises EpochUnknown, EpochInUse, EpochNeeded, KeyringNotAFile.
    """
    if epoch not in keyring().epochs:
        raise EpochUnknown(f"The keyring has no epoch {epoch}.")
    if epoch >= keyring().current_epoch:
        raise EpochInUse(f"Epoch {epoch} is the current one, or prepared to become it. Run new_key_epoch first.")
    count = keys_by_epoch()[epoch]
    if count:
        words = f"{count:,} people's keys are wrapped under epoch {epoch}: they would be erased. Run rewrap_keys."
        raise EpochNeeded(words)
    with in_client(PAKTALEEM):
        emptied_at, life = _emptied_at(epoch), settings.BACKUP_LIFE
        if emptied_at is None:
            words = f"It is not recorded since when no key uses epoch {epoch}. Run rewrap_keys, which records it."
            raise EpochNeeded(words)
        if at < (ends_at := emptied_at + life):
            raise EpochNeeded(
                f"Backups are kept {life.days} days and may hold keys under epoch {epoch} until "
                f"{ends_at:%Y-%m-%d %H:%M} UTC; destroyed earlier, they could not be restored."
            )
        record_entry(DESTROYED, client_id=PAKTALEEM, facts={"epoch": epoch}, actor=actor, at=at)
        change_keyring_file(lambda text: without_epoch(text, epoch))


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
