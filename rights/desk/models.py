"""Models of the desk."""

from datetime import date
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.indexes import oldest_first
from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Personal, Scope, TablePolicy
from rights.requests.letters import OCCASIONS
from rights.requests.models import RightsRequest


class TaskKind(models.TextChoices):
    """Kind of a task."""

    CALL = "call", _("Call the person at the number on file")
    INFORM = "inform", _("Inform the person of the request")
    READ = "read", _("Read a new email about the request")
    ASK_CLIENT = "ask_client", _("Ask the client")
    CHECK_SYSTEM = "check_system", _("Check a system")
    WRITE = "write", _("Write a letter")
    OTHER = "other", _("Something else")


class RequestTaskQuerySet(models.QuerySet["RequestTask"]):
    """Filters of tasks."""

    def open(self) -> Self:
        """Tasks that are not done."""
        return self.filter(done_at=None)

    def of(self, user_id: UUID | None) -> Self:
        """Tasks of one member of staff, or of no one."""
        return self.filter(assignee_id=user_id)

    def due_until(self, day: date) -> Self:
        """Tasks due on a day or before."""
        return self.filter(due_on__lte=day)


class RequestTask(TenantRow, ActorStamp):
    """One thing that a member of staff does about a request, until a day. Its detail is sealed like a note."""

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        disposed_as="request_texts",
        personal={"detail": Personal.SEALED},
    )

    request = models.ForeignKey(RightsRequest, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField("task", max_length=16, choices=TaskKind)
    detail = SealedField()
    assignee = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, db_index=False)
    due_on = models.DateField("due")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField("done", null=True)
    done_by = models.UUIDField(null=True)

    objects: ClassVar[Any] = RequestTaskQuerySet.as_manager()

    class Meta:
        verbose_name = "task"
        verbose_name_plural = "tasks about rights requests"
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                name="rightstask_done_by_someone",
            )
        ]
        indexes = [
            models.Index(fields=["client", "request", "id"], name="rightstask_of_request"),
            models.Index(
                fields=["request"],  # not led by the client: the planner takes a client's calls for few, and reads all
                include=("client",),
                condition=Q(kind="call", done_at=None),
                name="rightstask_calls",
            ),
            models.Index(fields=["assignee", "due_on", "id"], condition=Q(done_at=None), name="rightstask_of_user"),
            *oldest_first("due_on", "rightstask_open", condition=Q(done_at=None)),
            *oldest_first("due_on", "rightstask_unassigned", condition=Q(done_at=None, assignee=None)),
            *oldest_first("due_on", "rightstask_all_by_due"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())

    @property
    def is_done(self) -> bool:
        return self.done_at is not None


class Way(models.TextChoices):
    """How a letter reaches the person."""

    MAIL = "mail", _("Email to the contact on file")
    BY_HAND = "by_hand", _("Printed and handed over")


class RequestLetter(TenantRow, ActorStamp):
    """One letter about a request, in the words that were sent or handed over, sealed under the key of the request.

    ``message_id`` is the id of the email; None for a letter that was handed over.
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        disposed_as="request_texts",
        personal={"language": Personal.NONE, "text": Personal.SEALED},
    )

    request = models.ForeignKey(RightsRequest, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    occasion = models.CharField(max_length=16, choices=OCCASIONS)
    language = models.CharField(max_length=8)
    way = models.CharField(max_length=16, choices=Way)
    text = SealedField()
    message_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(way=Way.MAIL, message_id__isnull=False) | models.Q(way=Way.BY_HAND, message_id=None),
                name="rightsletter_has_its_message",
            )
        ]
        indexes = [models.Index(fields=["client", "request", "at", "id"], name="rightsletter_of_request")]

    def __str__(self) -> str:
        return str(self.get_occasion_display())


class HandOver(TenantRow, ActorStamp):
    """One request that goes on at another client, under the same number: the link between the two rows.

    The row belongs to PakTaleem, so that only its staff see both sides.
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        disposed_as="evidence",
        personal={"number": Personal.PSEUDONYM},
        left_out_of_copies="names another client; the request is in the copy under the same number",
    )

    number = models.CharField(max_length=16)
    from_client = models.UUIDField()
    from_request = models.UUIDField()
    to_client = models.UUIDField()
    to_request = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["client", "from_request"], name="handover_once"),
            models.UniqueConstraint(fields=["client", "to_request"], name="handover_of_one"),
            models.CheckConstraint(
                condition=~models.Q(from_client=models.F("to_client")), name="handover_to_another_client"
            ),
        ]

    def __str__(self) -> str:
        return self.number
