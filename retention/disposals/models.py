"""Models of disposals: sweeps, batches, their items and certificates."""

from typing import Self

from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.models import Ground
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.due import Due
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.certificates import IssuedCertificate
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify
from paktaleem.foundation.text.times import format_date
from retention.holdings.models import Holding
from retention.schedule.models import AnonymisationMethod, Disposal

_BY = [(kind.value, kind.value) for kind in ByKind]
GROUNDS = [(one.value, one.label) for one in (Ground.RETENTION_ENDED, Ground.AGREEMENT_ENDED)]


class Decider(models.TextChoices):
    """The controller of the data, whose approval a batch needs (policy §7)."""

    CLIENT = "client", _("The client")
    PAKTALEEM = "paktaleem", _("PakTaleem")


class Stage(models.TextChoices):
    """Stage of a batch, from the first flagged holding to the certificate."""

    FLAGGING = "flagging", _("Being put together")
    REVIEW = "review", _("In review")
    SECOND_PERSON = "second_person", _("Needs a second person")
    SCHEDULED = "scheduled", _("Scheduled")
    EXECUTING = "executing", _("Orders are being issued")
    VERIFYING = "verifying", _("Waiting for the systems")
    CERTIFIED = "certified", _("Certified")
    CANCELLED = "cancelled", _("Ended without disposal")


_BEFORE_ORDERS = [Stage.FLAGGING.value, Stage.REVIEW.value, Stage.SECOND_PERSON.value, Stage.SCHEDULED.value]
_APPROVED = [Stage.SCHEDULED.value, Stage.EXECUTING.value, Stage.VERIFYING.value, Stage.CERTIFIED.value]
_ENDED = [Stage.CERTIFIED.value, Stage.CANCELLED.value]
_WORKING = [Stage.SCHEDULED.value, Stage.EXECUTING.value, Stage.VERIFYING.value]


class Sweep(TenantRow):
    """One run over a client's holdings that flags those due at ``opened_at``, done up to the person ``cursor``.

    ``held`` counts the holdings at the start, or the people if an agreement has ended.
    """

    wall = TablePolicy(EDIT)

    ground = models.CharField(max_length=32, choices=GROUNDS)
    held = models.PositiveIntegerField(help_text="Holdings at the start.")
    checked = models.PositiveIntegerField(default=0, db_default=0)
    flagged = models.PositiveIntegerField(default=0, db_default=0)
    cursor = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [unique_in_client("sweep_one_open", "ground", where=Q(ended_at=None))]
        indexes = [models.Index(fields=["client", "-opened_at"], name="sweep_by_time")]

    def __str__(self) -> str:
        return format_date(self.opened_at)


class BatchQuerySet(models.QuerySet["Batch"]):
    def open(self) -> Self:
        """Batches that are neither certified nor ended without disposal."""
        return self.filter(ended_at=None)

    def working(self) -> Self:
        """Approved batches without a certificate, which the worker continues."""
        return self.filter(stage__in=_WORKING)


