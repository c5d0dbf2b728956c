"""Service agreements, instructions of clients, and recipients of data: providers and their approvals."""

from datetime import datetime, timedelta

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import get_language, gettext, gettext_lazy as _

from consent.register.models.purposes import (
    CodesField,
    PeriodRow,
    RegisterRow,
    catalogue_owner,
    period_is_ordered_or_empty,
)
from paktaleem.foundation.accounts.due import Due
from paktaleem.foundation.accounts.models import code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.tenancy.models import RowKey, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, Limited, Scope, TablePolicy, classify
from paktaleem.foundation.text.times import format_date

_ENDS_SOON = timedelta(days=56)


class ServiceAgreement(PeriodRow):
    """One service agreement between PakTaleem and a client (policy §7): a draft until it is signed.

    After its end, data may still be deleted, and stored until ``exit_until``, so that it can be returned.
    """

    change_capability = Capability.MANAGE_AGREEMENTS

    wall = TablePolicy(EDIT, looked_up=True, personal=classify(none="reference extension_ground"), limited=Limited.READ)

    reference = models.CharField(max_length=100, help_text="The reference number of the agreement.")
    signed_at = models.DateTimeField(null=True, blank=True)
    exit_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="End of the exit period: until then, data may be stored after the agreement's end for its return.",
    )
    extended_until = models.DateField("duties extended until", null=True, editable=False)
    extension_ground = models.CharField(
        "ground of the extension", max_length=500, blank=True, default="", db_default="", editable=False
    )

    history = History()

    due = (
        Due(
            label=_("Agreements unsigned"),
            note=_("no data is processed under a draft"),
            who=Capability.VIEW_RECORDS,
            rows=Q(signed_at=None) & (Q(ends_at=None) | Q(ends_at__gt=F("starts_at"))),
            query="progress=unsigned",
        ),
        Due(
            label=_("Agreements that end"),
            note=_("within eight weeks"),
            who=Capability.DECIDE_FOR_CLIENT,
            rows=lambda rows, at: rows.filter(starts_at__lte=at, ends_at__gt=at, ends_at__lte=at + _ENDS_SOON),
            query="progress=ending",
            on="ends_at",
        ),
    )

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            unique_in_client("serviceagreement_reference_unique", "reference"),
            period_is_ordered_or_empty("serviceagreement_period"),
            models.CheckConstraint(
                condition=Q(extended_until=None) | ~Q(extension_ground=""), name="serviceagreement_extended_on_a_ground"
            ),
            models.CheckConstraint(
                condition=Q(exit_until=None) | Q(ends_at__isnull=False, exit_until__gte=F("ends_at")),
                name="serviceagreement_exit_follows_end",
                violation_error_message=_("The exit day lies after the agreement's end."),
            ),
        ]

    def __str__(self) -> str:
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

    wall = TablePolicy(EDIT, limited=Limited.READ)

    agreement = RowKey(ServiceAgreement)

    history = History()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [period_is_ordered_or_empty("agreementsuspension_period")]

    def __str__(self) -> str:
        return gettext("suspended from {day}").format(day=format_date(self.starts_at))


