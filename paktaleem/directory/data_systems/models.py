"""Systems that hold personal data, and orders to them."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.data_systems.states import CONFIRMED_BY_SYSTEM, ENDED, ON_HOLD, PERSON_ERASED, Exemption, State
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.models import code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import ActorStamp, History, Tracked, TrackedQuerySet
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.rows import MigratesAs
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Limited, Scope, TablePolicy, classify
from paktaleem.foundation.text.times import format_time


class Delivery(models.TextChoices):
    """How a system receives its orders."""

    POLL = "poll", _("The system fetches them")
    WEBHOOK = "webhook", _("A webhook notifies the system, which then fetches them")
    BY_HAND = "by_hand", _("People carry them out and record the result in the console")


class SystemQuerySet[M: models.Model](TrackedQuerySet[M]):
    """Rows valid in a period [starts_at, ends_at)."""

    def active(self, at: datetime) -> Self:
        """Rows in force at a time."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)


def _validate_categories(codes: list[str]) -> None:
    if len(set(codes)) != len(codes):
        raise ValidationError("Name each category once.")


class CategoriesField(MigratesAs, ArrayField):  # type: ignore[type-arg]  # not generic at run time
    """A list of distinct codes of data categories."""

    migrates_as = "django.contrib.postgres.fields.ArrayField"
    default_validators = [_validate_categories]


class System(TenantRow, Tracked):
    """One system that holds personal data: a client's own, or one of PakTaleem's, which every client sees too."""

    wall = TablePolicy(
        EDIT,
        Scope.CATALOGUE,
        kept_for_good="the contact of a client's staff for its system, replaced on change and after its exit",
        personal=classify(none="code name categories ground", staff="contact"),
    )

    code = models.CharField(max_length=63, validators=[code_validator])
    name = models.CharField(max_length=200)
    categories = CategoriesField(
        models.CharField(max_length=63, validators=[code_validator]),
        help_text="The data it holds. Orders about other data are not sent there.",
    )
    delivery = models.CharField("delivery of orders", max_length=16, choices=Delivery)
    contact = models.EmailField(
        max_length=254,
        help_text="Email address of the team that runs it, not of one person, for questions about orders.",
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.UUIDField("end proposed by", null=True, editable=False)
    proposed_at = models.DateTimeField("end proposed", null=True, editable=False)
    ground = models.TextField("ground of the end", max_length=2000, blank=True, editable=False)
    ended_by = models.UUIDField("end agreed to by", null=True, editable=False)

    objects: ClassVar = SystemQuerySet.as_manager()
    history = History(excluded_fields=["contact"])

    class Meta:
        ordering = ["code"]
        constraints = [
            unique_in_client("system_code_unique", "code"),
            models.CheckConstraint(condition=~Q(categories=[]), name="system_holds_something"),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="system_period"),
            models.CheckConstraint(
                condition=Q(ended_by=None) | ~Q(ended_by=F("proposed_by")), name="system_ended_by_two_people"
            ),
            models.CheckConstraint(condition=Q(proposed_by=None) | ~Q(ground=""), name="system_end_has_a_ground"),
        ]

    def __str__(self) -> str:
        return self.name


class SystemKey(TenantRow, Tracked):
    """One assignment of an API key, by name, to a system at a client: calls with the key act for the system.

    Identified by the key's name instead of its id, so that a rotated key continues to act. PakTaleem's systems have a
    key at each client they serve, and see only that client's orders with it.
    """

    wall = TablePolicy(EDIT, personal=classify(none="key_name"))

    system = RowKey(System)
    system_owner = models.UUIDField(editable=False)
    key_name = models.CharField("name of the key", max_length=100, help_text="As issued, with the scope “orders”.")
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = SystemQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = "system key"
        verbose_name_plural = "system keys"
        ordering = ["key_name"]
        constraints = [
            unique_in_client("systemkey_acts_for_one_system", "key_name", where=Q(ends_at=None)),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="systemkey_period"),
        ]

    def __str__(self) -> str:
        return self.key_name


