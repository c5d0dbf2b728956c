"""Models for clients, users, memberships and API keys."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.foundation.accounts.due import Due
from paktaleem.foundation.accounts.roles import KEY_SCOPES, OFFICER_ROLES, Capability
from paktaleem.foundation.accounts.staff_changes import ROLES_OF_STAFF
from paktaleem.foundation.accounts.thresholds import FULL_AGE, HIGHEST, LOWEST, Thresholds
from paktaleem.foundation.audit.history import History, Tracked, TrackedQuerySet
from paktaleem.foundation.law.profiles import (
    Authority,
    ContactLaw,
    Profile,
    Rules,
    read_ages,
    read_authorities,
    read_contact_law,
    read_law,
)
from paktaleem.foundation.tenancy.models import TenantRow, unique_in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, MigratesAs, new_id
from paktaleem.foundation.tenancy.tables import EDIT, Limited, Scope, TablePolicy, classify
from paktaleem.foundation.text.countries import is_country
from paktaleem.foundation.text.places import CountryField, TimeZoneField


def validate_thresholds(by_country: dict[str, int], lowest: int = LOWEST) -> None:
    """Raise ValidationError unless all keys are ISO 3166 country codes and all ages are from ``lowest`` to 21."""
    for country, years in by_country.items():
        if not is_country(country):
            raise ValidationError(f"“{country}” is not a two-letter ISO 3166 code. Use a code such as DE.")
        if isinstance(years, bool) or not isinstance(years, int) or not lowest <= years <= HIGHEST:
            raise ValidationError(f"{country}: use a whole number of years from {lowest} to {HIGHEST}.")


class ThresholdsField(MigratesAs, models.JSONField):
    """Ages of consent by the ISO 3166 code of a country."""

    migrates_as = "django.db.models.JSONField"
    default_validators = [validate_thresholds]


class FullAgesField(ThresholdsField):
    """Full ages by the ISO 3166 code of a country: 18, as promised, or more."""

    default_validators = [partial(validate_thresholds, lowest=FULL_AGE)]


code_validator = RegexValidator(r"\A[a-z][a-z0-9_]{1,62}\Z", _("Use a–z, 0–9 and _, starting with a letter."))


RESERVED_CODES = (
    "children",
    "code",
    "compare",
    "decide",
    "give",
    "law",
    "leave",
    "link",
    "mine",
    "notices",
    "receipt",
    "versions",
)
"""Path segments that cannot be client codes, because of URLs such as ``/choices/<code>/`` and ``/requests/<code>/``."""

MAX_CLOCK_OFFSET = timedelta(days=25 * 366)
"""Largest clock offset of a sandbox: long enough for a newborn to reach the age of consent."""
TEST_KEY_PREFIX = "ptk_test_"
"""Prefix of the API keys of sandboxes, and of no other key."""


class Client(Tracked):
    """An institution with a service agreement (the tenant). PakTaleem itself is one."""

    wall = TablePolicy(
        EDIT,
        owner_column="id",
        looked_up=True,
        personal=classify(none="code name country address time_zone country_thresholds country_full_ages"),
        limited=Limited.READ,
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(
        max_length=63,
        unique=True,
        validators=[code_validator],
        help_text="Short name in the API and in addresses, such as mehran: a–z, 0–9 and _. It cannot be changed.",
    )
    name = models.CharField(max_length=200)
    country = CountryField(
        max_length=2, validators=[RegexValidator(r"\A[A-Z]{2}\Z", _("Use the two-letter ISO 3166 code, such as PK."))]
    )
    address = models.CharField(
        "postal address",
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Street, city and postal code, as printed on receipts.",
    )
    time_zone = TimeZoneField(max_length=64)
    serves_minors = models.BooleanField(default=True)
    age_threshold = models.PositiveSmallIntegerField(
        default=LOWEST,
        validators=[MinValueValidator(LOWEST), MaxValueValidator(HIGHEST)],
        help_text="A guardian decides for people below this age in years. At least 13; higher if the law requires it.",
    )
    country_thresholds = ThresholdsField(
        "age thresholds by country",
        default=dict,
        db_default={},
        blank=True,
        help_text="For countries of residence whose law sets a different age. The age threshold applies to all others.",
    )
    country_full_ages = FullAgesField(
        "full ages by country",
        default=dict,
        db_default={},
        blank=True,
        help_text="For countries of residence where guardians have access to a higher age than 18. An age that the law "
        "has lowered stays here until two people lower it.",
    )
    law_on = models.DateField(
        "ages by the law of", null=True, editable=False, help_text="The ages of the law profiles on this day count."
    )
    is_sandbox = models.BooleanField(
        default=False, help_text="A test environment for developers, without real people. Cannot be changed later."
    )
    clock_offset = models.DurationField(
        default=timedelta(), db_default=timedelta(), editable=False, help_text="How far a sandbox's clock is ahead."
    )
    created_at = models.DateTimeField(editable=False)

    history = History()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(age_threshold__range=(LOWEST, HIGHEST)), name="client_age_threshold_13_to_21"
            ),
            models.CheckConstraint(
                condition=Q(clock_offset=timedelta())
                | Q(is_sandbox=True, clock_offset__gt=timedelta(), clock_offset__lte=MAX_CLOCK_OFFSET),
                name="client_clock_moves_in_sandboxes_only",
            ),
            models.CheckConstraint(
                condition=Q(is_sandbox=False) | ~Q(id=PAKTALEEM), name="client_paktaleem_is_no_sandbox"
            ),
            models.CheckConstraint(
                condition=~Q(code__in=RESERVED_CODES),
                name="client_code_is_no_address_of_ours",
                violation_error_message="This code is used in the portal's own URLs. Choose another.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError naming the code if it is reserved."""
        if self.code in RESERVED_CODES:
            raise ValidationError({"code": f"“{self.code}” is used in the portal's own URLs. Choose another."})

    @property
    def client_id(self) -> UUID:
        """The client's own id, for code that handles any tenant row."""
        return self.id

    @property
    def thresholds(self) -> Thresholds:
        """The age thresholds, by country of residence: nowhere below the age by the law of the client's own country."""
        law = self._ages_by_law("consent_age")
        home = law.get(self.country, LOWEST)
        by_country = {country: max(years, home) for country, years in self.country_thresholds.items()}
        return Thresholds(max(self.age_threshold, home), by_country, self.country, law)

    @property
    def full_ages(self) -> Thresholds:
        """The full ages, by country of residence: from then on a guardian may not act for a person."""
        return self.thresholds.to_full_ages(self.adopted_full_ages)

    @property
    def adopted_full_ages(self) -> dict[str, int]:
        """The full ages to store: by the law, but nowhere below those that were stored; others are 18."""
        law, own = self._ages_by_law("full_age"), self.country_full_ages
        ages = {one: max(own.get(one, FULL_AGE), law.get(one, FULL_AGE)) for one in {*law, *own}}
        return {country: years for country, years in sorted(ages.items()) if country in own or years != FULL_AGE}

    def _ages_by_law(self, name: str) -> Mapping[str, int]:
        return read_ages(settings.LAW_PROFILES, self.law_on, name) if self.law_on else {}

    @property
    def contact_law(self) -> ContactLaw:
        """The law on marketing and directory information on the day whose law counts for it."""
        return read_contact_law(settings.LAW_PROFILES, self.law_on, self.country) if self.law_on else ContactLaw()

    @property
    def rules_in_force(self) -> Rules:
        """The rules of its law profile on the day whose law counts for it; the task ``adopt_law`` moves that day on."""
        return self.law_profile.on(self.law_on or date.min)

    @property
    def law_profile(self) -> Profile:
        """The law profile of its country; PakTaleem's promises if there is none."""
        return read_law(settings.LAW_PROFILES).find_profile(self.country)

    def day_at(self, at: datetime) -> date:
        """Return the day of a time in the client's time zone."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()

    def laws_at(self, at: datetime, *residences: str) -> tuple[Rules, ...]:
        """Return the rules in force on its day at a time: of its country, and of countries of residence that differ.

        Where people live elsewhere (ISO 3166; empty: here), both laws apply to them: readers take the stricter value of
        all, so the shorter time, no pause if one law has none, and consent if one law demands it.
        """
        law = read_law(settings.LAW_PROFILES)
        profiles = {one.code: one for one in map(law.find_profile, (self.country, *filter(None, residences)))}
        return tuple(profile.on(self.day_at(at)) for profile in profiles.values())

    def list_authorities(self, at: datetime, *residences: str) -> list[Authority]:
        """List the supervisory authorities: of countries of residence first, then its own; otherwise the operator's."""
        law = read_authorities(settings.LAW_PROFILES, self.day_at(at))
        named = {country: law[country] for country in (*residences, self.country) if country in law}
        return list(named.values()) or ([Authority(*settings.AUTHORITY[:2])] if settings.AUTHORITY else [])

    def find_authority(self, at: datetime, residence: str = "") -> Authority | None:
        """Return the authority for a person: of where they live if the law names one, otherwise the client's."""
        return next(iter(self.list_authorities(at, residence)), None)

    @property
    def is_paktaleem(self) -> bool:
        return self.id == PAKTALEEM


