"""Changes of clients that reduce guardian protection and need approval by a second person."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_noop

from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.errors import EFFECT_SHOWN
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy

_REDUCES = gettext_noop("This reduces guardian protection: give the ground in words. A second person must approve it.")
_AGES = ("age_threshold", "country_thresholds", "country")


class ReducesProtection(ValidationError):
    """The change of a client reduces guardian protection: it takes a ground in words, and a second person."""

    def __init__(self) -> None:
        """Name the field for the ground."""
        super().__init__({"ground": [ValidationError(_REDUCES, code=EFFECT_SHOWN)]})


class ClientChange(RequestedChange):
    """A requested change of a client that would reduce guardian protection; no effect until it is approved.

    ``changes`` are the client's columns with their new values, ``ground`` says in words why it is lawful. The ledger
    records who requested and who decided it.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal={"changes": Personal.NONE, "ground": Personal.NONE, "requested_kind": Personal.NONE},
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey("accounts.Client", models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    changes = models.JSONField()
    ground = models.TextField(max_length=2000)

    class Meta:
        verbose_name = "change of a client"
        verbose_name_plural = "changes of clients"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(state=ChangeState.WAITING), name="clientchange_one_waiting"
            ),
            models.CheckConstraint(condition=~Q(ground=""), name="clientchange_has_a_ground"),
            *second_person_constraints("clientchange"),
        ]
        indexes = [
            *newest_first("requested_at", "clientchange_by_time"),
            *newest_first("requested_at", "clientchange_by_state", by="state"),
        ]

    def __str__(self) -> str:
        """Return the client and the state."""
        return f"{self.client}: {self.get_state_display()}"


def find_weakened_fields(before: Any, after: Any) -> dict[str, Any]:
    """Return the changed columns, with new values, that let people decide for themselves at a lower age."""
    found: dict[str, Any] = {}
    if before.serves_minors and not after.serves_minors:
        found["serves_minors"] = False
    if after.thresholds.is_weaker_than(before.thresholds):
        found |= {name: getattr(after, name) for name in _AGES if getattr(after, name) != getattr(before, name)}
    return found
