"""Runs of long acts in the background: how many of how many are done."""

from django.db import models
from django.db.models import Q

from paktaleem.foundation.tenancy.models import TenantRow, newest_first, own_schools
from paktaleem.foundation.tenancy.tables import EDIT, Limited, Scope, TablePolicy, classify
from paktaleem.foundation.text.times import format_time


class Run(TenantRow):
    """One run of a long act of a client that has no row of its own; it names no person.

    ``kind`` is the name of its task. ``total`` is counted when it is queued; ``done`` rises with each committed step
    and may end lower, if some are no longer to be done. ``started_by`` is a user's id, None for the portal itself.
    """

    wall = TablePolicy(EDIT, limited=Limited.BY_SCHOOLS, personal=classify(none="kind school_ids"))

    kind = models.CharField(max_length=63)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0, db_default=0)
    started_by = models.UUIDField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    school_ids = own_schools(made_by="began it")

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("started_at")), name="run_ends_after_start"
            )
        ]
        indexes = [
            *newest_first("started_at", "run_by_time"),
            models.Index(fields=["kind", "started_at"], condition=Q(ended_at=None), name="run_open"),
        ]

    def __str__(self) -> str:
        return format_time(self.started_at)


class StepProgress(models.Model):
    """How far a step is that is one transaction: others see it while the step runs, since it commits by itself.

    ``key`` is the id of the row that the step is about. The row is deleted in the transaction of the step.
    """

    wall = TablePolicy(
        EDIT | {"DELETE"},
        Scope.GLOBAL,
        reason="written outside a client’s transaction, which no one else sees before its end; an id and counts",
    )

    key = models.UUIDField(primary_key=True, editable=False)
    done = models.PositiveIntegerField()
    total = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "step progress"

    def __str__(self) -> str:
        return f"{self.done} / {self.total}"
