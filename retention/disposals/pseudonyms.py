"""Pseudonyms of anonymised people: an HMAC of their LMS id under a key of the batch, destroyed with its certificate.

The key never leaves the portal: a system gets the pseudonym of each person with the accepted order. All systems get the
same one, so that records stay connected; once the key is destroyed, no one can compute it from an LMS id again.
"""

import hmac
import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.sealed_names import name_of
from paktaleem.foundation.encryption.keyring import KEY_BYTES, keyring
from paktaleem.foundation.encryption.sealing import Sealed
from paktaleem.foundation.encryption.wrapped_secrets import WrappedKind
from retention.disposals.models import Batch
from retention.schedule.models import AnonymisationMethod

SMALLEST_GROUP = 10
"""People that a group of generalised data has at least (k-anonymity)."""
_EPOCH_BYTES = 4
_CASE = "disposal"


def make_key(batch: Batch) -> Sealed:
    """Return a new key of pseudonyms, wrapped by the portal's keyring for this batch."""
    return _wrap(secrets.token_bytes(KEY_BYTES), batch.client_id, batch.pk)


def list_parameters(order: Order) -> Mapping[str, Any]:
    """Return what a system needs to anonymise: a pseudonym, or the size of the smallest group.

    Connected to ``order_parameters``.
    """
    if order.parent_kind != _CASE or order.parent_id is None or not order.is_open:
        return {}
    if order.method == AnonymisationMethod.GENERALISE:
        return {"smallest_group": SMALLEST_GROUP}
    if order.method != AnonymisationMethod.KEYED_PSEUDONYM:
        return {}
    batch = Batch.objects.get(client_id=order.client_id, pk=order.parent_id)
    name = name_of(order)
    if batch.pseudonym_key is None or name is None:
        return {}
    return {"pseudonym": hmac.digest(_unwrap(batch), name.encode(), "sha256").hex()}


def _wrap(key: bytes, client_id: UUID, batch_id: UUID) -> Sealed:
    epoch, wrapped = keyring().wrap(key, binding=_binding(client_id, batch_id))
    return Sealed(epoch.to_bytes(_EPOCH_BYTES) + wrapped)


def _unwrap(batch: Batch) -> bytes:
    blob = batch.pseudonym_key.ciphertext if batch.pseudonym_key else b""
    binding = _binding(batch.client_id, batch.pk)
    return keyring().unwrap(blob[_EPOCH_BYTES:], epoch=_epoch_of(batch), binding=binding)


def _binding(client_id: UUID, batch_id: UUID) -> bytes:
    return b"disposal/" + client_id.bytes + batch_id.bytes


def _epoch_of(batch: Batch) -> int:
    return int.from_bytes(batch.pseudonym_key.ciphertext[:_EPOCH_BYTES]) if batch.pseudonym_key else 0


def _with_key(client_id: UUID) -> QuerySet[Batch]:
    found: QuerySet[Batch] = Batch.objects.filter(client_id=client_id, pseudonym_key__isnull=False)
    return found


def _count(client_id: UUID) -> Counter[int]:
    return Counter(_epoch_of(batch) for batch in _with_key(client_id))


def _rewrap(client_id: UUID) -> frozenset[int]:
    moved = set()
    for batch in _with_key(client_id).select_for_update(of=("self",)):
        epoch = _epoch_of(batch)
        if epoch != keyring().current_epoch:
            moved.add(epoch)
            batch.pseudonym_key = _wrap(_unwrap(batch), client_id, batch.pk)
            batch.save(update_fields=["pseudonym_key"])
    return frozenset(moved)


BATCH_KEYS = WrappedKind("disposals.batch", _count, _rewrap)
