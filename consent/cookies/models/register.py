"""The register of cookies, and the site of a client that includes the banner."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.register.models.rows import RegisterRow
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy

_NONE = Personal.NONE
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

    A name that ends in ``*`` stands for every name with that beginning. PakTaleem's rows are the cookies of the portal
    itself. ``days`` is empty for a cookie that ends with the browser session, and for storage without an end.
    """

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal=dict.fromkeys(
            ("name", "provider", "storage", "category", "set_by", "purpose_en", "purpose_ur"), _NONE
        ),
    )

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
        """Return the name."""
        return self.name


class CookieSite(RegisterRow):
    """The site of one client that includes the banner: its public key and the origins it is served from.

    The key names the client and is no secret: it is in the page's source. Configuration and choices are answered to
    pages of the registered origins only.
    """

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(Scope.TENANT, EDIT, looked_up=True, personal=dict.fromkeys(("key", "origins"), _NONE))

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
        """Return the key."""
        return self.key
