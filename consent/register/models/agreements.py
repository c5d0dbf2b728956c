"""Service agreements, instructions of clients, and recipients of data."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext

from consent.register.models.rows import (
    CodesField,
    PeriodRow,
    RegisterRow,
    catalogue_owner,
    period_is_ordered,
    period_is_ordered_or_empty,
)
from paktaleem.foundation.accounts.models import code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy

__all__ = ["AgreementSuspension", "Instruction", "Recipient", "RecipientApproval", "ServiceAgreement"]

_NONE = Personal.NONE


class ServiceAgreement(PeriodRow):
    """One service agreement between PakTaleem and a client (policy §7): a draft until it is signed.

    After its end, data may still be deleted, and stored until ``exit_until``, so that it can be returned.
    """

    change_capability = Capability.MANAGE_AGREEMENTS

    wall = TablePolicy(Scope.TENANT, EDIT, personal={"reference": _NONE})

    reference = models.CharField(max_length=100, help_text="The reference number of the agreement.")
    signed_at = models.DateTimeField(null=True, blank=True)
    exit_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="End of the exit period: until then, data may be stored after the agreement's end for its return.",
    )

    history = History()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["client", "reference"], name="serviceagreement_reference_unique"),
            period_is_ordered_or_empty("serviceagreement_period"),
            models.CheckConstraint(
                condition=Q(exit_until=None) | Q(ends_at__isnull=False, exit_until__gte=F("ends_at")),
                name="serviceagreement_exit_follows_end",
                violation_error_message="The exit day lies after the agreement's end.",
            ),
        ]

    def __str__(self) -> str:
        """Show the reference."""
        return self.reference

    def state(self, at: datetime) -> str:
        """Return the state, ignoring suspensions: cancelled, draft, upcoming, active or ended."""
        if self.is_cancelled:
            return "cancelled"
        if self.signed_at is None or self.signed_at > at:
            return "draft"
        if at < self.starts_at:
            return "upcoming"
        return "ended" if self.ends_at is not None and self.ends_at <= at else "active"


class AgreementSuspension(PeriodRow):
    """One suspension of an agreement: data is stored and deleted, and not otherwise processed."""

    change_capability = Capability.MANAGE_AGREEMENTS

    wall = TablePolicy(Scope.TENANT, EDIT)

    agreement = models.ForeignKey(
        ServiceAgreement, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )

    history = History()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [period_is_ordered_or_empty("agreementsuspension_period")]

    def __str__(self) -> str:
        """Return the start day."""
        return gettext("suspended from {day}").format(day=f"{self.starts_at:%Y-%m-%d}")


class Instruction(PeriodRow):
    """One documented instruction of a client: which purposes, categories and recipients its agreement covers."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(
        Scope.TENANT, EDIT, personal={"purposes": _NONE, "categories": _NONE, "recipients": _NONE, "document": _NONE}
    )

    agreement = models.ForeignKey(
        ServiceAgreement, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    document = models.CharField(max_length=200, help_text="Where the instruction is written down.")
    purposes = CodesField(help_text="Codes of the purposes instructed.")
    categories = CodesField(help_text="Codes of the data categories covered.")
    recipients = CodesField(help_text="Codes of the recipients with whom data may be shared.")

    history = History()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [period_is_ordered_or_empty("instruction_period")]

    def __str__(self) -> str:
        """Show the document."""
        return self.document


class Recipient(RegisterRow):
    """One third-party provider with whom data may be shared (policy §6), under a data processing agreement."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(
        Scope.CATALOGUE,
        EDIT,
        personal=dict.fromkeys(("code", "name", "service", "agreement_reference", "countries", "address"), _NONE),
    )

    code = models.CharField(max_length=63, validators=[code_validator])
    name = models.CharField(max_length=200)
    service = models.CharField(max_length=200, help_text="The service it provides: hosting, payment, messages …")
    agreement_reference = models.CharField(max_length=100, help_text="The data processing agreement.")
    countries = models.CharField(
        max_length=200, blank=True, help_text="ISO 3166 codes, such as PK, IE; the country of its seat first."
    )
    address = models.CharField(
        "postal address",
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Street, place and postal code: shown on receipts.",
    )

    history = History()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["client", "code"], name="recipient_code_unique")]

    def __str__(self) -> str:
        """Show the name."""
        return self.name


class RecipientApproval(PeriodRow):
    """One period in which a recipient is approved for purposes and categories, after the objection period."""

    change_capability = Capability.MANAGE_AGREEMENTS

    wall = TablePolicy(Scope.CATALOGUE, EDIT, personal={"purposes": _NONE, "categories": _NONE})

    recipient = models.ForeignKey(Recipient, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    recipient_owner = catalogue_owner()
    purposes = CodesField()
    categories = CodesField()
    objection_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then clients may object, and nothing is shared."
    )

    history = History()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [period_is_ordered("recipientapproval_period")]

    def __str__(self) -> str:
        """Return the start day."""
        return gettext("approved from {day}").format(day=f"{self.starts_at:%Y-%m-%d}")
