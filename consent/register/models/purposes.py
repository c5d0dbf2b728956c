"""Purposes, the data categories they need, and their lawful bases."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, gettext, gettext_lazy as _

from consent.register.compiled import Basis, Capacity
from paktaleem.foundation.accounts.due import Due
from paktaleem.foundation.accounts.models import User, code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History, Tracked, TrackedQuerySet
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.rows import MigratesAs
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Personal, Scope, TablePolicy, classify
from paktaleem.foundation.text.places import CountryField
from paktaleem.foundation.text.times import format_date

_NOT_EMPTY = Q(ends_at=None) | Q(ends_at__gt=F("starts_at"))


class PeriodQuerySet[M: models.Model](TrackedQuerySet[M]):
    """Rows that are in force for a period [starts_at, ends_at)."""

    def active(self, at: datetime) -> Self:
        """Return the rows in force at ``at``."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)

    def uncancelled(self) -> Self:
        """Return the rows that were not cancelled before they started."""
        return self.filter(_NOT_EMPTY)


class RegisterRow(TenantRow, Tracked):
    """A row of the register, owned by a client (PakTaleem's are the shared catalogue), with its history."""

    change_capability: ClassVar[Capability | None] = None
    """The capability that ``change_register`` requires; None: rows of this kind have services of their own."""

    class Meta:
        abstract = True


class PeriodRow(RegisterRow):
    """A row of the register that is in force for a period [starts_at, ends_at); never backdated."""

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = PeriodQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_cancelled(self) -> bool:
        """True if it was cancelled before it started: its period is empty, so it was never in force."""
        return self.ends_at is not None and self.ends_at == self.starts_at

    def ends_after(self, before: Self) -> bool:
        """Return True if this row ends later than it did before, or no longer ends."""
        return before.ends_at is not None and (self.ends_at is None or self.ends_at > before.ends_at)


def check_distinct_codes(codes: list[str]) -> None:
    """Raise ValidationError for duplicate codes."""
    if len(set(codes)) != len(codes):
        raise ValidationError("Name each code once.")


class CodesField(MigratesAs, ArrayField):  # type: ignore[type-arg]  # not generic at run time
    """A set of codes of the register (purposes, categories, recipients), stored in one column."""

    migrates_as = "django.contrib.postgres.fields.ArrayField"

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("base_field", None)
        kwargs.pop("size", None)
        kwargs.setdefault("default", list)
        kwargs.setdefault("blank", True)
        super().__init__(models.CharField(max_length=63, validators=[code_validator]), **kwargs)
        self.validators = [*self.validators, check_distinct_codes]


def catalogue_owner() -> models.UUIDField:  # type: ignore[type-arg]
    """Return the column with the owner of a referenced catalogue row: the row's own client, or PakTaleem."""
    return models.UUIDField(editable=False)


def period_is_ordered(name: str) -> models.CheckConstraint:
    """Return a constraint that a period ends after it starts."""
    return models.CheckConstraint(condition=_NOT_EMPTY, name=name)


def period_is_ordered_or_empty(name: str) -> models.CheckConstraint:
    """Return a constraint that a period ends after it starts, or is empty: such a row was cancelled (decision 0078)."""
    return models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name=name)


class Automated(models.TextChoices):
    """Whether a purpose evaluates people, or decides about them, by automated means (GDPR Art. 4(4) and 22)."""

    NONE = "none", _("Neither profiling nor automated decisions")
    PROFILING = "profiling", _("Profiling: people are evaluated automatically")
    DECISION = "decision", _("Automated decisions with legal or similarly significant effect")


_NONE = Personal.NONE
SALE_CODES = r"(^|_)(sales?|sell|sells|selling|sold|resale|resell)(_|$)"
SALE_TERMS = r"(^|[:#/])(Sell|Resell)"
"""Patterns of codes and DPV terms of a sale, which no purpose may have."""


class CodeAndName(RegisterRow):
    """A catalogue row with a code that never changes and a name in both languages."""

    code = models.CharField(max_length=63, validators=[code_validator])
    name_en = models.CharField("name (English)", max_length=200)
    name_ur = models.CharField("name (Urdu)", max_length=200)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name_ur if get_language() == "ur" else self.name_en


_NAMED = {"code": _NONE, "name_en": _NONE, "name_ur": _NONE}


class DataCategory(CodeAndName):
    """One type of personal data (policy §1)."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(EDIT, Scope.CATALOGUE, personal=_NAMED)
    history = History()

    class Meta:
        verbose_name_plural = "data categories"
        ordering = ["code"]
        constraints = [unique_in_client("datacategory_code_unique", "code")]


class Occasion(CodeAndName):
    """One occasion on which personal data is collected (policy §1)."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(EDIT, Scope.CATALOGUE, personal=_NAMED)
    history = History()

    class Meta:
        ordering = ["code"]
        constraints = [unique_in_client("occasion_code_unique", "code")]


