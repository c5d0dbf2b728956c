"""Models of sharing."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.decisions.reasons import Reason
from consent.register.models.agreements import Recipient
from consent.register.models.purposes import CodesField
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.due import Severity, due_by_second_person
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import (
    ChangeState,
    RequestedChange,
    has_a_ground,
    second_person_constraints,
)
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify


class Instrument(models.TextChoices):
    """The legal instruments by which an authority demands data."""

    SUBPOENA = "subpoena", _("Subpoena")
    COURT_ORDER = "court_order", _("Court order")
    WARRANT = "warrant", _("Search warrant")
    STATUTORY_REQUEST = "statutory_request", _("Request under a statute")
    POLICE_REQUEST = "police_request", _("Police request")


class Informed(models.TextChoices):
    """The people who may be informed of a disclosure."""

    PERSON = "person", _("The person")
    GUARDIAN = "guardian", _("A guardian, for the child")


class NotInformed(models.TextChoices):
    """The reasons why the person is not informed of a disclosure."""

    ORDER = "order", _("The order forbids it")
    LAW = "law", _("A law forbids it")
    RISK = "risk", _("It would endanger someone")
    UNREACHABLE = "unreachable", _("No contact on file reaches the person")


class LegalDisclosure(RequestedChange):
    """One demand of an authority for a person's data, its review, approval, and what was disclosed (policy §6).

    The client sees it unless ``is_secret``, the copy of a person's data only names those of which someone was informed.
    """

    wall = TablePolicy(
        EDIT,
        personal=classify(
            none=(
                "authority instrument reference demanded scope ground disclosed what_went informed not_informed "
                "requested_kind"
            )
        ),
    )

    subject = RowKey(Subject)
    authority = models.CharField(max_length=200)
    instrument = models.CharField(max_length=20, choices=Instrument)
    reference = models.CharField("reference number", max_length=100)
    received_on = models.DateField("received on")
    demanded = CodesField(help_text="Codes of the data categories demanded.")
    scope = models.TextField(max_length=2000, help_text="What is demanded, and for which period. Do not name people.")
    ground = models.TextField(
        "review", max_length=2000, help_text="Whether the demand is valid and how it was narrowed. Do not name people."
    )
    is_secret = models.BooleanField(
        "kept from the client", default=True, db_default=True, help_text="The instrument forbids to inform the client."
    )
    disclosed_at = models.DateTimeField(null=True)
    disclosed = CodesField(help_text="Codes of the data categories disclosed.")
    what_went = models.TextField(max_length=2000, blank=True, help_text="What was handed over. Do not name people.")
    informed = models.CharField("who was informed", max_length=16, choices=Informed, blank=True, default="")
    informed_on = models.DateField("informed on", null=True)
    not_informed = models.CharField("why not informed", max_length=16, choices=NotInformed, blank=True, default="")

    due = (due_by_second_person(_("Legal disclosures"), Capability.SUPERVISE, severity=Severity.URGENT),)

    class Meta:
        verbose_name = "legal disclosure"
        verbose_name_plural = "legal disclosures"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(disclosed_at=None, disclosed=[], informed="", informed_on=None, not_informed="")
                | Q(state=ChangeState.APPROVED, disclosed_at__gte=F("settled_at")) & ~Q(disclosed=[]),
                name="legaldisclosure_approved_first",
            ),
            models.CheckConstraint(
                condition=Q(disclosed_at=None)
                | ~Q(informed="") & Q(informed_on__isnull=False, not_informed="")
                | Q(informed="", informed_on=None) & ~Q(not_informed=""),
                name="legaldisclosure_informed_or_why_not",
            ),
            models.CheckConstraint(
                condition=Q(disclosed__contained_by=F("demanded")), name="legaldisclosure_not_more_than_demanded"
            ),
            *second_person_constraints("legaldisclosure"),
            has_a_ground("legaldisclosure"),
        ]
        indexes = [
            models.Index(fields=["client", "subject"], name="legaldisclosure_of_person"),
            *newest_first("requested_at", "legaldisclosure_by_time"),
            *newest_first("requested_at", "legaldisclosure_by_state", by="state"),
        ]

    def __str__(self) -> str:
        return f"{self.get_instrument_display()}: {self.get_state_display()}"


class Disclosure(TenantRow, ActorStamp):
    """A report that data was shared with a recipient; ``reason`` is the decision's: ``permitted``, or why denied."""

    wall = TablePolicy(APPEND, personal=classify(none="purpose categories reason"))
    copied = Copied(
        "disclosures",
        _("Who received your data"),
        "recipient=recipient__name countries=recipient__countries purpose categories shared_at decision=reason "
        "system=system__code",
    )

    subject = RowKey(Subject)
    recipient = RowKey(Recipient)
    recipient_owner = models.UUIDField(editable=False)
    purpose = models.CharField(max_length=63)
    categories = CodesField()
    reason = models.CharField("decision", max_length=64, help_text="The decision at the time of sharing.")
    is_denied = models.BooleanField("denied")
    system = RowKey(System, null=True)
    system_owner = models.UUIDField(null=True, editable=False)
    shared_at = models.DateTimeField()
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["-reported_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_denied=False, reason=Reason.PERMITTED) | Q(is_denied=True) & ~Q(reason=Reason.PERMITTED),
                name="disclosure_denied_for_a_reason",
            ),
            models.CheckConstraint(condition=~Q(categories=[]), name="disclosure_of_something"),
            models.CheckConstraint(condition=Q(shared_at__lte=F("reported_at")), name="disclosure_not_in_future"),
        ]
        indexes = [
            models.Index(fields=["client", "subject", "-shared_at"], name="disclosure_of_person"),
            models.Index(fields=["client", "subject", "-reported_at", "-id"], name="disclosure_listed_of_person"),
            *newest_first("reported_at", "disclosure_by_time"),
            *newest_first("reported_at", "disclosure_denied", condition=Q(is_denied=True)),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {', '.join(self.categories)}"


class TransferKind(models.TextChoices):
    """The kinds of business transfer of the policy (§6)."""

    MERGER = "merger", _("Merger")
    ACQUISITION = "acquisition", _("Acquisition")
    ASSET_SALE = "asset_sale", _("Sale of assets")


class BusinessTransfer(RequestedChange):
    """One business transfer of PakTaleem (policy §6); ``announced_as`` is the notice version that announces it."""

    wall = TablePolicy(EDIT, personal=classify(none="other_party text_en text_ur kind requested_kind ground"))

    kind = models.CharField(max_length=16, choices=TransferKind)
    other_party = models.CharField("other party", max_length=200, help_text="The company that receives the business.")
    text_en = models.TextField(
        "text (English)", max_length=5000, help_text="What is transferred, and what changes for clients and people."
    )
    text_ur = models.TextField("text (Urdu)", max_length=5000)
    takes_place_on = models.DateField("takes place on", help_text="Every client is notified 30 days before it.")
    announced_as = models.UUIDField(null=True, editable=False)

    due = (due_by_second_person(_("Business transfers"), Capability.SUPERVISE),)

    class Meta:
        verbose_name = "business transfer"
        verbose_name_plural = "business transfers"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(client_id=PAKTALEEM), name="businesstransfer_of_paktaleem"),
            models.CheckConstraint(
                condition=Q(state=ChangeState.APPROVED, announced_as__isnull=False)
                | ~Q(state=ChangeState.APPROVED) & Q(announced_as=None),
                name="businesstransfer_approved_is_announced",
            ),
            *second_person_constraints("businesstransfer"),
            has_a_ground("businesstransfer"),
        ]
        indexes = [*newest_first("requested_at", "businesstransfer_by_time")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.other_party}"
