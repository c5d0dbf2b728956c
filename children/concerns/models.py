"""Model of concerns about children's data and of guardians' requests."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first, oldest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy

__all__ = ["FAMILIES", "PARENT", "Concern", "ConcernKind", "ConcernOutcome"]

PARENT = "concern"
"""The kind of parent that orders to systems have if they serve a case."""


class ConcernKind(models.TextChoices):
    """The kind of case: a concern, or a guardian's request."""

    CONCERN = "concern", _("Concern about a child's data")
    COPY = "copy", _("A guardian requests a copy")
    DELETION = "deletion", _("A guardian requests deletion")


_RIGHTS = {ConcernKind.COPY: "access", ConcernKind.DELETION: "erasure"}
"""The data subject right that each kind of request exercises."""

_CONCERN, _RIGHTS_REQUEST = "concern", "rights_request"
FAMILIES = (_CONCERN, _RIGHTS_REQUEST)
"""The families of ledger kinds about cases."""


class ConcernOutcome(models.TextChoices):
    """The outcome of a case."""

    ACTED = "acted", _("Acted upon")
    ANSWERED = "answered", _("Answered, nothing to change")
    UNFOUNDED = "unfounded", _("Unfounded")
    PASSED_ON = "passed_on", _("Passed on to the school")
    DECLINED = "declined", _("Declined, with the reason stated")


class ConcernQuerySet(models.QuerySet["Concern"]):
    """Query set of concerns and guardians' requests."""

    def open(self) -> Self:
        """Return the cases that are not answered yet."""
        return self.filter(closed_at=None)

    def overdue(self, at: datetime) -> Self:
        """Return the open cases whose deadline has passed at ``at``."""
        return self.open().filter(due_at__lte=at)


class Concern(models.Model):
    """A concern or a guardian's request. Its text and the reporter's contact are encrypted under a key of its own.

    ``child`` and ``guardian`` are set only for guardians' requests; a concern from the public form is not matched with
    any person. ``number`` is the random case number given to the reporter. The key is destroyed some time after the
    case is closed. ``ordered_at`` is when orders were sent to systems: for a copy at once, for a deletion once the
    client, as the controller, has confirmed it.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal={
            "number": Personal.PSEUDONYM,
            "text": Personal.SEALED,
            "contact": Personal.SEALED,
            "wrapped": Personal.SECRET,
            "language": Personal.NONE,
        },
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=16, choices=ConcernKind)
    number = models.CharField(max_length=16)
    child = models.ForeignKey(Subject, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False)
    guardian = models.ForeignKey(
        Subject, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    text = SealedField()
    contact = SealedField()
    epoch = models.PositiveIntegerField(null=True)
    wrapped = models.BinaryField(null=True)
    language = models.CharField(max_length=8)
    received_at = models.DateTimeField("received")
    due_at = models.DateTimeField("to be answered by")
    ordered_at = models.DateTimeField("sent to systems", null=True)
    ordered_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind], blank=True)
    ordered_by = models.UUIDField(null=True)
    closed_at = models.DateTimeField("answered", null=True)
    outcome = models.CharField(max_length=16, choices=ConcernOutcome, blank=True)
    closed_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind], blank=True)
    closed_by = models.UUIDField(null=True)

    objects: ClassVar[Any] = ConcernQuerySet.as_manager()

    class Meta:
        verbose_name = "concern about a child's data"
        verbose_name_plural = "concerns about children's data"
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "number"], name="concern_number_once"),
            models.CheckConstraint(condition=Q(due_at__gt=F("received_at")), name="concern_has_a_clock"),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="", closed_by=None)
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")),
                name="concern_closed_with_outcome",
            ),
            models.CheckConstraint(
                condition=Q(kind=ConcernKind.CONCERN) | Q(child__isnull=False, guardian__isnull=False),
                name="concern_requests_are_guardians",
            ),
            models.CheckConstraint(
                condition=Q(ordered_at=None, ordered_by=None, ordered_kind="")
                | (Q(ordered_at__isnull=False, ordered_by__isnull=False) & ~Q(kind=ConcernKind.CONCERN)),
                name="concern_ordered_by_someone",
            ),
            models.UniqueConstraint(
                fields=["client", "child", "guardian", "kind"],
                condition=Q(closed_at=None) & ~Q(kind=ConcernKind.CONCERN),
                name="concern_one_open_request",
            ),
        ]
        indexes = [
            *newest_first("received_at", "concern_by_time"),
            *newest_first("received_at", "concern_by_kind", by="kind"),
            *newest_first("received_at", "concern_open", condition=Q(closed_at=None)),
            *oldest_first("due_at", "concern_open_by_due", condition=Q(closed_at=None)),
            models.Index(fields=["client", "child", "id"], name="concern_of_child"),
        ]

    def __str__(self) -> str:
        """Return the case number."""
        return self.number

    @property
    def family(self) -> str:
        """The family of its ledger kinds: a request for a copy or deletion exercises a data subject right."""
        return _RIGHTS_REQUEST if self.kind in _RIGHTS else _CONCERN

    @property
    def told_kind(self) -> str:
        """The kind recorded in the ledger: the standard term of the right, or a concern."""
        return _RIGHTS.get(ConcernKind(self.kind), self.kind)

    @property
    def is_open(self) -> bool:
        """Return True if the case is not answered yet."""
        return self.closed_at is None