class Purpose(CodeAndName):
    """One specific, legitimate purpose of processing, and the categories of data it needs (policy §2). Never a sale."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(
        EDIT,
        Scope.CATALOGUE,
        personal={**_NAMED, **classify(none="description_en description_ur categories dpv_term risks")},
    )

    description_en = models.TextField("description (English)")
    description_ur = models.TextField("description (Urdu)")
    categories = CodesField(help_text="The data categories this purpose needs, and no more.")
    dpv_term = models.CharField(
        "DPV term", max_length=100, blank=True, help_text="The broader W3C DPV purpose, such as dpv:ServiceProvision."
    )
    automated = models.CharField(
        "automated decisions",
        max_length=16,
        choices=Automated,
        default=Automated.NONE,
        db_default=Automated.NONE,
        help_text="Denied until it is described to people, and a second person approved that.",
    )
    risks = ArrayField(
        models.CharField(max_length=63),
        verbose_name="risks",
        default=list,
        db_default=[],
        blank=True,
        help_text="What is true of this purpose. Two of these, children and profiling counted too, need an impact "
        "assessment; some laws ask for it sooner.",
    )
    is_active = models.BooleanField(default=True)
    is_sale = models.BooleanField(default=False, editable=False)
    needs_account = models.BooleanField(
        "only serves an open account",
        default=True,
        db_default=True,
        help_text="After a person's account is closed, collecting, processing and sharing are denied for this purpose. "
        "Storing, deleting and legal obligations stay allowed.",
    )
    consent_months = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Validity of a consent in months; empty: it does not expire."
    )

    renew_days = models.PositiveSmallIntegerField(
        "renewal requested (days before expiry)",
        default=30,
        db_default=30,
        help_text="Renewal is requested this many days before a consent expires; until then it remains in force.",
    )

    history = History()

    class Meta:
        ordering = ["code"]
        constraints = [
            unique_in_client("purpose_code_unique", "code"),
            models.CheckConstraint(
                condition=Q(consent_months=None) | Q(consent_months__gte=1),
                name="purpose_consent_lasts_a_month",
                violation_error_message="A consent lasts a month at least; leave it empty if it does not expire.",
            ),
            models.CheckConstraint(
                condition=Q(is_sale=False) & ~Q(code__regex=SALE_CODES) & ~Q(dpv_term__regex=SALE_TERMS),
                name="purpose_is_never_a_sale",
                violation_error_message="PakTaleem never sells personal data: a sale cannot be a purpose.",
            ),
        ]


BASES = {
    Basis.CONSENT: _("Consent"),
    Basis.CONTRACT: _("Contract"),
    Basis.LEGAL_OBLIGATION: _("Legal obligation"),
    Basis.LEGITIMATE_INTEREST: _("Legitimate interest"),
}
"""The lawful bases with their names."""
CAPACITIES = {
    Capacity.CONTROLLER: _("PakTaleem is controller"),
    Capacity.JOINT: _("PakTaleem and the client are joint controllers"),
    Capacity.PROCESSOR: _("PakTaleem is processor"),
}
"""PakTaleem's roles in the processing with their names."""


class BalancingTest(RegisterRow):
    """One balancing test of a legitimate interest against the person's rights, signed by an officer (policy §3)."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(EDIT, Scope.CATALOGUE, personal=classify(none="interest necessity balance safeguards"))

    purpose = RowKey(Purpose)
    purpose_owner = catalogue_owner()
    interest = models.TextField(help_text="Which interest is pursued?")
    necessity = models.TextField(help_text="Why is the processing necessary for it?")
    balance = models.TextField(help_text="Why does it not override the person's rights, especially a child's?")
    safeguards = models.TextField(blank=True)
    signed_at = models.DateTimeField(null=True, blank=True, editable=False)
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True, editable=False)

    history = History()

    due = (
        Due(
            label=_("Balancing tests unsigned"),
            note=_("required before legitimate interest is used"),
            who=Capability.VIEW_RECORDS,
            rows=Q(signed_at=None),
            query="progress=unsigned",
        ),
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        if self.signed_at is None:
            return gettext("Balancing test, unsigned")
        return gettext("Balancing test, signed {day}").format(day=format_date(self.signed_at))


ROLES = [
    ("student", _("Student")),
    ("learner", _("Learner")),
    ("instructor", _("Instructor")),
    ("administrator", _("Administrator")),
    ("guardian", _("Guardian")),
]


class ListedLaw(RegisterRow):
    """One law of a country that legal obligations of clients there may cite; listed by PakTaleem's officers."""

    change_capability = Capability.MANAGE_AGREEMENTS

    wall = TablePolicy(EDIT, Scope.CATALOGUE, personal=classify(none="country citation"))

    country = CountryField(max_length=2)
    citation = models.CharField(
        max_length=200, help_text="As a legal obligation begins when it cites the law: Education Act 1976."
    )

    history = History()

    class Meta:
        verbose_name = "listed law"
        verbose_name_plural = "listed laws"
        ordering = ["country", "citation"]
        constraints = [unique_in_client("listedlaw_listed_once", "country", "citation")]

    def __str__(self) -> str:
        return self.citation


