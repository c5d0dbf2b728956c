"""Guardians' answers about the service, and schools' own authorisations."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Guardianship, Verification
from children.guardians.models.rows import AuthoredRow, ChildRow
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import APPEND, EDIT, Personal, Scope, TablePolicy
from paktaleem.foundation.times import format_date


class Decision(models.TextChoices):
    """An answer about the service: given, refused or withdrawn."""

    GIVEN = "given", _("Given")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Route(models.TextChoices):
    """The route by which an answer was received."""

    SCHOOL = "school", _("Through the school, with its evidence")
    IN_PERSON = "in_person", _("In person")
    PAPER = "paper", _("On paper")
    PORTAL = "portal", _("On a page of this portal")
    PHONE = "phone", _("By telephone")


class ServiceAuthorisation(AuthoredRow):
    """A guardian's answer about the service for one child, or the child's own refusal. Append-only.

    The latest answer of each guardian counts (``children.guardians.authority``). ``shares`` is the separate answer
    about outside recipients (COPPA, 16 CFR 312.5(a)(2)); None if that was not asked.
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        disposed_as="person",
        personal={
            "actor_role": Personal.NONE,
            "evidence_reference": Personal.SEALED,
            "shown_hash": Personal.NONE,
            "language": Personal.NONE,
        },
    )

    child = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    guardian = models.ForeignKey(
        Subject, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    guardianship = models.ForeignKey(
        Guardianship, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    verification = models.ForeignKey(
        Verification, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    decision = models.CharField(max_length=16, choices=Decision)
    shares = models.BooleanField(null=True)
    route = models.CharField(max_length=16, choices=Route)
    evidence_reference = SealedField()
    file = models.ForeignKey(
        SealedFile, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    shown_hash = models.CharField(max_length=64, blank=True, help_text="Hash of the text that was shown.")
    language = models.CharField(max_length=8, blank=True)
    claimed_at = models.DateTimeField(null=True, help_text="Time of the answer according to the client.")
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "guardian's answer"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(guardian=None, guardianship=None) | Q(guardian__isnull=False, guardianship__isnull=False),
                name="serviceauthorisation_guardian_stands",
            ),
            models.CheckConstraint(
                condition=~Q(decision=Decision.GIVEN)
                | Q(guardian__isnull=False, guardianship__isnull=False, verification__isnull=False),
                name="serviceauthorisation_given_by_verified",
            ),
            models.CheckConstraint(condition=~Q(child=F("guardian")), name="serviceauthorisation_not_by_child"),
            models.CheckConstraint(
                condition=Q(decision=Decision.GIVEN) | Q(shares=None), name="serviceauthorisation_no_shares_nothing"
            ),
            models.CheckConstraint(
                condition=Q(claimed_at=None) | Q(claimed_at__lte=F("recorded_at")),
                name="serviceauthorisation_claimed_not_future",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("recorded_at")),
                name="serviceauthorisation_period",
            ),
        ]
        indexes = [
            models.Index(
                fields=["client", "child", "guardianship", "-recorded_at", "-id"], name="serviceauthorisation_of_child"
            ),
            *newest_first("recorded_at", "serviceauth_by_time"),
            *newest_first("recorded_at", "serviceauth_by_decision", by="decision"),
        ]

    def __str__(self) -> str:
        """Return the answer and its date."""
        return f"{self.get_decision_display()} {format_date(self.recorded_at)}"


class SchoolAuthorisation(ChildRow):
    """A school's own authorisation of a child's use of the service for education; never shown as a guardian's consent.

    It names the contract and the responsible official (34 CFR 99.31(a)(1)(i)(B)). By itself it permits nothing
    (PakTaleem's policy §8).
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        disposed_as="person",
        personal={"contract_reference": Personal.NONE, "official": Personal.SEALED},
    )

    child = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    contract_reference = models.CharField(
        "contract", max_length=100, help_text="The number of the contract. Do not name people."
    )
    official = SealedField()
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = "school authorisation"
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="schoolauthorisation_period"
            ),
            models.UniqueConstraint(
                fields=["client", "child"], condition=Q(ends_at=None), name="schoolauthorisation_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["client", "child", "id"], name="schoolauthorisation_of_child"),
            *newest_first("starts_at", "schoolauth_by_time"),
        ]

    def __str__(self) -> str:
        """Return the contract number."""
        return self.contract_reference
