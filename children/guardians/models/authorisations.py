"""What guardians answered about the service, and what a school says it authorised itself."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Guardianship, Verification
from children.guardians.models.rows import ChildRow, Said
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.wall import APPEND, EDIT, Personal, Scope, Wall

__all__ = ["Decision", "Route", "SchoolAuthorisation", "ServiceAuthorisation"]


class Decision(models.TextChoices):
    """What was answered."""

    GIVEN = "given", _("Given")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Route(models.TextChoices):
    """On which way the answer reached us."""

    SCHOOL = "school", _("Through the school, with its evidence")
    IN_PERSON = "in_person", _("In person")
    PAPER = "paper", _("On paper")
    PORTAL = "portal", _("On a page of this portal")
    PHONE = "phone", _("By telephone")


class ServiceAuthorisation(Said):
    """One answer about the service for one child: a guardian's, or the child's own no. What was said stays said.

    The latest of each guardian counts (``children.guardians.authority``). ``shares`` is the answer about recipients
    outside, always apart from the first (COPPA, 16 CFR 312.5(a)(2)); empty where it was not asked.
    """

    wall = Wall(
        Scope.TENANT,
        APPEND,
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
    claimed_at = models.DateTimeField(null=True, help_text="When it was answered, as the client says.")
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
        """Show the answer and the day."""
        return f"{self.get_decision_display()} {self.recorded_at:%Y-%m-%d}"


class SchoolAuthorisation(ChildRow):
    """One school's own word that a child may use the service for education: never shown as a guardian's.

    It names the contract and the official who stands for it (34 CFR 99.31(a)(1)(i)(B)). Under PakTaleem's policy (§8)
    it opens nothing by itself.
    """

    wall = Wall(Scope.TENANT, EDIT, personal={"contract_reference": Personal.NONE, "official": Personal.SEALED})

    child = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    contract_reference = models.CharField("contract", max_length=100, help_text="The contract's number. Name nobody.")
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
        """Name the contract."""
        return self.contract_reference
