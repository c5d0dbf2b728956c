"""Change history with actor and reason on every row (django-simple-history).

simple-history writes rows on ``save()`` only and takes the user from a request thread-local. Here ``save_tracked``
takes the actor and the reason explicitly; a save without them raises UnstampedChange, and so do bulk writes.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from django.db import models
from django.dispatch import receiver
from simple_history.models import HistoricalRecords
from simple_history.signals import pre_create_historical_record

from paktaleem.foundation.audit.actors import By, ByKind, Reason
from paktaleem.foundation.tenancy.rows import new_id


class UnstampedChange(RuntimeError):
    """A tracked row was changed without an actor and a reason, or by a bulk write, which keeps no history."""


class ActorStamp(models.Model):
    """Actor of a change, in addition to simple-history's own columns."""

    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind])
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)

    class Meta:
        abstract = True


class History(HistoricalRecords):  # type: ignore[misc]  # simple-history has no types
    """HistoricalRecords with an actor stamp, UUIDv7 keys and no foreign key to a user."""

    def __init__(self, *, excluded_fields: Iterable[str] = (), stamped_only: bool = False) -> None:
        """Exclude some fields; with ``stamped_only``, ignore saves by Django itself (the time of a sign-in)."""
        self.stamped_only = stamped_only
        super().__init__(
            bases=[ActorStamp],
            excluded_fields=list(excluded_fields),
            history_id_field=models.UUIDField(default=new_id, editable=False),
            history_user_id_field=models.UUIDField(null=True, editable=False),
            history_user_getter=lambda historical: historical.actor_id,
            history_user_setter=lambda _historical, _user: None,
            get_user=lambda **_: None,
        )

    def post_save(self, instance: object, created: bool, using: str | None = None, **kwargs: Any) -> None:  # noqa: FBT001 -- simple-history's signature
        if not self.stamped_only or hasattr(instance, "_history_stamp"):
            super().post_save(instance, created, using, **kwargs)


class TrackedQuerySet[M: models.Model](models.QuerySet[M]):
    """A queryset that rejects bulk writes, because they would leave no history, and deletion."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise UnstampedChange(f"{self.model.__name__} is tracked: save or end each row through its service.")

    update = bulk_create = bulk_update = delete = _refuse


class Tracked(models.Model):
    """Abstract base of models with a full change history."""

    objects = TrackedQuerySet.as_manager()

    class Meta:
        abstract = True


def save_tracked[M: models.Model](
    row: M, *, actor: By, reason: Reason | str, at: datetime, only: Iterable[str] | None = None
) -> M:
    """Save a tracked row (or ``only`` some fields) and its history row. Raises ValueError for an unknown ``reason``."""
    row._history_stamp = actor  # type: ignore[attr-defined]
    row._change_reason = Reason(reason).value  # type: ignore[attr-defined]
    row._history_date = at  # type: ignore[attr-defined]
    try:
        row.save(update_fields=only)
    finally:
        del row._history_stamp  # type: ignore[attr-defined]
    return row


@receiver(pre_create_historical_record, dispatch_uid="ledger.stamp")
def stamp_history_row(instance: models.Model, history_instance: Any, **_: object) -> None:
    """Copy the actor onto the history row. Raises UnstampedChange if the row was saved without one."""
    stamp: By | None = getattr(instance, "_history_stamp", None)
    if stamp is None:
        raise UnstampedChange(f"{type(instance).__name__} changed without an actor: use its service.")
    history_instance.actor_kind = stamp.kind.value
    history_instance.actor_id = stamp.id
    history_instance.actor_role = stamp.role


def actor_columns(actor: By) -> tuple[str, UUID, str]:
    """Return the stamp for set-based SQL, in the order actor_kind, actor_id, actor_role."""
    return actor.kind.value, actor.id, actor.role