ERASED_DOMAIN = "@erased.invalid"
"""End of the address of an account that is erased; no email address ends so (RFC 2606)."""


class UserManager(BaseUserManager["User"]):
    """Finds users by email address, ignoring case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user with this email address."""
        return self.get(email__iexact=username or "")


class User(AbstractBaseUser):
    """A member of staff, of PakTaleem or a client, who can sign in.

    From ``erased_at`` on the row is without name and address: evidence names its id. The history has neither.
    """

    wall = TablePolicy(
        EDIT,
        Scope.GLOBAL,
        reason="users sign in before a client is chosen, and may work for several",
        officer=True,
        disposed_as="staff_accounts",
        personal=classify(staff="email full_name", none="language time_zone", credential="password"),
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField("email address", max_length=254)
    full_name = models.CharField(max_length=200)
    language = models.CharField(
        "language of emails",
        max_length=8,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
        help_text="Set to the language of the user's latest sign-in.",
    )
    time_zone = TimeZoneField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="In which the console shows times. Empty: the client's, for PakTaleem's staff the installation's.",
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(editable=False)
    sessions_ended_at = models.DateTimeField(null=True, editable=False, help_text="Earlier sessions are over.")
    erased_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    history = History(
        excluded_fields=["email", "full_name", "password", "last_login", "language", "time_zone", "sessions_ended_at"],
        stamped_only=True,
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(full_name="", is_active=False, email__endswith=ERASED_DOMAIN),
                name="user_erased_holds_nothing",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Former staff") if self.erased_at else self.email

    def get_session_auth_hash(self) -> str:
        """Return Django's hash of the password, with the time at which all sessions ended last."""
        return self._add_end(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Return the same hashes under the earlier secret keys."""
        return map(self._add_end, super().get_session_auth_fallback_hash())

    def _add_end(self, digest: str) -> str:
        return digest if self.sessions_ended_at is None else f"{digest}.{self.sessions_ended_at.isoformat()}"

    @property
    def is_staff(self) -> bool:
        return self.is_active  # permissions follow from memberships


class MembershipQuerySet(TrackedQuerySet["Membership"]):
    def active(self, at: datetime) -> "MembershipQuerySet":
        """Return the memberships in effect at ``at``; a suspended one is not."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at, suspended_at=None)


class Membership(TenantRow, Tracked):
    """A role of a user at a client from ``starts_at`` until ``ends_at``; locked while ``suspended_at`` is set.

    ``school_ids`` limit it to people of these schools, which the database enforces (``tenancy.school_limits``).
    """

    wall = TablePolicy(EDIT, looked_up=True, limited=Limited.BY_SCHOOLS, personal=classify(none="school_ids"))

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    role = models.CharField(max_length=32, choices=ROLES_OF_STAFF)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField("locked since", null=True, editable=False)
    school_ids = ArrayField(
        models.UUIDField(),
        verbose_name="limited to schools",
        null=True,
        blank=True,
        editable=False,
        help_text="Ids of the schools whose people the member sees. None: everyone of the client.",
    )

    objects: ClassVar = MembershipQuerySet.as_manager()
    history = History()

    class Meta:
        ordering = ["user__email"]
        constraints = [
            unique_in_client("membership_one_open_per_client", "user", where=Q(ends_at=None)),
            models.CheckConstraint(
                condition=~Q(role__in=sorted(role.value for role in OFFICER_ROLES)) | Q(client=PAKTALEEM),
                name="membership_officers_belong_to_paktaleem",
                violation_error_message=_(
                    "Officer roles are for PakTaleem only. Choose a role for the client's staff."
                ),
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=models.F("starts_at")), name="membership_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(school_ids=None) | Q(~Q(client=PAKTALEEM), school_ids__len__gt=0),
                name="membership_limit_names_schools",
            ),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


def validate_scopes(scopes: list[str]) -> None:
    """Raise ValidationError for unknown scopes."""
    unknown = sorted(set(scopes) - set(KEY_SCOPES))
    if unknown:
        raise ValidationError(f"Unknown scope {', '.join(unknown)}; allowed: {', '.join(sorted(KEY_SCOPES))}.")


class ScopesField(MigratesAs, ArrayField):  # type: ignore[type-arg]  # as above
    """A list of scopes."""

    migrates_as = "django.contrib.postgres.fields.ArrayField"
    default_validators = [validate_scopes]


EXPIRES_SOON = timedelta(days=30)
"""From this time before it ends an API key is to be rotated."""


class ApiKey(TenantRow, Tracked):
    """A key with which a client's system calls the API. Only its digest is stored."""

    wall = TablePolicy(EDIT, looked_up=True, personal=classify(none="name prefix scopes", credential="digest"))

    name = models.CharField(max_length=100, help_text="The system that uses the key.")
    prefix = models.CharField(
        max_length=16, editable=False, help_text="The first characters of the key, for identification."
    )
    digest = models.BinaryField(max_length=32, editable=False)
    is_test = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Key of a sandbox; the database checks it against the client.",
    )
    scopes = ScopesField(models.CharField(max_length=32))
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = History(excluded_fields=["digest"])

    due = (
        Due(
            label=_("API keys expire soon"),
            note=_("within 30 days: rotate them in time"),
            who=Capability.VIEW_CLIENT_RECORDS,
            rows=lambda rows, at: rows.filter(revoked_at=None, expires_at__gt=at, expires_at__lte=at + EXPIRES_SOON),
            query="progress=ending",
            on="expires_at",
        ),
    )

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]
        constraints = [
            unique_in_client("apikey_digest_unique", "digest"),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("created_at")), name="apikey_expires_later"),
            models.CheckConstraint(
                condition=Q(is_test=True, prefix__startswith=TEST_KEY_PREFIX)
                | (Q(is_test=False) & ~Q(prefix__startswith=TEST_KEY_PREFIX))
                | Q(revoked_at__isnull=False),
                name="apikey_test_keys_show_it",
            ),
        ]
        indexes = [models.Index(fields=["digest"], name="apikey_by_digest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_live(self, at: datetime) -> bool:
        """Return True if the key is valid at ``at``."""
        return self.revoked_at is None and self.created_at <= at < self.expires_at
