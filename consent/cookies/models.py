"""Models of cookies, the sites with the banner, visitors' choices, and linked services."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, RegexValidator, URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.register.models.purposes import RegisterRow
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History, TrackedQuerySet
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Scope, TablePolicy, classify

LONGEST_DAYS = 3660


class CookieCategory(models.TextChoices):
    """Kind of use of a cookie; visitors accept or refuse each category but the first."""

    NECESSARY = "necessary", _("Necessary")
    PREFERENCES = "preferences", _("Preferences")
    ANALYTICS = "analytics", _("Statistics")
    ADVERTISING = "advertising", _("Advertising")


OPTIONAL = (CookieCategory.PREFERENCES, CookieCategory.ANALYTICS, CookieCategory.ADVERTISING)
"""The categories that a visitor must accept before they are used, in the order in which they are shown."""


class Storage(models.TextChoices):
    """Where a browser stores the value."""

    COOKIE = "cookie", _("Cookie")
    LOCAL = "local", _("Local storage")
    SESSION = "session", _("Session storage")


class SetBy(models.TextChoices):
    """Party that sets a cookie."""

    SITE = "site", _("The site itself")
    THIRD_PARTY = "third_party", _("A third party")


class Cookie(RegisterRow):
    """One cookie, or entry of the browser's storage, that a client's site or the portal uses (policy §10).

    A name that ends in ``*`` stands for every name with that beginning. ``days`` is empty for one without an end.
    """

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(EDIT, personal=classify(none="name provider storage category set_by purpose_en purpose_ur"))

    name = models.CharField(
        max_length=128,
        validators=[
            RegexValidator(
                r"\A[A-Za-z0-9!#$%&'+.^_`|~:-]+\*?\Z",
                _("Write the name as browsers show it; a * at the end stands for any ending."),
            )
        ],
        help_text=_("As browsers show it. A * at the end stands for any ending: _ga_*"),
    )
    provider = models.CharField(max_length=200, help_text=_("The organisation that receives the data."))
    set_by = models.CharField("set by", max_length=16, choices=SetBy)
    storage = models.CharField("stored as", max_length=16, choices=Storage, default=Storage.COOKIE)
    category = models.CharField(max_length=16, choices=CookieCategory)
    purpose_en = models.CharField("purpose (English)", max_length=500)
    purpose_ur = models.CharField("purpose (Urdu)", max_length=500)
    days = models.PositiveIntegerField(
        "duration in days",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Leave empty if it ends when the browser is closed, or if storage has no end."),
    )
    is_active = models.BooleanField("in use", default=True)

    history = History()

    class Meta:
        ordering = ["name", "storage"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "name", "storage"],
                name="cookie_one_per_name",
                violation_error_message=_("This name is in the register already."),
            ),
            models.CheckConstraint(
                condition=Q(days=None) | Q(days__gte=1, days__lte=LONGEST_DAYS),
                name="cookie_days_are_sensible",
                violation_error_message=_("Write a number of days from 1 to 3660, or nothing."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CookieSite(RegisterRow):
    """The site of one client that includes the banner: its origins, and its public key, which is no secret."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(EDIT, looked_up=True, personal=classify(none="key origins"))

    key = models.CharField("site key", max_length=40, editable=False)
    origins: Any = ArrayField(
        models.CharField(max_length=200),
        size=20,
        help_text=_("One or more, separated by commas: https://lms.example. Without a path."),
    )
    is_active = models.BooleanField("in use", default=True)

    history = History()

    class Meta:
        verbose_name = "site with the banner"
        verbose_name_plural = "sites with the banner"
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(
                fields=["client"],
                name="cookiesite_one_per_client",
                violation_error_message=_("This client has a site already: add the origin there."),
            ),
            models.CheckConstraint(condition=Q(origins__len__gte=1), name="cookiesite_has_an_origin"),
        ]
        indexes = [models.Index(fields=["key"], name="cookiesite_by_key")]

    def __str__(self) -> str:
        return self.key


_OF_A_BROWSER = "belongs to a browser; nothing links it to a person known here"


