"""Uploaded rosters."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.encryption.wrapped_secrets import row_keys
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Scope, TablePolicy, classify
from paktaleem.foundation.text.times import format_time


class RosterState(models.TextChoices):
    """State of an uploaded roster."""

    CHECKING = "checking", _("Being checked")
    REFUSED = "refused", _("Refused")
    READY = "ready", _("Ready to import")
    STOPPED = "stopped", _("Stopped: too much would be lost")
    APPLYING = "applying", _("Being imported")
    DONE = "done", _("Imported")
    CHANGED = "changed", _("Not imported: check it again")
    DISCARDED = "discarded", _("Discarded")
    EXPIRED = "expired", _("Expired")


class RosterImport(TenantRow, ActorStamp):
    """One uploaded roster: who uploaded it, and the results of its trial and import in numbers.

    The file and findings that name people are sealed under a key of this upload and deleted with it.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        disposed_as="roster_files",
        personal=classify(
            none="kind sha256 confirmed_role plan counts failure", sealed="details", credential="wrapped"
        ),
        left_out_of_copies="an upload about many people, deleted within a day; each person’s details are listed",
    )

    state = models.CharField(max_length=16, choices=RosterState, default=RosterState.CHECKING)
    kind = models.CharField(max_length=32, blank=True)
    everybody = models.BooleanField("names everyone", default=False)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.BinaryField(max_length=32)
    uploaded_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    confirmed_by = models.UUIDField(null=True)
    confirmed_role = models.CharField(max_length=32, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    plan = models.CharField(max_length=64, blank=True)
    counts = models.JSONField(default=dict)
    failure = models.CharField(max_length=32, blank=True)
    details = SealedField()
    epoch = models.PositiveIntegerField(null=True)
    wrapped = models.BinaryField(null=True)

    class Meta:
        verbose_name = "roster import"
        ordering = ["-uploaded_at", "-id"]
        indexes = [
            *newest_first("uploaded_at", "rosterimport_by_time"),
            *newest_first("uploaded_at", "rosterimport_by_state", by="state"),
            models.Index(fields=["uploaded_at"], condition=models.Q(wrapped__isnull=False), name="rosterimport_stored"),
        ]

    def __str__(self) -> str:
        return gettext("Roster of {moment}").format(moment=format_time(self.uploaded_at))

    @property
    def is_under_way(self) -> bool:
        return self.state in {RosterState.CHECKING, RosterState.APPLYING}

    @property
    def is_kept(self) -> bool:
        return self.state in {RosterState.READY, RosterState.STOPPED, RosterState.CHANGED}


class RosterChunk(TenantRow):
    """A sealed part of an uploaded roster. Deleted when the roster is imported, discarded or expired."""

    wall = TablePolicy(
        Scope.TENANT,
        APPEND | {"DELETE"},
        officer=False,
        disposed_as="roster_files",
        personal=classify(sealed="sealed"),
        left_out_of_copies="an upload about many people, deleted within a day; each person’s details are listed",
    )

    roster = models.ForeignKey(RosterImport, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField()
    sealed = SealedField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "roster", "number"], name="rosterchunk_in_order")]

    def __str__(self) -> str:
        return f"part {self.number}"


ROSTER_KEYS = row_keys(RosterImport)
