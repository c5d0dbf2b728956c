"""The timeline of a rights request: steps, pauses, the extension, notes, and scheduled steps of the portal."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import APPEND, EDIT, Personal, Scope, TablePolicy
from rights.clock.deadlines import StepKind
from rights.requests.models.requests import BY, RightsRequest


class PauseCause(models.TextChoices):
    """Why a request waits for the person."""

    IDENTITY = "identity", _("Their identity is not verified yet")
    CLARIFICATION = "clarification", _("They were asked what they mean")


class OfRequest(models.Model):
    """Columns of every row about a request: client, request, actor."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    request = models.ForeignKey(RightsRequest, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    actor_kind = models.CharField(max_length=16, choices=BY)
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)

    class Meta:
        abstract = True


class RequestStep(OfRequest):
    """One step in the timeline of a request. ``entry_id`` is its ledger entry; ``facts`` are codes and times."""

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        personal={"kind": Personal.NONE, "state": Personal.NONE, "facts": Personal.NONE, "actor_role": Personal.NONE},
    )

    kind = models.CharField(max_length=32)
    state = models.CharField(max_length=20, help_text="State of the request after this step.")
    facts = models.JSONField(default=dict)
    entry_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["client", "request", "at", "id"], name="rightsstep_of_request")]

    def __str__(self) -> str:
        """Return the kind."""
        return self.kind


class RequestPause(OfRequest):
    """One pause of a request; open while ``ends_at`` is None. It moves the expected date, never the due date."""

    wall = TablePolicy(Scope.TENANT, EDIT, personal={"actor_role": Personal.NONE})

    cause = models.CharField(max_length=16, choices=PauseCause)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="rightspause_ends_later"
            ),
            models.UniqueConstraint(
                fields=["client", "request"], condition=Q(ends_at=None), name="rightspause_one_open"
            ),
        ]
        indexes = [models.Index(fields=["client", "request"], name="rightspause_of_request")]

    def __str__(self) -> str:
        """Return the cause."""
        return str(self.get_cause_display())


class RequestExtension(OfRequest):
    """The one extension of a request, with its reason in words, sent to the person before the due date."""

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        disposed_as="request_texts",
        personal={"reason": Personal.SEALED, "actor_role": Personal.NONE},
    )

    days = models.PositiveSmallIntegerField()
    reason = SealedField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "request"], name="rightsextension_once")]

    def __str__(self) -> str:
        """Return the days."""
        return f"{self.days} days"


class RequestNote(OfRequest):
    """One note of staff about a request, sealed under the request's key."""

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        disposed_as="request_texts",
        personal={"text": Personal.SEALED, "actor_role": Personal.NONE},
    )

    text = SealedField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["client", "request", "at", "id"], name="rightsnote_of_request")]

    def __str__(self) -> str:
        """Return a label without its text."""
        return "note"


class ScheduledStep(models.Model):
    """One reminder, escalation or alarm that the portal carried out; at most one of a kind on a day."""

    wall = TablePolicy(Scope.TENANT, APPEND)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    request = models.ForeignKey(RightsRequest, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in StepKind])
    on = models.DateField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField()

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "request", "kind", "on"], name="rightsscheduled_once"),
            models.CheckConstraint(condition=Q(done_at__gte=F("due_at")), name="rightsscheduled_when_due"),
        ]

    def __str__(self) -> str:
        """Return the kind and the day."""
        return f"{self.kind} {self.on}"