class OrderKind(models.TextChoices):
    COLLECT = "collect", _("Provide all data held")
    CORRECT = "correct", _("Correct")
    RESTRICT = "restrict", _("Restrict processing")
    LIFT_RESTRICTION = "lift_restriction", _("Lift the restriction")
    ERASE = "erase", _("Erase")
    ANONYMISE = "anonymise", _("Anonymise")
    OBJECT = "object", _("Stop after an objection")


class Ground(models.TextChoices):
    """Legal or contractual ground of an order."""

    RIGHT_OF_THE_PERSON = "right_of_the_person", _("A right of the person")
    CONSENT_ENDED = "consent_ended", _("The consent has ended")
    CHILD_WITHOUT_CONSENT = "child_without_consent", _("Data of a child without a guardian’s consent")
    RETENTION_ENDED = "retention_ended", _("The retention period is over")
    AGREEMENT_ENDED = "agreement_ended", _("The agreement has ended")
    INSTRUCTION = "instruction", _("Instruction of the controller")
    LEGAL_OBLIGATION = "legal_obligation", _("A legal obligation")


STATES = [
    (State.QUEUED.value, _("Waiting to be fetched")),
    (State.SENT.value, _("Sent to the system")),
    (State.ACCEPTED.value, _("In progress")),
    (State.CONFIRMED.value, _("Done")),
    (State.NOT_FOUND.value, _("No such person there")),
    (State.FAILED.value, _("Failed")),
    (State.DISPUTED.value, _("Contradicts what was reported")),
    (State.RECALLED.value, _("Recalled by a hold")),
    (State.NOT_APPLICABLE.value, _("Not applicable")),
    (State.WAIVED.value, _("Waived")),
]
EXEMPTION_LABELS: Mapping[str, Promise] = {
    Exemption.HOLDS_NONE.value: _("It holds none of these data about anyone"),
    Exemption.LEGAL_DUTY.value: _("A law requires that it be kept"),
    Exemption.LEGAL_HOLD.value: _("Needed for a claim or an inquiry"),
    Exemption.NOT_PERSONAL.value: _("The remaining data no longer identifies the person"),
    Exemption.IMPOSSIBLE.value: _("The system is not able to do it"),
    ON_HOLD: _("A hold recalled the order"),
    PERSON_ERASED: _("The person was erased before the system answered"),
}
"""The words by the code of the answer."""
_ENDED = sorted(state.value for state in ENDED)


def describe_state(state: str, system: System) -> str:
    """Return a state of an order in words; people who carry out the orders of a system do not fetch them."""
    if state == State.QUEUED and system.delivery == Delivery.BY_HAND:
        return gettext("To be worked by hand")
    return str(dict(STATES)[state])


class OrderColumns(TenantRow):
    """Common columns of an order and an order set: kind, method, reason, ground, due date, case."""

    kind = models.CharField(max_length=20, choices=OrderKind)
    method = models.CharField(
        max_length=24, blank=True, default="", db_default="", help_text="How data is anonymised; empty: not stated."
    )
    reason = models.CharField(max_length=32, choices=Reason)
    ground = models.CharField(max_length=32, choices=Ground)
    categories = ArrayField(models.CharField(max_length=63), help_text="The data it is about.")
    due_at = models.DateTimeField()
    parent_kind = models.CharField(max_length=32, blank=True, default="", db_default="")
    parent_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True


