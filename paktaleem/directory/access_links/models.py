"""Access links and one-time codes, stored as hashes."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, Unit

LINKS = DataKind(
    code="access_links",
    name=_("Links and one-time codes of data subjects"),
    counted_from=_("The end of the link’s or code’s validity"),
    disposal=Disposal.ROWS,
    bounds=Bounds(24, 1, 720, Unit.HOURS),
)


class Page(models.TextChoices):
    """Page that a link or code opens."""

    CHOICES = "choices", "Preference centre"
    GUARDIAN = "guardian", "Guardian's page"
    REQUESTS = "requests", "Rights requests"


class AccessGrant(TenantRow):
    """Common columns of links and codes; using one proves access to the contact of its ``channel`` (mail or text)."""

    subject = RowKey(Subject)
    child = RowKey(Subject, null=True)
    page = models.CharField(max_length=16, choices=Page)
    channel = models.CharField(max_length=8, default="", db_default="")
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class PageLink(AccessGrant, ActorStamp):
    """One access link for one person. With ``needs_code`` it opens the page only together with a one-time code."""

    wall = TablePolicy(
        EDIT | {"DELETE"},
        looked_up=True,
        disposed_as="access_links",
        disposed_from="expires_at",
        personal=classify(credential="digest", none="channel"),
    )
    copied = Copied(
        "links",
        _("Links to your pages"),
        "part page channel created_at expires_at used_at by",
        of=("subject", "child"),
        category="credentials",
    )

    needs_code = models.BooleanField()

    class Meta:
        constraints = [
            unique_in_client("pagelink_digest_unique", "digest"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="pagelink_expires_later"),
        ]
        indexes = [
            models.Index(fields=["digest"], name="pagelink_by_digest"),
            models.Index(fields=["expires_at"], name="pagelink_by_expiry"),
        ]


class PageCode(AccessGrant):
    """One one-time code sent to one person; valid once, in the browser that requested it (``knock``)."""

    wall = TablePolicy(
        EDIT | {"DELETE"},
        disposed_as="access_links",
        disposed_from="expires_at",
        personal=classify(credential="digest knock", none="channel"),
    )
    copied = Copied(
        "codes",
        _("Codes for your pages"),
        "part page channel created_at expires_at used_at",
        of=("subject", "child"),
        category="credentials",
    )

    knock = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            unique_in_client("pagecode_digest_unique", "knock", "digest"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="pagecode_expires_later"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="pagecode_by_expiry")]
