"""Proposals to erase a person's data, and the certificates of what was done."""

from functools import partial
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import RequestedChange, has_a_ground, second_person_constraints
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.certificates import IssuedCertificate
from paktaleem.foundation.tenancy.models import RowKey, newest_first, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify
from rights.requests.models import RightsRequest

_BY = [(kind.value, kind.value) for kind in ByKind]
_due = partial(Due, who=Capability.DECIDE_ERASURES)


class Extent(models.TextChoices):
    """How much is erased."""

    WHOLE = "whole", _("The whole person")
    PARTIAL = "partial", _("Only some purposes")


class Stage(models.TextChoices):
    """Stage of an erasure, from the proposal to the certificate."""

    PROPOSED = "proposed", _("Needs a second person")
    COOLING_OFF = "cooling_off", _("Cooling-off")
    ORDERED = "ordered", _("Ordered from the systems")
    VERIFYING = "verifying", _("Verification failed")
    CERTIFIED = "certified", _("Certified")
    CHANGED = "changed", _("Sent back: something changed")
    CANCELLED = "cancelled", _("Cancelled")


_BEFORE_START = [Stage.PROPOSED.value, Stage.COOLING_OFF.value]
_STARTED = [Stage.ORDERED.value, Stage.VERIFYING.value, Stage.CERTIFIED.value]
_OPEN = [*_BEFORE_START, Stage.ORDERED.value, Stage.VERIFYING.value]


class ProposalQuerySet(models.QuerySet["ErasureProposal"]):
    def open(self) -> Self:
        """Proposals that are neither certified, sent back nor cancelled."""
        return self.filter(stage__in=_OPEN)

    def before_start(self) -> Self:
        """Proposals that can still be cancelled: no system has been ordered to erase."""
        return self.filter(stage__in=_BEFORE_START)


