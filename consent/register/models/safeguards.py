"""Changes of the register that weaken a safeguard; without effect until a second person approves them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy

_NONE = Personal.NONE


class SafeguardKind(models.TextChoices):
    """The ways in which a change weakens a safeguard."""

    BASIS = "basis", _("A lawful basis other than consent")
    CAPACITY = "capacity", _("PakTaleem decides instead of the client")
    ACCOUNT = "account", _("Also for people whose account is closed")
    WORDS = "words", _("Other words for a purpose in use")
    RESTRICTION = "restriction", _("A restriction of processing is lifted")
    RETENTION = "retention", _("Data is disposed of earlier, or without a review")
    COOKIE = "cookie", _("Visitors are not asked about a cookie")
    RECIPIENT = "recipient", _("Data goes to another recipient")
    QUARANTINE = "quarantine", _("Data of a child leaves quarantine")
    COLLECTION = "collection", _("A denied collection counts as lawful")


class SafeguardChange(RequestedChange):
    """One requested change of a row that weakens a safeguard; no effect until a second person approves it.

    ``row`` is the id of the row, also of one that is only added on approval; ``table`` names its model, ``values`` are
    its columns, ``purpose`` is the code of its purpose (empty: all). ``ground`` says in words why the change is lawful.
    ``xact`` is the transaction that applied it: the database accepts a weaker row only in the transaction that approved
    it.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal={"purpose": _NONE, "table": _NONE, "values": _NONE, "ground": _NONE, "requested_kind": _NONE},
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=16, choices=SafeguardKind)
    purpose = models.CharField(max_length=63, blank=True)
    table = models.CharField(max_length=64)
    row = models.UUIDField()
    values = models.JSONField()
    ground = models.TextField(max_length=2000)
    xact = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "change to a safeguard"
        verbose_name_plural = "changes to safeguards"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "row"], condition=Q(state=ChangeState.WAITING), name="safeguardchange_one_waiting"
            ),
            models.CheckConstraint(condition=~Q(ground=""), name="safeguardchange_has_a_ground"),
            *second_person_constraints("safeguardchange"),
        ]
        indexes = [
            *newest_first("requested_at", "safeguardchange_by_time"),
            *newest_first("requested_at", "safeguardchange_by_state", by="state"),
        ]

    def __str__(self) -> str:
        """Return the kind and the state."""
        return f"{self.get_kind_display()}: {self.get_state_display()}"
