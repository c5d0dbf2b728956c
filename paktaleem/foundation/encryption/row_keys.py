"""Rows with an encryption key of their own, in ``epoch`` and ``wrapped``, for data that is not one known person's.

Such a key is wrapped under the keyring like people's keys, so it is counted before an epoch is destroyed and rewrapped
with the others; ``tests/project`` finds undeclared tables with such columns.
"""

from collections import Counter
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Count, Model

from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.encryption.sealing import rewrap_key
from paktaleem.foundation.encryption.wrapped_secrets import WrappedKind


def row_keys(model: type[Model]) -> WrappedKind:
    """Describe the keys of a client's table whose rows have one each, bound to the row's id; None once destroyed."""
    return WrappedKind(model._meta.label_lower, partial(_count, model), partial(_rewrap, model))


def _rows_with_key(model: type[Model], client_id: UUID) -> Any:
    return model._default_manager.filter(client_id=client_id, wrapped__isnull=False)


def _count(model: type[Model], client_id: UUID) -> Counter[int]:
    found = _rows_with_key(model, client_id).order_by().values_list("epoch").annotate(count=Count("pk"))
    return Counter(dict(found))


def _rewrap(model: type[Model], client_id: UUID) -> frozenset[int]:
    moved = set()
    rows = _rows_with_key(model, client_id).exclude(epoch=keyring().current_epoch).only("pk", "epoch", "wrapped")
    for row in rows.order_by("pk").select_for_update(of=("self",)):
        moved.add(row.epoch)
        row.epoch, row.wrapped = rewrap_key(client_id, row.pk, wrapped=bytes(row.wrapped), epoch=row.epoch)
        row.save(update_fields=["epoch", "wrapped"])
    return frozenset(moved)
