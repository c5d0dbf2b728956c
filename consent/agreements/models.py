"""Signatures and documents of agreements, contacts of clients, attested duties."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy as _

from consent.agreements.duties import DUTIES
from consent.register.models.agreements import ServiceAgreement
from consent.register.models.purposes import PeriodRow, period_is_ordered_or_empty
from paktaleem.directory.files.services import SealedDocument
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import (
    ChangeState,
    RequestedChange,
    has_a_ground,
    second_person_constraints,
)
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.encryption.wrapped_secrets import row_keys
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify
from paktaleem.foundation.text.times import format_date


class Side(models.TextChoices):
    """The two sides of an agreement."""

    PAKTALEEM = "paktaleem", _("PakTaleem")
    CLIENT = "client", _("The client")


class DocumentKind(models.TextChoices):
    """Kinds of documents of an agreement."""

    AGREEMENT = "agreement", _("Agreement")
    AMENDMENT = "amendment", _("Amendment")
    INSTRUCTION = "instruction", _("Written instruction")
    OTHER = "other", _("Other document")


class AgreementDocument(SealedDocument):
    """One document of an agreement: a file sealed under a key of its own, as it names the people who sign."""

    wall = TablePolicy(
        EDIT, disposed_as="agreement_documents", personal=classify(none="kind file_kind", credential="wrapped")
    )

    agreement = RowKey(ServiceAgreement)
    kind = models.CharField(max_length=16, choices=DocumentKind)

    class Meta:
        ordering = ["-added_at", "-id"]
        indexes = [models.Index(fields=["client", "agreement"], name="document_of_agreement")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {format_date(self.added_at)}"


DOCUMENT_KEYS = row_keys(AgreementDocument)


class AgreementSigning(RequestedChange):
    """One signing of an agreement: one side signs first (``requested_by``), the other second (``settled_by``).

    ``first_side`` is the side that signed first. ``paper`` is the document with the client's signature, if an officer
    recorded it; another officer signs for PakTaleem, before or after. ``terms_hash`` is the SHA-256 of the terms that
    both sign: if they change in between, the first signature is replaced.
    """

    wall = TablePolicy(
        EDIT, looked_up=True, personal=classify(none="first_side terms_hash requested_kind ground state")
    )

    agreement = RowKey(ServiceAgreement)
    first_side = models.CharField(max_length=16, choices=Side)
    paper = RowKey(AgreementDocument, null=True)
    terms_hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "signing of an agreement"
        verbose_name_plural = "signings of agreements"
        ordering = ["-requested_at", "-id"]
        constraints = [
            unique_in_client(
                "agreementsigning_one_at_a_time",
                "agreement",
                where=Q(state__in=[ChangeState.WAITING, ChangeState.APPROVED]),
            ),
            models.CheckConstraint(
                condition=Q(paper=None) | Q(first_side=Side.CLIENT) | Q(state=ChangeState.APPROVED),
                name="agreementsigning_paper_is_the_clients",
            ),
            *second_person_constraints("agreementsigning"),
            has_a_ground("agreementsigning"),
        ]
        indexes = [models.Index(fields=["state", "first_side"], name="agreementsigning_by_state")]

    def __str__(self) -> str:
        return gettext("Signing of {day}").format(day=format_date(self.requested_at))


class ContactKind(models.TextChoices):
    """Kinds of contacts of a client."""

    PRIVACY = "privacy", _("Privacy contact")
    DPO = "dpo", _("Data protection officer")
    NOTICES = "notices", _("Receives notices")


class ClientContact(PeriodRow):
    """One contact of a client, for a period. Name and address are sealed as those of any other person."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(EDIT, personal=classify(none="kind"))
    copied = Copied(
        "client_contacts",
        _("You as a contact of your institution"),
        "kind starts_at ends_at",
        titles={"kind": _("Contact for")},
    )

    kind = models.CharField(max_length=16, choices=ContactKind)
    subject = RowKey(Subject)

    history = History()

    class Meta:
        ordering = ["kind", "-starts_at"]
        constraints = [period_is_ordered_or_empty("clientcontact_period")]
        indexes = [
            models.Index(fields=["client", "subject"], name="clientcontact_of_person"),
            *newest_first("starts_at", "clientcontact_by_start"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class DutyAttestation(TenantRow):
    """One duty that a client's administrator attested for a year, with the version and the hash of its text."""

    wall = TablePolicy(APPEND, personal=classify(none="duty notice_url text_hash"))

    duty = models.CharField(max_length=24, choices=[(duty.code, _(duty.title)) for duty in DUTIES])
    notice_url = models.URLField("link", max_length=300, blank=True, default="", help_text="Where users are informed.")
    text_version = models.PositiveSmallIntegerField()
    text_hash = models.CharField(max_length=64)
    valid_until = models.DateField("valid until")
    attested_by = models.UUIDField()
    attested_at = models.DateTimeField("attested")

    class Meta:
        verbose_name = "attested duty"
        verbose_name_plural = "attested duties"
        ordering = ["-attested_at", "-id"]
        constraints = [
            unique_in_client("dutyattestation_once_a_day", "duty", "valid_until"),
            models.CheckConstraint(
                condition=~Q(duty="users_informed") | ~Q(notice_url=""), name="dutyattestation_informed_by_a_link"
            ),
        ]
        indexes = newest_first("attested_at", "dutyattestation_by_time")

    def __str__(self) -> str:
        return gettext("{duty}, until {day}").format(duty=self.get_duty_display(), day=self.valid_until)
