"""The package of a request: the copy of a person's data, and each time that it was fetched."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify
from paktaleem.foundation.text.times import format_time
from rights.requests.models import RightsRequest


class PackageState(models.TextChoices):
    COLLECTING = "collecting", _("Waits for decisions and systems")
    CHOOSING = "choosing", _("Content to be chosen, since not everything is granted")
    BUILDING = "building", _("Being built")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be built")
    ENDED = "ended", _("Deleted")


class BuildFailure(models.TextChoices):
    """Why a package could not be built. A defect is tried again; the size stays until staff leave something out."""

    TOO_LARGE = "too_large", _("Too large")
    DEFECT = "defect", _("A technical fault")


class PackageQuerySet(models.QuerySet["Package"]):
    def failed(self) -> Self:
        """Packages that could not be built."""
        return self.filter(state=PackageState.FAILED)

    def live(self) -> Self:
        """Packages that are not deleted."""
        return self.filter(ended_at=None)

    def due_to_end(self, at: datetime) -> Self:
        """Packages that expired, or whose request is closed."""
        return self.live().filter(Q(expires_at__lte=at) | Q(request__closed_at__isnull=False))


class Package(TenantRow):
    """One copy of a person's data for one request. Its file is sealed under a key of its own, below the person's.

    It holds what systems gave since ``collected_from``. ``left_out`` are codes of sections (``details``) and of
    systems (``system:lms``). The answer sets ``expires_at``.
    """

    wall = TablePolicy(EDIT, disposed_as="packages", personal=classify(none="left_out manifest_hash"))
    copied = Copied(
        "copies",
        _("Copies of your data"),
        "number=request__number state built_at ends_at=expires_at deleted_at=ended_at",
    )

    request = RowKey(RightsRequest)
    subject = RowKey(Subject)
    state = models.CharField(max_length=16, choices=PackageState, default=PackageState.COLLECTING)
    left_out = ArrayField(models.CharField(max_length=80), default=list, db_default=[])
    is_chosen = models.BooleanField(default=False, help_text="Staff have chosen the content.")
    collected_from = models.DateTimeField()
    created_at = models.DateTimeField()
    failure = models.CharField(max_length=16, choices=BuildFailure, blank=True, default="", db_default="")
    built_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    file = RowKey(SealedFile, null=True)
    manifest_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of manifest.json, in hexadecimal.")

    objects = PackageQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            unique_in_client("package_one_live_per_request", "request", where=Q(ended_at=None)),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False) | (~Q(state="ended") & Q(ended_at=None)),
                name="package_ended_is_final",
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(file__isnull=False, built_at__isnull=False),
                name="package_ready_has_file",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(failure=""), name="package_failed_says_why"),
        ]
        indexes = [
            models.Index(fields=["client", "subject"], name="package_of_subject"),
            models.Index(fields=["client", "request"], name="package_of_request"),
            models.Index(fields=["client", "expires_at"], condition=Q(ended_at=None), name="package_live"),
            models.Index(fields=["client"], condition=Q(state="failed"), name="package_failed"),
        ]

    def __str__(self) -> str:
        return str(self.get_state_display())

    def may_be_fetched(self, at: datetime) -> bool:
        """Return True if the request is answered and open, and the package is ready and not expired."""
        is_in_time = self.expires_at is not None and at < self.expires_at
        return self.state == PackageState.READY and is_in_time and self.request.closed_at is None


class DownloadWay(models.TextChoices):
    """How a package was fetched."""

    OWN_PAGE = "own_page", _("On the page of the person or guardian, with a code")
    BY_HAND = "by_hand", _("Handed over by staff")


class PackageDownload(TenantRow, ActorStamp):
    """One time that a package was fetched: how, when, and by whom. Append-only."""

    wall = TablePolicy(APPEND)
    copied = Copied(
        "copy_downloads",
        _("Who fetched copies of your data"),
        "number=package__request__number way recorded_at=at by",
        of=("package__subject",),
    )

    package = RowKey(Package)
    way = models.CharField(max_length=16, choices=DownloadWay)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["client", "package"], name="packagedownload_of_package")]

    def __str__(self) -> str:
        return f"{self.get_way_display()} {format_time(self.at)}"
