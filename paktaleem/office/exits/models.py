"""Ends of agreements: the act of two people, the parts of the export, and the certificate."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.register.models.agreements import ServiceAgreement
from paktaleem.directory.files.models import SealedFile
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import (
    ChangeState,
    RequestedChange,
    has_a_ground,
    second_person_constraints,
)
from paktaleem.foundation.audit.certificates import IssuedCertificate
from paktaleem.foundation.encryption.wrapped_secrets import row_keys
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify


class Choice(models.TextChoices):
    """The choice of the client (GDPR Art. 28(3)(g))."""

    RETURN = "return", _("Return the data, then delete it")
    DELETE = "delete", _("Delete the data")


class ExitStage(models.TextChoices):
    """Stage of an exit, from the proposal to the certificate."""

    PROPOSED = "proposed", _("Needs a second person")
    DECLINED = "declined", _("Declined")
    COLLECTING = "collecting", _("The systems are giving their data")
    EXPORTING = "exporting", _("The export is being written")
    RETURNING = "returning", _("The export is ready for the client")
    DELETING = "deleting", _("Waiting for the systems")
    ERASING = "erasing", _("People are being erased")
    CERTIFIED = "certified", _("Certified")


_ENDED = [ExitStage.DECLINED.value, ExitStage.CERTIFIED.value]
_DELETED = [ExitStage.DELETING.value, ExitStage.ERASING.value, ExitStage.CERTIFIED.value]
_WORKING = [ExitStage.COLLECTING.value, ExitStage.EXPORTING.value, ExitStage.DELETING.value, ExitStage.ERASING.value]


class ExitQuerySet(models.QuerySet["AgreementExit"]):
    def open(self) -> Self:
        """Exits that are neither declined nor certified."""
        return self.exclude(stage__in=_ENDED)

    def working(self) -> Self:
        """Exits that the worker continues."""
        return self.filter(stage__in=_WORKING, paused_at=None)

    def overdue(self, at: datetime) -> Self:
        """Approved exits whose deletion should have been certified by ``at``."""
        return self.open().exclude(stage=ExitStage.PROPOSED).filter(delete_by__lte=at)


class AgreementExit(RequestedChange):
    """One end of an agreement: proposed by one person, approved by an officer, carried out by the worker.

    ``return_until`` is until when the client gets its data back, ``delete_by`` the deadline of the deletion.
    ``fetched`` are the numbers of the parts of the export that an officer has downloaded. The deletion begins once the
    client has its data, or has declined it: ``refusal`` says where that is written down. The export is sealed under a
    key of the row, which is destroyed with the certificate. ``cursor`` is the last person whose data is ordered, or who
    is exported or erased; ``exported`` and ``erased`` count people, ``kept`` those whom a hold or a restriction keeps.
    """

    wall = TablePolicy(
        EDIT,
        personal=classify(
            none="choice stage requested_kind requested_role ground state approved_role refusal fetched",
            credential="wrapped",
        ),
    )

    agreement = RowKey(ServiceAgreement)
    choice = models.CharField("the client’s choice", max_length=16, choices=Choice)
    stage = models.CharField(max_length=16, choices=ExitStage, default=ExitStage.PROPOSED)
    return_until = models.DateTimeField("returned until", null=True)
    delete_by = models.DateTimeField("deleted by")
    requested_role = models.CharField(max_length=32, editable=False)
    approved_role = models.CharField(max_length=32, blank=True, default="")
    epoch = models.PositiveIntegerField(null=True)
    wrapped = models.BinaryField(null=True)
    cursor = models.UUIDField(null=True)
    people = models.PositiveIntegerField(default=0)
    exported = models.PositiveIntegerField(default=0)
    erased = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    returned_by = models.UUIDField(null=True)
    returned_at = models.DateTimeField("returned", null=True)
    fetched = ArrayField(models.PositiveIntegerField(), default=list, db_default=[])
    return_declined_by = models.UUIDField(null=True)
    return_declined_at = models.DateTimeField("return declined", null=True)
    refusal = models.CharField("declined in", max_length=200, blank=True, default="")
    disposal_id = models.UUIDField(null=True)
    paused_at = models.DateTimeField("interrupted", null=True)
    ended_at = models.DateTimeField("ended", null=True)

    objects = ExitQuerySet.as_manager()

    due = (
        Due(
            label=_("Exits to approve"),
            note=_("an officer must approve or decline"),
            who=Capability.APPROVE_EXITS,
            rows=Q(state=ChangeState.WAITING),
            query="progress=to_approve",
            on="delete_by",
        ),
        Due(
            label=_("Exports to hand over"),
            note=_("the deletion waits for the return"),
            who=Capability.APPROVE_EXITS,
            rows=Q(stage=ExitStage.RETURNING),
            query="progress=returning",
            on="return_until",
        ),
        Due(
            label=_("Exits overdue"),
            note=_("not everything is deleted yet"),
            who=Capability.APPROVE_EXITS,
            rows=ExitQuerySet.overdue,
            query="progress=overdue",
            on="delete_by",
            severity=Severity.OVERDUE,
        ),
    )

    class Meta:
        verbose_name = "exit"
        verbose_name_plural = "exits"
        ordering = ["-requested_at", "-id"]
        constraints = [
            unique_in_client("agreementexit_one_open", "agreement", where=~Q(stage__in=_ENDED)),
            models.CheckConstraint(
                condition=~Q(stage__in=[*_WORKING, ExitStage.RETURNING, ExitStage.CERTIFIED])
                | Q(state=ChangeState.APPROVED),
                name="agreementexit_approved_first",
            ),
            models.CheckConstraint(
                condition=Q(choice=Choice.RETURN, return_until__isnull=False)
                | Q(choice=Choice.DELETE, return_until=None),
                name="agreementexit_returns_until_a_day",
            ),
            models.CheckConstraint(
                condition=Q(choice=Choice.DELETE)
                | ~Q(stage__in=_DELETED)
                | Q(returned_at__isnull=False)
                | Q(return_declined_at__isnull=False),
                name="agreementexit_returned_or_declined_first",
            ),
            models.CheckConstraint(
                condition=Q(return_declined_at=None, return_declined_by=None, refusal="")
                | Q(return_declined_at__isnull=False, return_declined_by__isnull=False) & ~Q(refusal=""),
                name="agreementexit_declined_in_writing",
            ),
            *second_person_constraints("agreementexit"),
            has_a_ground("agreementexit"),
        ]
        indexes = newest_first("requested_at", "agreementexit_by_time")

    def __str__(self) -> str:
        """Return a short number: X and the last eight digits of the id."""
        return f"X{self.id.hex[-8:].upper()}"


EXIT_KEYS = row_keys(AgreementExit)


class ExitPart(TenantRow):
    """One part of the export: an archive with the data of some people, sealed under the exit's key. Append-only."""

    wall = TablePolicy(
        APPEND,
        disposed_as="evidence",
        personal=classify(pseudonym="manifest"),
        left_out_of_copies="repeats, for the client, what the sections of a copy say of each person",
    )

    exit = RowKey(AgreementExit)
    number = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    manifest = models.CharField(max_length=64, help_text="SHA-256 of the manifest of the archive.")
    file = RowKey(SealedFile)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [unique_in_client("exitpart_number_unique", "exit", "number")]

    def __str__(self) -> str:
        return str(self.number)


class ExitCertificate(IssuedCertificate):
    """The certificate of one exit: canonical JSON with counts and hashes, and no one's name. Append-only evidence."""

    wall = TablePolicy(APPEND, personal=classify(none="body sha256"))

    exit = RowKey(AgreementExit)

    class Meta(IssuedCertificate.Meta):
        constraints = [unique_in_client("exitcertificate_one_per_exit", "exit")]