class Instruction(PeriodRow):
    """One documented instruction of a client: which purposes, categories and recipients its agreement covers."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(EDIT, personal=classify(none="purposes categories recipients document"), limited=Limited.READ)

    agreement = RowKey(ServiceAgreement)
    document = models.CharField(max_length=200, help_text="Where the instruction is written down.")
    purposes = CodesField(help_text="Codes of the purposes instructed.")
    categories = CodesField(help_text="Codes of the data categories covered.")
    recipients = CodesField(help_text="Codes of the recipients with whom data may be shared.")

    history = History()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [period_is_ordered_or_empty("instruction_period")]

    def __str__(self) -> str:
        return self.document


class RecipientKind(models.TextChoices):
    """The parts a recipient has in the processing (GDPR Art. 4(7) to 4(9) and 28(2))."""

    PROCESSOR = "processor", _("Processor")
    SUB_PROCESSOR = "sub_processor", _("Sub-processor")
    CONTROLLER = "controller", _("Independent controller")


class TransferGround(models.TextChoices):
    """The grounds on which data may leave the country (GDPR Art. 45 to 49)."""

    SAME_COUNTRY = "same_country", _("No transfer: the data stays in the client's country")
    ADEQUACY = "adequacy", _("Adequacy decision (Art. 45)")
    CLAUSES = "clauses", _("Standard contractual clauses (Art. 46(2)(c))")
    CORPORATE_RULES = "corporate_rules", _("Binding corporate rules (Art. 46(2)(b))")
    CONSENT = "consent", _("Explicit consent (Art. 49(1)(a))")
    CONTRACT = "contract", _("Needed for a contract with the person (Art. 49(1)(b))")
    LEGAL_CLAIM = "legal_claim", _("Needed for a legal claim (Art. 49(1)(e))")


def _list_unaudited(rows: QuerySet["Recipient"], at: datetime) -> QuerySet["Recipient"]:
    """Narrow recipients to providers that are approved now, without an audit that a second person approved."""
    of_recipient = {"recipient": OuterRef("pk"), "client_id": OuterRef("client_id")}
    approved = RecipientApproval.objects.active(at).filter(**of_recipient)
    assessments = apps.get_model("consent", "Assessment")._default_manager  # its module imports this one
    audits = assessments.filter(**of_recipient, kind="provider", replaced_at=None, reviewed_at__isnull=False)
    return rows.exclude(kind=RecipientKind.CONTROLLER).filter(Exists(approved), ~Exists(audits))


class Recipient(RegisterRow):
    """One third-party provider with whom data may be shared (policy §6), under a data processing agreement.

    Data is never sold: the database accepts no row without ``no_consideration``. Once it is approved, its part, its
    countries and the ground of a transfer cannot change, and other changes take a second officer.
    """

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(
        EDIT,
        Scope.CATALOGUE,
        personal=classify(none="code name service service_ur agreement_reference countries address assurances"),
    )

    code = models.CharField(max_length=63, validators=[code_validator])
    name = models.CharField(max_length=200)
    service = models.CharField(max_length=200, help_text="The service it provides: hosting, payment, messages …")
    service_ur = models.CharField(
        "service (Urdu)", max_length=200, blank=True, default="", db_default="", help_text="Empty: shown in English."
    )
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
    kind = models.CharField(
        max_length=16,
        choices=RecipientKind,
        default=RecipientKind.PROCESSOR,
        db_default=RecipientKind.PROCESSOR,
        help_text="The part it has in the processing.",
    )
    agreement_starts_at = models.DateTimeField(
        null=True, blank=True, help_text="Nothing is shared before it. Empty: no such limit."
    )
    agreement_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="Nothing is shared after it. Empty: until further notice."
    )
    transfer_ground = models.CharField(
        "ground of a transfer",
        max_length=16,
        choices=TransferGround,
        blank=True,
        default="",
        db_default="",
        help_text="On which ground data goes to these countries; needed for any other country than PK.",
    )
    assurances = models.TextField(
        max_length=2000,
        blank=True,
        default="",
        db_default="",
        help_text="Certificates, audits and measures on which we rely. Do not name people.",
    )
    no_consideration = models.BooleanField(
        "no payment for the data",
        default=True,
        db_default=True,
        editable=False,
        help_text="Personal data is never sold: nothing of value is received for it.",
    )

    history = History()

    due = (
        Due(
            label=_("Providers to audit"),
            note=_("approved, and no audit is recorded"),
            who=Capability.MANAGE_REGISTER,
            rows=_list_unaudited,
            query="progress=unaudited",
        ),
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            unique_in_client("recipient_code_unique", "code"),
            models.CheckConstraint(condition=Q(no_consideration=True), name="recipient_is_never_a_sale"),
            models.CheckConstraint(
                condition=Q(agreement_ends_at=None)
                | Q(agreement_starts_at=None)
                | Q(agreement_ends_at__gt=F("agreement_starts_at")),
                name="recipient_agreement_period",
                violation_error_message=_("The agreement ends after it starts."),
            ),
            models.CheckConstraint(
                condition=~Q(transfer_ground="") | Q(countries__in=["", "PK"]),
                name="recipient_transfer_has_a_ground",
                violation_error_message=_("Choose the ground on which data goes to these countries."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def list_countries(self) -> tuple[str, ...]:
        """Return the ISO 3166 codes of its countries."""
        return tuple(self.countries.replace(",", " ").upper().split())

    def describe_service(self, language: str) -> str:
        """Return the service in a language; in English if it has no text in Urdu."""
        return (self.service_ur if language == "ur" else "") or self.service

    @property
    def service_here(self) -> str:
        return self.describe_service(get_language() or "en")


class RecipientApproval(PeriodRow):
    """One period in which a recipient is approved for purposes and categories, after the objection period.

    PakTaleem's is announced as the notice version ``announced_as``; the objection period of a client ends when that
    takes effect there. A consent given before data may be shared with the recipient does not cover it.
    """

    change_capability = Capability.MANAGE_AGREEMENTS

    wall = TablePolicy(EDIT, Scope.CATALOGUE, personal=classify(none="purposes categories"))

    recipient = RowKey(Recipient)
    recipient_owner = catalogue_owner()
    purposes = CodesField()
    categories = CodesField()
    objection_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then clients may object, and nothing is shared."
    )
    is_integral = models.BooleanField(
        "part of the service",
        default=False,
        db_default=False,
        help_text="The service cannot be provided without this recipient. If not, sharing needs a purpose of its own "
        "that is based on consent.",
    )
    announced_as = models.UUIDField(null=True, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)

    history = History()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [period_is_ordered_or_empty("recipientapproval_period")]

    def __str__(self) -> str:
        return gettext("approved from {day}").format(day=format_date(self.starts_at))
