"""Large exports: the request and its progress, and the sealed parts of the file."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.encryption.row_keys import row_keys
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Limited, Personal, Scope, TablePolicy
from paktaleem.foundation.text.times import format_time

_NONE = Personal.NONE


class ExportState(models.TextChoices):
    """State of a large export."""

    WRITING = "writing", _("Being written")
    READY = "ready", _("Ready")
    STOPPED = "stopped", _("Stopped: no file")
    ENDED = "ended", _("Deleted")


class StopReason(models.TextChoices):
    """Why there is no file."""

    ACCESS_LOST = "access_lost", _("the person’s role no longer allows it.")
    NOT_POSSIBLE = (
        "not_possible",
        _("a filter of the list is no longer valid. Export the list again with other filters."),
    )
    DEFECT = "defect", _("a technical fault. Export the list again.")


class ExportQuerySet(models.QuerySet["ListExport"]):
    """Filters of exports."""

    def due_to_end(self, at: datetime) -> Self:
        """Exports with a key whose period is over, written or not."""
        return self.filter(wrapped__isnull=False, expires_at__lte=at)


class ListExport(models.Model):
    """One large export of a list, requested by a person of the staff and written by the worker.

    It is of the client whose rows it has, or PakTaleem's for rows of several; ``is_across_clients`` is True if an
    officer requested it. ``schools`` of the person at that time are in ``school_ids``. ``query`` is the list's query
    string, which may hold what the person typed; it and the file are sealed under a key of this row, which is
    destroyed when the export ends. ``attempts`` counts the jobs that began it: only the latest may go on.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        disposed_as="list_exports",
        limited=Limited.BY_SCHOOLS,
        personal={
            **dict.fromkeys(("list", "format", "capability", "reason_code", "facts", "state"), _NONE),
            **dict.fromkeys(("stop_reason", "started_role", "school_ids"), _NONE),
            "query": Personal.SEALED,
            "wrapped": Personal.SECRET,
        },
        left_out_of_copies="an export of many people’s rows without names, deleted within days",
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    list = models.CharField(max_length=80)
    format = models.CharField(max_length=8)
    capability = models.CharField(max_length=64, help_text="What the person must be allowed to see the list.")
    reason_code = models.CharField(max_length=32)
    facts = models.JSONField(help_text="What the ledger says about the request.")
    query = SealedField()
    state = models.CharField(max_length=16, choices=ExportState, default=ExportState.WRITING)
    stop_reason = models.CharField(max_length=16, choices=StopReason, blank=True, default="", db_default="")
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0, db_default=0)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    started_by = models.UUIDField()
    started_role = models.CharField(max_length=32)
    is_across_clients = models.BooleanField(default=False)
    school_ids = ArrayField(models.UUIDField(), null=True, blank=True)
    requested_at = models.DateTimeField("requested")
    received_at = models.DateTimeField(help_text="When the request arrived, on the system clock.")
    expires_at = models.DateTimeField("available until")
    ended_at = models.DateTimeField(null=True, help_text="When the file was ready, or the worker stopped.")
    size = models.PositiveBigIntegerField(default=0, db_default=0, help_text="Bytes of the file.")
    downloads = models.PositiveIntegerField(default=0, db_default=0)
    fetched_at = models.DateTimeField(null=True)
    epoch = models.PositiveIntegerField(null=True)
    wrapped = models.BinaryField(null=True)

    objects: ClassVar[Any] = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = "export of a list"
        verbose_name_plural = "exports of lists"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ExportState.WRITING, ended_at=None)
                | (~Q(state=ExportState.WRITING) & Q(ended_at__isnull=False)),
                name="listexport_ends_with_its_work",
            ),
            models.CheckConstraint(
                condition=~Q(state=ExportState.STOPPED) | ~Q(stop_reason=""), name="listexport_stopped_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(state=ExportState.ENDED) | Q(wrapped=None), name="listexport_ended_has_no_key"
            ),
        ]
        indexes = [
            *newest_first("requested_at", "listexport_by_time"),
            models.Index(fields=["expires_at"], condition=Q(wrapped__isnull=False), name="listexport_with_key"),
        ]

    def __str__(self) -> str:
        """Return when it was requested."""
        return format_time(self.requested_at)

    @property
    def file_name(self) -> str:
        """The name of the file."""
        return f"{self.list.rpartition('.')[-1]}-{self.requested_at:%Y%m%dT%H%M%SZ}.{self.format}"


class ExportChunk(models.Model):
    """A sealed part of the file of an export, bound to its position. Deleted when the export ends."""

    wall = TablePolicy(
        Scope.TENANT,
        APPEND | {"DELETE"},
        officer=False,
        disposed_as="list_exports",
        personal={"sealed": Personal.SEALED},
        left_out_of_copies="an export of many people’s rows without names, deleted within days",
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    export = models.ForeignKey(ListExport, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField()
    sealed = SealedField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "export", "number"], name="exportchunk_in_order")]

    def __str__(self) -> str:
        """Return the part number."""
        return f"part {self.number}"


EXPORT_KEYS = row_keys(ListExport)
