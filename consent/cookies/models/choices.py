"""Evidence about cookies: the texts that were shown, and what visitors chose."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.cookies.models.register import CookieCategory
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first, oldest_first
from paktaleem.foundation.tenancy.table_policy import APPEND, EDIT, Personal, Scope, TablePolicy

_NONE = Personal.NONE
_OF_A_BROWSER = "belongs to a browser; nothing links it to a person known here"


class BannerVersion(models.Model):
    """One version of a client's banner: every text that visitors were shown, in both languages; never changed.

    ``asks_since`` is the number of the version since which the optional part is the same: a choice about an older
    version is out of date, and the visitor is asked again.
    """

    wall = TablePolicy(Scope.TENANT, APPEND, personal={"content": _NONE, "digest": _NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField(editable=False)
    asks_since = models.PositiveIntegerField(editable=False)
    content = models.JSONField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    made_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["client", "number"], name="bannerversion_one_per_number"),
            models.CheckConstraint(
                condition=Q(asks_since__gte=1, asks_since__lte=F("number")), name="bannerversion_asks_since_is_known"
            ),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return str(self.number)


class ChoiceSource(models.TextChoices):
    """How a choice was made."""

    BANNER = "banner", _("In the banner")
    SETTINGS = "settings", _("In the settings of the banner")
    PAGE = "page", _("On the page about cookies")
    SIGNAL = "signal", _("By the browser’s privacy signal")


class Visitor(models.Model):
    """One browser of a visitor, with the choice in force: the first and last time, and the categories.

    The browser holds a random number; here is its hash only. Deleting the row (kind ``cookie_visitors``) cuts the
    link from the browser to its earlier choices, which are evidence and stay (decision 0082).
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT | {"DELETE"},
        left_out_of_copies=_OF_A_BROWSER,
        disposed_as="cookie_visitors",
        personal={"token_hash": Personal.PSEUDONYM, "given": _NONE, "refused": _NONE},
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    token_hash = models.CharField(max_length=64, editable=False)
    first_at = models.DateTimeField(editable=False)
    last_at = models.DateTimeField(editable=False)
    version = models.PositiveIntegerField(editable=False)
    given = ArrayField(models.CharField(max_length=16), default=list, editable=False)
    refused = ArrayField(models.CharField(max_length=16), default=list, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "token_hash"], name="visitor_one_per_token"),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="visitor_times_are_ordered"),
        ]
        indexes = oldest_first("last_at", "visitor_by_last_time")

    def __str__(self) -> str:
        """Return the id."""
        return str(self.pk)


class CookieChoice(models.Model):
    """One choice of a visitor about categories of cookies: what, in which words, when and how; never changed.

    ``visitor`` is the id of the visitor's row, which may have been deleted since. ``has_signal`` says that the
    browser sent the privacy signal (``Sec-GPC: 1``). A choice made by the signal alone gives nothing.
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        left_out_of_copies=_OF_A_BROWSER,
        disposed_as="evidence",
        personal={"language": _NONE, "given": _NONE, "refused": _NONE, "source": _NONE},
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    visitor = models.UUIDField(editable=False)
    version = models.ForeignKey(
        BannerVersion, models.PROTECT, related_name="+", db_constraint=False, db_index=False, editable=False
    )
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
        """Return how it was made."""
        return str(self.get_source_display())