class LawfulBasis(PeriodRow):
    """The lawful basis of one purpose for one role at one client, from a day on (policy §3, §7).

    The latest started row is in force; a client's own row takes precedence, unless PakTaleem is controller.
    """

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(EDIT, Scope.CATALOGUE, personal=classify(none="legal_reference"))

    purpose = RowKey(Purpose)
    purpose_owner = catalogue_owner()
    role = models.CharField(max_length=16, choices=ROLES)
    basis = models.CharField(max_length=24, choices=BASES)
    legal_reference = models.CharField(
        max_length=300,
        blank=True,
        help_text="For a legal obligation: a law that PakTaleem has listed for the country, and the section.",
    )
    balancing_test = RowKey(BalancingTest, null=True, blank=True)

    history = History()

    class Meta:
        verbose_name = "lawful basis"
        verbose_name_plural = "lawful bases"
        ordering = ["purpose__code", "role", "-starts_at"]
        constraints = [
            unique_in_client("lawfulbasis_one_per_start", "purpose", "role", "starts_at", where=_NOT_EMPTY),
            models.CheckConstraint(
                condition=~Q(basis=Basis.LEGAL_OBLIGATION) | ~Q(legal_reference=""),
                name="lawfulbasis_legal_obligation_cites_law",
                violation_error_message="Cite the law and the section for a legal obligation.",
            ),
            period_is_ordered_or_empty("lawfulbasis_period"),
        ]
        indexes = newest_first("starts_at", "lawfulbasis_by_start")

    def __str__(self) -> str:
        return f"{self.get_basis_display()} ({self.get_role_display()})"


class RegisterVersion(TenantRow):
    """One version counter per client, raised by database triggers on every change that affects decisions."""

    wall = TablePolicy(EDIT, Scope.CATALOGUE)

    version = models.BigIntegerField(default=0)

    class Meta:
        constraints = [unique_in_client("registerversion_one_per_client")]


class PurposeCapacity(PeriodRow):
    """PakTaleem's capacity for one purpose, from a day on (policy §7); without a row it is processor.

    The latest started row is in force; a client's own row takes precedence over PakTaleem's.
    """

    change_capability = Capability.MANAGE_AGREEMENTS

    wall = TablePolicy(EDIT, Scope.CATALOGUE)

    purpose = RowKey(Purpose)
    purpose_owner = catalogue_owner()
    capacity = models.CharField(max_length=16, choices=CAPACITIES)

    history = History()

    class Meta:
        verbose_name = "controller or processor"
        verbose_name_plural = "controller or processor"
        ordering = ["purpose__code", "-starts_at"]
        constraints = [
            unique_in_client("purposecapacity_one_per_start", "purpose", "starts_at", where=_NOT_EMPTY),
            period_is_ordered_or_empty("purposecapacity_period"),
        ]
        indexes = newest_first("starts_at", "purposecapacity_by_start")

    def __str__(self) -> str:
        return str(self.get_capacity_display())


class SafeguardKind(StrEnum):
    """The codes of changes that weaken a safeguard of the register."""

    BASIS = "basis"
    CAPACITY = "capacity"
    ACCOUNT = "account"
    WORDS = "words"
    RECIPIENT = "recipient"
    SUSPENSION = "suspension"
    RISK = "risk"


class WideningKind(models.TextChoices):
    """The ways in which a purpose is widened."""

    CATEGORIES = "categories", _("More data categories")
    WORDS = "words", _("Other words for the purpose")
    PERIOD = "period", _("Data is kept longer")


class PurposeWidening(TenantRow):
    """One widening of a purpose: consents of people informed at or before ``widened_at`` are outdated. Append-only.

    ``added`` are the codes of the categories that were added or are kept longer, or the columns that changed. The
    database accepts new categories or words only in the transaction (``xact``) that records them here.
    """

    wall = TablePolicy(APPEND, Scope.CATALOGUE, personal=classify(none="added"))

    purpose = RowKey(Purpose)
    purpose_owner = catalogue_owner()
    kind = models.CharField(max_length=16, choices=WideningKind)
    added = CodesField()
    widened_at = models.DateTimeField()
    xact = models.BigIntegerField()

    class Meta:
        ordering = ["widened_at", "id"]
        indexes = [models.Index(fields=["client", "purpose"], name="widening_of_purpose")]

    def __str__(self) -> str:
        return str(self.get_kind_display())
