"""A case of a supervisory authority about a request: its correspondence, the authority's deadlines, its outcome."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.files.models import SealedFile
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.indexes import newest_first, oldest_first
from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Personal, Scope, TablePolicy
from rights.requests.models import RightsRequest


class Origin(models.TextChoices):
    """Beginning of an authority's case."""

    PERSON = "person", _("A person complained to the authority")
    AUTHORITY = "authority", _("The authority wrote on its own")
    US = "us", _("We turned to the authority")


class CaseOutcome(models.TextChoices):
    """How the authority's case ended."""

    UPHELD = "upheld", _("Upheld")
    PARTLY = "partly", _("Partly upheld")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    SETTLED = "settled", _("Settled")


class Direction(models.TextChoices):
    """Direction of a message."""

    IN = "in", _("Received from the authority")
    OUT = "out", _("Sent to the authority")


class Acted(TenantRow, ActorStamp):
    """Columns of every row of a case: id, client, actor."""

    class Meta:
        abstract = True


class AuthorityCase(Acted):
    """One case of a supervisory authority about a request.

    ``country`` is the authority's (ISO 3166), empty for one named in words. The reference number and the measures that
    follow from the outcome are sealed under the request's key.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        disposed_as="request_texts",
        personal={
            **dict.fromkeys(("country", "authority", "origin", "outcome", "actor_role"), Personal.NONE),
            **dict.fromkeys(("reference", "measures"), Personal.SEALED),
        },
    )

    request = models.ForeignKey(RightsRequest, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    country = models.CharField(max_length=2, blank=True, default="")
    authority = models.CharField(max_length=200)
    origin = models.CharField("began by", max_length=16, choices=Origin)
    reference = SealedField()
    opened_on = models.DateField("opened on")
    outcome = models.CharField(max_length=16, choices=CaseOutcome, blank=True, default="")
    measures = SealedField()
    ended_on = models.DateField("ended on", null=True)
    recorded_at = models.DateTimeField("recorded")

    class Meta:
        verbose_name = "authority case"
        verbose_name_plural = "authority cases"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", ended_on=None) | (~Q(outcome="") & Q(ended_on__isnull=False)),
                name="authoritycase_ends_with_outcome",
            )
        ]
        indexes = [
            models.Index(fields=["client", "request"], name="authoritycase_of_request"),
            *newest_first("recorded_at", "authoritycase_by_time"),
            *newest_first("recorded_at", "authoritycase_by_outcome", by="outcome"),
        ]

    def __str__(self) -> str:
        return self.authority

    @property
    def is_open(self) -> bool:
        """True if the case has no outcome yet."""
        return not self.outcome


class CaseEntry(Acted):
    """One message of the correspondence with an authority, with its day, text and file; never changed."""

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        disposed_as="request_texts",
        personal={"text": Personal.SEALED, **dict.fromkeys(("direction", "actor_role"), Personal.NONE)},
    )

    case = models.ForeignKey(AuthorityCase, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    direction = models.CharField(max_length=8, choices=Direction)
    on = models.DateField()
    text = SealedField()
    file = models.ForeignKey(
        SealedFile, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["on", "id"]
        indexes = [models.Index(fields=["client", "case", "on", "id"], name="caseentry_of_case")]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.on}"


class CaseDeadline(Acted):
    """One day by which the authority expects something; ``what`` is sealed under the request's key."""

    wall = TablePolicy(Scope.TENANT, EDIT, disposed_as="request_texts", personal={"what": Personal.SEALED})

    case = models.ForeignKey(AuthorityCase, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    due_on = models.DateField()
    what = SealedField()
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.UUIDField(null=True)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                name="casedeadline_done_by_someone",
            )
        ]
        indexes = [
            models.Index(fields=["client", "case", "due_on"], name="casedeadline_of_case"),
            *oldest_first("due_on", "casedeadline_open", condition=Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return str(self.due_on)


class DeadlineReminder(TenantRow):
    """One reminder of an authority's deadline; at most one for each calendar day it was due."""

    wall = TablePolicy(Scope.TENANT, APPEND)

    deadline = models.ForeignKey(CaseDeadline, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    on = models.DateField()
    done_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "deadline", "on"], name="deadlinereminder_once")]

    def __str__(self) -> str:
        return str(self.on)
