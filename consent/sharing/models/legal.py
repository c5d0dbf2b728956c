"""Models of disclosures that an authority demands by law."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.register.models.rows import CodesField
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy

_NONE = Personal.NONE


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
    """One demand of an authority for data of one person, its review and approval, and what was disclosed (policy §6).

    One officer reviews it, a second one approves it; only then may it be recorded as ``disclosed_at``. ``informed`` is
    who was informed, otherwise ``not_informed`` says why no one was. The copy of a person's data names it
    only if they were informed, because an order may forbid it. The client sees it unless ``is_secret``.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal=dict.fromkeys(
            (
                "authority",
                "instrument",
                "reference",
                "demanded",
                "scope",
                "review",
                "disclosed",
                "what_went",
                "informed",
                "not_informed",
                "requested_kind",
            ),
            _NONE,
        ),
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    authority = models.CharField(max_length=200)
    instrument = models.CharField(max_length=20, choices=Instrument)
    reference = models.CharField("reference number", max_length=100)
    received_on = models.DateField("received on")
    demanded = CodesField(help_text="Codes of the data categories demanded.")
    scope = models.TextField(max_length=2000, help_text="What is demanded, and for which period. Do not name people.")
    review = models.TextField(
        max_length=2000, help_text="Whether the demand is valid and how it was narrowed. Do not name people."
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
        ]
        indexes = [
            models.Index(fields=["client", "subject"], name="legaldisclosure_of_person"),
            *newest_first("requested_at", "legaldisclosure_by_time"),
            *newest_first("requested_at", "legaldisclosure_by_state", by="state"),
        ]

    def __str__(self) -> str:
        """Return the instrument and the state."""
        return f"{self.get_instrument_display()}: {self.get_state_display()}"