class BannerVersion(TenantRow):
    """One version of a client's banner; a choice about a version before ``asks_since`` is asked again."""

    wall = TablePolicy(APPEND, personal=classify(none="content digest"))

    number = models.PositiveIntegerField(editable=False)
    asks_since = models.PositiveIntegerField(editable=False)
    content = models.JSONField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    made_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-number"]
        constraints = [
            unique_in_client("bannerversion_one_per_number", "number"),
            models.CheckConstraint(
                condition=Q(asks_since__gte=1, asks_since__lte=F("number")), name="bannerversion_asks_since_is_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)


class ChoiceSource(models.TextChoices):
    """How a choice was made."""

    BANNER = "banner", _("In the banner")
    SETTINGS = "settings", _("In the settings of the banner")
    PAGE = "page", _("On the page about cookies")
    SIGNAL = "signal", _("By the browser’s privacy signal")


class Visitor(TenantRow):
    """One browser of a visitor, with the choice in force; the browser holds a random number, here is its hash.

    Deleting the row cuts the link from the browser to its choices, which are evidence and stay (decision 0082).
    """

    wall = TablePolicy(
        EDIT | {"DELETE"},
        left_out_of_copies=_OF_A_BROWSER,
        disposed_as="cookie_visitors",
        personal=classify(pseudonym="token_hash", none="given refused"),
    )

    token_hash = models.CharField(max_length=64, editable=False)
    first_at = models.DateTimeField(editable=False)
    last_at = models.DateTimeField(editable=False)
    version = models.PositiveIntegerField(editable=False)
    given = ArrayField(models.CharField(max_length=16), default=list, editable=False)
    refused = ArrayField(models.CharField(max_length=16), default=list, editable=False)

    class Meta:
        constraints = [
            unique_in_client("visitor_one_per_token", "token_hash"),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="visitor_times_are_ordered"),
        ]
        indexes = oldest_first("last_at", "visitor_by_last_time")


class CookieChoice(TenantRow):
    """One choice of a visitor about categories of cookies; ``visitor`` is the id of a row that may be deleted since."""

    wall = TablePolicy(
        APPEND,
        left_out_of_copies=_OF_A_BROWSER,
        disposed_as="evidence",
        personal=classify(none="language given refused source"),
    )

    visitor = models.UUIDField(editable=False)
    version = RowKey(BannerVersion, editable=False)
    language = models.CharField(max_length=8, editable=False)
    given = ArrayField(models.CharField(max_length=16), default=list, editable=False)
    refused = ArrayField(models.CharField(max_length=16), default=list, editable=False)
    source = models.CharField(max_length=16, choices=ChoiceSource, editable=False)
    has_signal = models.BooleanField("privacy signal", default=False, editable=False)
    recorded_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = "choice about cookies"
        verbose_name_plural = "choices about cookies"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(given__overlap=F("refused")), name="cookiechoice_is_one_or_other"),
            models.CheckConstraint(condition=~Q(given=[], refused=[]), name="cookiechoice_says_something"),
            models.CheckConstraint(
                condition=~Q(source=ChoiceSource.SIGNAL) | Q(given=[], has_signal=True),
                name="cookiechoice_signal_gives_nothing",
            ),
            models.CheckConstraint(
                condition=~Q(given__contains=[CookieCategory.NECESSARY.value])
                & ~Q(refused__contains=[CookieCategory.NECESSARY.value]),
                name="cookiechoice_of_optional_ones",
            ),
        ]
        indexes = [
            *newest_first("recorded_at", "cookiechoice_by_time"),
            models.Index(fields=["client", "visitor", "-recorded_at"], name="cookiechoice_of_visitor"),
        ]

    def __str__(self) -> str:
        return str(self.get_source_display())


_HTTPS = URLValidator(schemes=["https"])


class LinkedServiceQuerySet(TrackedQuerySet["LinkedService"]):
    def in_use(self) -> Self:
        """Return the services that the platform links to."""
        return self.filter(is_active=True)

    def to_review_at(self, at: datetime) -> Self:
        """Return the services in use whose review day has come at ``at``, by the date in UTC; for many clients."""
        return self.in_use().filter(review_on__lte=at.date())


class LinkedService(RegisterRow):
    """One service of a third party that the platform links to; PakTaleem's rows are shown at every client."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(EDIT, Scope.CATALOGUE, personal=classify(none="name url policy_url purpose_en purpose_ur"))

    name = models.CharField(max_length=200)
    url = models.URLField("address", max_length=500, validators=[_HTTPS])
    policy_url = models.URLField("address of its privacy policy", max_length=500, validators=[_HTTPS])
    purpose_en = models.CharField("why it is linked (English)", max_length=500)
    purpose_ur = models.CharField("why it is linked (Urdu)", max_length=500)
    review_on = models.DateField("review day")
    is_active = models.BooleanField("in use", default=True)

    objects: ClassVar = LinkedServiceQuerySet.as_manager()
    history = History()

    due = (
        Due(
            label=_("Linked services to be reviewed"),
            note=_("read their privacy policies again"),
            who=Capability.MANAGE_REGISTER,
            rows=LinkedServiceQuerySet.to_review_at,
            query="progress=to_review_at",
            on="review_on",
            severity=Severity.OVERDUE,
        ),
    )

    class Meta:
        verbose_name = "linked service"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "url"],
                name="linkedservice_one_per_url",
                violation_error_message=_("This address is in the register already."),
            )
        ]
        indexes = oldest_first("review_on", "linkedservice_by_review", condition=models.Q(is_active=True))

    def __str__(self) -> str:
        return self.name