class Batch(TenantRow):
    """Holdings of one client that are reviewed, approved, disposed of and certified together.

    ``size`` counts the items that are not taken out. ``cursor`` is the last person whose orders are issued.
    ``case_kind`` and ``case_id`` name the case of an app above that it serves. ``pseudonym_key`` is wrapped by the
    portal's keyring, and destroyed with the certificate.
    """

    wall = TablePolicy(
        EDIT, personal=classify(none="case_kind summary approved_kind approved_role", credential="pseudonym_key")
    )

    sweep = RowKey(Sweep)
    ground = models.CharField(max_length=32, choices=GROUNDS)
    decider = models.CharField("controller of the data", max_length=16, choices=Decider)
    is_automatic = models.BooleanField("without review", default=False, db_default=False)
    case_kind = models.CharField(max_length=32, blank=True, default="", db_default="")
    case_id = models.UUIDField(null=True)
    stage = models.CharField(max_length=16, choices=Stage)
    size = models.PositiveIntegerField("holdings", default=0, db_default=0)
    summary = models.JSONField(default=list, db_default=[])
    cursor = models.UUIDField(null=True)
    pseudonym_key = SealedField()
    opened_at = models.DateTimeField()
    reviewed_at = models.DateTimeField("ready for review", null=True)
    approved_kind = models.CharField(max_length=16, choices=_BY, blank=True, default="", db_default="")
    approved_by = models.UUIDField(null=True)
    approved_role = models.CharField(max_length=32, blank=True, default="", db_default="")
    approved_at = models.DateTimeField(null=True)
    starts_at = models.DateTimeField("orders not before", null=True)
    ordered_at = models.DateTimeField("orders issued", null=True)
    paused_at = models.DateTimeField("interrupted", null=True)
    ended_at = models.DateTimeField("ended", null=True)

    objects = BatchQuerySet.as_manager()

    due = (
        Due(
            label=_("Disposals"),
            note=_("need a review"),
            who=Capability.MANAGE_RETENTION,
            rows=Q(stage=Stage.REVIEW),
            query="progress=to_review_at",
            since="opened_at",
        ),
    )

    class Meta:
        verbose_name = "disposal"
        verbose_name_plural = "disposals"
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(stage__in=_APPROVED) | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="batch_approved_first",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=_ENDED, ended_at__isnull=False, pseudonym_key=None)
                | (~Q(stage__in=_ENDED) & Q(ended_at=None)),
                name="batch_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(case_kind="", case_id=None) | (~Q(case_kind="") & Q(case_id__isnull=False)),
                name="batch_case_is_whole",
            ),
        ]
        indexes = [
            *newest_first("opened_at", "batch_by_time"),
            *newest_first("opened_at", "batch_by_stage", by="stage"),
            *oldest_first("opened_at", "batch_open", condition=Q(ended_at=None)),
            *oldest_first("opened_at", "batch_to_review", condition=Q(stage=Stage.REVIEW)),
            models.Index(fields=["client", "case_id"], condition=Q(case_id__isnull=False), name="batch_of_case"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """Return a short number for people: D and the last eight digits of the id."""
        return f"D{self.id.hex[-8:].upper()}"

    @property
    def is_before_orders(self) -> bool:
        """Return True while nothing is ordered, so that it can be cancelled."""
        return self.stage in _BEFORE_ORDERS


class ItemState(models.TextChoices):
    """State of one holding in a batch; the last four are answers of its system."""

    FLAGGED = "flagged", _("To be disposed of")
    EXCLUDED = "excluded", _("Taken out by a person")
    EXTENDED = "extended", _("Kept longer by a person")
    SENT_BACK = "sent_back", _("Back to review: something changed")
    NO_SYSTEM = "no_system", _("No active system takes the order")
    ORDERED = "ordered", _("Ordered")
    DISPOSED = "disposed", _("Done")
    NOT_FOUND = "not_found", _("No such person there")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")
    WAIVED = "waived", _("Answer waived by two people")


class Cause(models.TextChoices):
    """Why a holding was sent back when the orders were issued."""

    GONE = "gone", _("The data is no longer held")
    BEING_ERASED = "being_erased", _("The person is or was erased")
    HELD = "held", _("On hold")
    RESTRICTED = "restricted", _("The person has restricted the processing")
    USED = "used", _("Collected or used since it was flagged")
    RULE_CHANGED = "rule_changed", _("The rule or the due date changed")
    NOT_DUE = "not_due", _("No longer due")
    ELSEWHERE = "elsewhere", _("Another system still needs this data of the person")
    CANCELLED = "cancelled", _("The batch was cancelled")


_OPEN = [ItemState.FLAGGED.value, ItemState.ORDERED.value]


class ItemQuerySet(models.QuerySet["Item"]):
    def flagged(self) -> Self:
        """Items that are to be disposed of."""
        return self.filter(state=ItemState.FLAGGED)

    def unanswered(self) -> Self:
        """Items whose system has not answered."""
        return self.filter(is_open=True, state=ItemState.ORDERED)


class Item(TenantRow):
    """One holding in one batch, or one category of a system that reported nothing when an agreement has ended.

    ``used_at``, ``due_at``, ``rule_id``, ``action`` and ``method`` are those at the flagging; if they differ when the
    orders are issued, the item is sent back. A holding is in one open item at most. No index has the state, and pages
    have room for a second version of each row (``0002_tenancy``), so that the order of an item is a HOT update.
    """

    wall = TablePolicy(EDIT, personal=classify(none="category answer ground"))
    copied = Copied(
        "disposals",
        _("Disposal of your data"),
        "category action method due_at state flagged_at=batch__opened_at",
        titles={"action": _("Then")},
    )

    batch = RowKey(Batch)
    holding = RowKey(Holding, null=True)
    subject = RowKey(Subject)
    category = models.CharField("data category", max_length=63)
    system_id = models.UUIDField(null=True)
    rule_id = models.UUIDField(null=True)
    action = models.CharField("then", max_length=16, choices=Disposal)
    method = models.CharField(max_length=24, choices=AnonymisationMethod, blank=True)
    used_at = models.DateTimeField("last collected or used")
    due_at = models.DateTimeField("due")
    state = models.CharField(max_length=16, choices=ItemState)
    is_open = models.GeneratedField(
        expression=ExpressionWrapper(Q(state__in=_OPEN), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
        help_text="Flagged or ordered.",
    )
    cause = models.CharField(max_length=16, choices=Cause, blank=True, default="", db_default="")
    answer = models.CharField(max_length=63, blank=True, default="", db_default="", help_text="The system's reason.")
    ground = models.TextField("ground in words", max_length=2000, blank=True, default="", db_default="")
    parcel = models.PositiveIntegerField(null=True, help_text="Number of the order set in its chunk.")
    again_at = models.DateTimeField("not flagged again before", null=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = "holding of a disposal"
        verbose_name_plural = "holdings of disposals"
        ordering = ["-used_at", "-id"]
        constraints = [
            unique_in_client("item_one_open_of_holding", "holding", where=Q(is_open=True)),
            models.CheckConstraint(
                condition=Q(holding__isnull=False) | Q(system_id__isnull=False), name="item_of_holding_or_system"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ItemState.EXCLUDED, ItemState.EXTENDED])
                | (~Q(ground="") & Q(again_at__isnull=False)),
                name="item_taken_out_with_ground",
            ),
            models.CheckConstraint(
                condition=Q(state=ItemState.SENT_BACK) & ~Q(cause="") | ~Q(state=ItemState.SENT_BACK) & Q(cause=""),
                name="item_sent_back_with_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "batch", "subject"], name="item_of_person"),
            models.Index(fields=["client", "batch"], condition=Q(is_open=True), name="item_open"),
            models.Index(
                fields=["client", "holding", "again_at"], condition=Q(again_at__isnull=False), name="item_again"
            ),
        ]

    def __str__(self) -> str:
        return self.category


class Certificate(IssuedCertificate):
    """The certificate of one disposal: canonical JSON with counts, and no one's name. Append-only evidence.

    ``sha256`` (hex) is of the UTF-8 bytes of ``body``; the ledger entry ``entry_id`` repeats it.
    """

    wall = TablePolicy(APPEND, personal=classify(none="body sha256"))

    batch = RowKey(Batch)

    class Meta(IssuedCertificate.Meta):
        verbose_name = "certificate of a disposal"
        verbose_name_plural = "certificates of disposals"
        constraints = [unique_in_client("disposalcertificate_one_per_batch", "batch")]
