"""Items of a batch: one holding each, and what became of it."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy
from retention.disposals.models.batches import Batch
from retention.holdings.models.holdings import Holding
from retention.schedule.models.rules import AnonymisationMethod, Disposal


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
    """Filters of items."""

    def flagged(self) -> Self:
        """Items that are to be disposed of."""
        return self.filter(state=ItemState.FLAGGED)

    def unanswered(self) -> Self:
        """Items whose system has not answered."""
        return self.filter(is_open=True, state=ItemState.ORDERED)


class Item(models.Model):
    """One holding in one batch, or one category of one system without a report when an agreement has ended.

    ``used_at``, ``due_at``, ``rule_id``, ``action`` and ``method`` are what was true when it was flagged; a difference
    when the orders are issued sends it back. A holding that is taken out, kept longer, or not disposed of by its system
    is not flagged again before ``again_at``. Rows are written by set-based SQL: a holding is in one open item at most.

    No index has the state, and the pages have room for a second version of each row (``0002_tenancy``), so that the
    order of an item is an update without a write to any index (HOT, heap-only tuple).
    """

    wall = TablePolicy(Scope.TENANT, EDIT, personal=dict.fromkeys(("category", "answer", "ground"), Personal.NONE))

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    holding = models.ForeignKey(
        Holding, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
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

    objects: ClassVar[Any] = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = "holding of a disposal"
        verbose_name_plural = "holdings of disposals"
        ordering = ["-used_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "holding"], condition=Q(is_open=True), name="item_one_open_of_holding"
            ),
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
        """Return the category."""
        return self.category