class ErasureProposal(RequestedChange):
    """One proposal to erase a person's data, wholly or for some purposes; ``stage`` says how far it is.

    ``seen`` are SHA-256 hashes (hex) of the facts by section: it starts only if they are the same at the end.
    ``purposes`` and ``categories`` are codes, of a partial erasure. ``changed`` are the sections that differed when
    it was sent back, ``faults`` what a verification found. ``leading`` is the proposal for another record of the
    person with which it is decided.
    """

    wall = TablePolicy(
        EDIT,
        disposed_as="evidence",
        personal=classify(
            none=(
                "requested_kind requested_role ground settled_role cancelled_role seen purposes categories changed "
                "faults"
            ),
            pseudonym="number",
        ),
    )
    copied = Copied(
        "erasures",
        _("Erasures of your data"),
        "number extent purposes categories reason state=stage requested_at cooling_ends_at started_at ended_at",
        titles={"cooling_ends_at": _("Cooling-off until"), "started_at": _("Orders issued")},
    )

    number = models.CharField(max_length=16)
    subject = RowKey(Subject)
    request = RowKey(RightsRequest, null=True)
    leading = RowKey("self", null=True, editable=False)
    extent = models.CharField(max_length=8, choices=Extent)
    purposes = ArrayField(models.CharField(max_length=63), default=list, db_default=[])
    categories = ArrayField(models.CharField(max_length=63), default=list, db_default=[])
    reason = models.CharField(max_length=32, choices=Reason)
    stage = models.CharField(max_length=16, choices=Stage)
    seen = models.JSONField()
    requested_role = models.CharField(max_length=32)
    settled_role = models.CharField(max_length=32, blank=True, default="")
    cooling_ends_at = models.DateTimeField("cooling-off until", null=True)
    changed = ArrayField(models.CharField(max_length=32), default=list, db_default=[])
    faults = ArrayField(models.CharField(max_length=63), default=list, db_default=[])
    cancelled_kind = models.CharField(max_length=16, choices=_BY, blank=True, default="")
    cancelled_by = models.UUIDField(null=True)
    cancelled_role = models.CharField(max_length=32, blank=True, default="")
    started_at = models.DateTimeField("orders issued", null=True)
    erasure = RowKey(Erasure, null=True)
    ended_at = models.DateTimeField("ended", null=True)

    objects = ProposalQuerySet.as_manager()

    due = (
        _due(
            label=_("Erasures proposed"),
            note=_("a second person must approve or decline"),
            rows=Q(stage=Stage.PROPOSED),
            query="stage__exact=proposed",
            since="requested_at",
        ),
        _due(
            label=_("Erasures not verified"),
            note=_("something of the person is left"),
            rows=Q(stage=Stage.VERIFYING),
            query="stage__exact=verifying",
            since="requested_at",
            severity=Severity.URGENT,
        ),
        _due(
            label=_("Erasures in cooling-off"),
            note=_("can still be cancelled"),
            rows=Q(stage=Stage.COOLING_OFF),
            query="stage__exact=cooling_off",
            on="cooling_ends_at",
            severity=Severity.NONE,
        ),
    )

    class Meta:
        verbose_name = "erasure"
        verbose_name_plural = "erasures"
        ordering = ["-requested_at", "-id"]
        constraints = [
            *second_person_constraints("erasureproposal"),
            unique_in_client("erasureproposal_number_once", "number"),
            unique_in_client("erasureproposal_one_before_start", "subject", where=Q(stage__in=_BEFORE_START)),
            has_a_ground("erasureproposal"),
            models.CheckConstraint(
                condition=~Q(stage__in=[Stage.COOLING_OFF.value, *_STARTED])
                | Q(state="approved", cooling_ends_at__isnull=False),
                name="erasureproposal_approved_first",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=_STARTED, started_at__isnull=False, started_at__gte=models.F("cooling_ends_at"))
                | (~Q(stage__in=_STARTED) & Q(started_at=None, erasure=None)),
                name="erasureproposal_starts_after_cooling_off",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=_OPEN, ended_at=None) | (~Q(stage__in=_OPEN) & Q(ended_at__isnull=False)),
                name="erasureproposal_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(extent="whole", purposes=[], categories=[])
                | (Q(extent="partial", erasure=None, request__isnull=False) & ~Q(purposes=[])),
                name="erasureproposal_extent_is_clear",
            ),
        ]
        indexes = [
            models.Index(fields=["number"], name="erasureproposal_by_number"),
            models.Index(fields=["client", "subject"], name="erasureproposal_of_subject"),
            models.Index(fields=["client", "request"], name="erasureproposal_of_request"),
            models.Index(
                fields=["client", "leading"], condition=Q(leading__isnull=False), name="erasureproposal_of_leading"
            ),
            *newest_first("requested_at", "erasureproposal_by_time"),
            *newest_first("requested_at", "erasureproposal_by_stage", by="stage"),
            *oldest_first("cooling_ends_at", "erasureproposal_by_end", by="stage"),
            *oldest_first("requested_at", "erasureproposal_open", condition=Q(stage__in=_OPEN)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_whole(self) -> bool:
        return self.extent == Extent.WHOLE

    @property
    def is_before_start(self) -> bool:
        return self.stage in _BEFORE_START


class Certificate(IssuedCertificate):
    """The certificate of one erasure: canonical JSON without personal data; the ledger repeats its ``sha256`` (hex)."""

    wall = TablePolicy(APPEND, disposed_as="evidence", personal=classify(pseudonym="body sha256"))
    copied = Copied(
        "erasure_certificates",
        _("Certificates of erasures"),
        "number=proposal__number certificate=body sha256 issued_at",
        of=("proposal__subject",),
        titles={"sha256": _("SHA-256")},
    )

    proposal = RowKey(ErasureProposal)

    class Meta(IssuedCertificate.Meta):
        constraints = [unique_in_client("certificate_one_per_erasure", "proposal")]