class OrderSet(OrderColumns, ActorStamp):
    """One order about many people, created by one statement; ``orders_hash`` proves which orders it holds."""

    wall = TablePolicy(
        APPEND,
        disposed_as="evidence",
        personal=classify(none="method categories parent_kind", pseudonym="orders_hash"),
        left_out_of_copies="an order about many people; each person’s order is listed",
        limited=Limited.READ,
    )

    size = models.PositiveIntegerField(help_text="How many orders.")
    orders_hash = models.CharField(
        max_length=64, help_text="SHA-256 over the orders' ids and the people's, in the order of the ids."
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [*newest_first("created_at", "orderset_by_time")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.size:,}"


class OrderQuerySet(models.QuerySet["Order"]):
    def open(self) -> Self:
        """Orders that are not answered yet."""
        return self.filter(ended_at=None)

    def ready(self, at: datetime) -> Self:
        """Open orders that a system should carry out now; failed ones once they are due again."""
        return self.open().exclude(state=State.RECALLED).filter(~Q(state=State.FAILED) | Q(retry_at__lte=at))

    def overdue(self, at: datetime) -> Self:
        """Open orders past their due date, but those that a hold recalled."""
        return self.open().exclude(state=State.RECALLED).filter(due_at__lt=at)

    def stuck(self, at: datetime) -> Self:
        """Open orders that need manual action (``states.stuck_at``)."""
        return self.open().filter(stuck_at__lte=at)

    def to_waive(self, at: datetime) -> Self:
        """Open orders whose waiver was proposed and waits for a second person, whatever the time."""
        del at
        proposed = Waiver.objects.filter(client_id=OuterRef("client_id"), order=OuterRef("pk"), approved_at=None)
        return self.open().filter(Exists(proposed))


class Order(OrderColumns):
    """One order to one system about one person's data.

    It refers to the person by their row. Only if they are erased while it is open does it hold their LMS id, sealed
    under the portal's key (``named``), so that the system still learns whom to erase. That copy is deleted with
    the answer.
    """

    wall = TablePolicy(
        EDIT,
        disposed_as="person",
        personal=classify(
            none="method categories parent_kind purpose fields result failure", sealed="named new_values"
        ),
    )
    copied = Copied(
        "orders",
        _("Orders to systems about your data"),
        "kind system=system__code categories reason state created_at due_at answered_at=ended_at",
        tables=("data_systems.OrderPart",),
    )

    system = RowKey(System)
    system_owner = models.UUIDField(editable=False)
    subject = RowKey(Subject)
    order_set = RowKey(OrderSet, null=True)
    purpose = models.CharField(
        max_length=63,
        blank=True,
        default="",
        db_default="",
        help_text="For a restriction or an objection: the purpose. Empty: every purpose.",
    )
    state = models.CharField(max_length=16, choices=STATES, default=State.QUEUED.value)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(null=True, help_text="When a failed order is tried again; empty: never.")
    failure = models.CharField(max_length=64, blank=True, default="", db_default="", help_text="The system's own code.")
    named = SealedField()
    new_values = SealedField(help_text="For a correction: the new values, under the person's key.")
    fields = ArrayField(models.CharField(max_length=63), default=list, db_default=[])
    result = models.JSONField(null=True, help_text="The system's answer: counts and codes.")
    changed_at = models.DateTimeField()
    stuck_at = models.DateTimeField(null=True, help_text="Time from which it counts as stuck if nothing happens.")
    ended_at = models.DateTimeField(null=True)
    copies_purged_at = models.DateTimeField(null=True, help_text="When the data that the system gave was deleted.")

    objects = OrderQuerySet.as_manager()

    due = (
        Due(
            label=_("Orders stuck"),
            note=_("need manual action"),
            who=Capability.VIEW_RECORDS,
            rows=OrderQuerySet.stuck,
            query="progress=stuck",
            since="stuck_at",
            severity=Severity.URGENT,
        ),
        Due(
            label=_("Orders overdue"),
            note=_("not answered by the due date"),
            who=Capability.VIEW_RECORDS,
            rows=OrderQuerySet.overdue,
            query="progress=overdue",
            on="due_at",
            severity=Severity.OVERDUE,
        ),
        Due(
            label=_("Orders to waive"),
            note=_("a second person must approve or decline"),
            who=Capability.APPROVE_CHANGES,
            rows=OrderQuerySet.to_waive,
            query="progress=to_waive",
            on="due_at",
        ),
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=_ENDED, ended_at__isnull=False) | (~Q(state__in=_ENDED) & Q(ended_at=None)),
                name="order_ends_in_an_answer",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(named=None, new_values=None, retry_at=None, stuck_at=None),
                name="order_answered_names_nobody",
            ),
            models.CheckConstraint(
                condition=Q(retry_at=None) | Q(state=State.FAILED.value), name="order_retried_if_failed"
            ),
            models.CheckConstraint(
                condition=Q(new_values=None) | Q(kind=OrderKind.CORRECT), name="order_values_of_a_correction"
            ),
            models.CheckConstraint(
                condition=Q(parent_kind="", parent_id=None) | (~Q(parent_kind="") & Q(parent_id__isnull=False)),
                name="order_parent_is_whole",
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("created_at")), name="order_due_later"),
            models.CheckConstraint(condition=Q(method="") | Q(kind=OrderKind.ANONYMISE), name="order_method_of_kind"),
        ]
        indexes = [
            models.Index(fields=["client", "system", "id"], condition=Q(ended_at=None), name="order_open_of_system"),
            models.Index(fields=["client", "subject", "-created_at", "-id"], name="order_of_person"),
            models.Index(
                fields=["client", "parent_id", "subject"], condition=Q(parent_id__isnull=False), name="order_by_parent"
            ),
            models.Index(
                fields=["client", "ended_at"],
                condition=Q(kind=OrderKind.COLLECT, ended_at__isnull=False, copies_purged_at=None),
                name="order_with_copies",
            ),
            *newest_first("created_at", "order_by_time"),
            *newest_first("created_at", "order_by_state", by="state"),
            *newest_first("created_at", "order_by_system", by="system"),
            *newest_first("created_at", "order_by_kind", by="kind"),
            *newest_first("created_at", "order_open", condition=Q(ended_at=None)),
            *oldest_first("due_at", "order_open_by_due", condition=Q(ended_at=None)),
            *oldest_first("stuck_at", "order_open_by_stuck", condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {describe_state(self.state, self.system)}"

    @property
    def confirmed_at(self) -> datetime | None:
        """Return when the system confirmed the order; None if it did not answer, declined, or was waived."""
        return self.ended_at if self.state in CONFIRMED_BY_SYSTEM else None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class OrderStep(TenantRow, ActorStamp):
    """One step of one order: new state, time, actor. Append-only evidence.

    The first step of an order in a set is proved by the set's hash; every later step has a ledger entry.
    """

    wall = TablePolicy(APPEND, personal=classify(none="code"))

    order = RowKey(Order)
    state = models.CharField(max_length=16, choices=STATES)
    attempt = models.PositiveSmallIntegerField(default=0)
    code = models.CharField(max_length=64, blank=True, help_text="Code of the failure, exemption or waiver.")
    entry_id = models.UUIDField(null=True, help_text="The ledger entry that proves it; for a set, the set’s entry.")
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ["taken_at", "id"]

    def __str__(self) -> str:
        return str(self.get_state_display())


class OrderPart(TenantRow):
    """One part of the data given for a collect order: a JSON section or a file, sealed. Never changed."""

    wall = TablePolicy(APPEND, personal=classify(none="category"))

    order = RowKey(Order)
    category = models.CharField(max_length=63)
    file = RowKey(SealedFile)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="The attempt in which it was received.")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at", "id"]

    def __str__(self) -> str:
        return self.category


class Waiver(TenantRow, Tracked):
    """One proposal to continue without a system's answer, with its ``ground``, and its approval by a second person."""

    wall = TablePolicy(EDIT, personal=classify(none="ground"))

    order = RowKey(Order)
    reason = models.CharField(max_length=32, choices=Reason)
    ground = models.TextField(max_length=2000)
    requested_by = models.UUIDField(editable=False)
    requested_at = models.DateTimeField(editable=False)
    approved_by = models.UUIDField(null=True, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)

    history = History()

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            unique_in_client("waiver_one_per_order", "order"),
            models.CheckConstraint(condition=~Q(ground=""), name="waiver_has_a_ground"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("requested_by")), name="waiver_by_two_people"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False, approved_at__gte=F("requested_at")),
                name="waiver_approved_after_request",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Approved") if self.approved_at else gettext("Proposed")


class OrderAlert(TenantRow):
    """One order that was found stuck in one state of one attempt: the people responsible are emailed once."""

    wall = TablePolicy(APPEND)

    order = RowKey(Order)
    state = models.CharField(max_length=16, choices=STATES)
    attempt = models.PositiveSmallIntegerField()
    raised_at = models.DateTimeField()

    class Meta:
        ordering = ["-raised_at", "-id"]
        constraints = [unique_in_client("orderalert_once_a_state", "order", "state", "attempt")]
        indexes = [*newest_first("raised_at", "orderalert_by_time")]

    def __str__(self) -> str:
        return f"{self.get_state_display()}, {format_time(self.raised_at)}"
