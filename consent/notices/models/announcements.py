"""Announcements of notices to clients: delivery, responses and effect, and acknowledgements of the policy."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.notices.models.notices import NoticeVersion
from consent.register.models.rows import RegisterRow, catalogue_owner
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import APPEND, EDIT, Limited, Personal, Scope, TablePolicy
from paktaleem.foundation.times import format_date

_NONE = Personal.NONE


class NoticeDispatch(RegisterRow):
    """One announcement of one version to one client, and when the version takes effect there.

    ``dispatched_at`` is when a mail server accepted an email to one of the client's administrators: the proof, set
    once. Until then ``takes_effect_at`` is empty and the version has no effect at the client. The emails, with every
    attempt, refer to this row's id.
    """

    wall = TablePolicy(Scope.TENANT, EDIT, limited=Limited.READ)

    version = models.ForeignKey(NoticeVersion, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    version_owner = catalogue_owner()
    opened_at = models.DateTimeField(editable=False)
    dispatched_at = models.DateTimeField(null=True)
    proven_at = models.DateTimeField(null=True)
    takes_effect_at = models.DateTimeField(null=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)

    history = History()

    class Meta:
        verbose_name = "announcement to a client"
        verbose_name_plural = "announcements to clients"
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "version"], name="noticedispatch_once_per_client"),
            models.CheckConstraint(
                condition=Q(dispatched_at=None, proven_at=None, takes_effect_at=None)
                | Q(
                    dispatched_at__isnull=False,
                    proven_at__gte=F("dispatched_at"),
                    takes_effect_at__gte=F("proven_at"),
                ),
                name="noticedispatch_effect_follows_proof",
            ),
        ]

    def __str__(self) -> str:
        """Return the opening day."""
        return gettext("announced {day}").format(day=format_date(self.opened_at))


class ResponseKind(models.TextChoices):
    """The kinds of response to an announcement. An objection to a recipient lasts until the client withdraws it."""

    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    OBJECTED = "objected", _("Objected")
    ANSWERED = "answered", _("Objection answered")
    WITHDRAWN = "withdrawn", _("Objection withdrawn")


class ResponseCode(models.TextChoices):
    """Reasons of a client's objection, and of PakTaleem's answer."""

    PEOPLE = "people", _("It weakens people's rights")
    LAW = "law", _("It conflicts with a law we are bound by")
    AGREEMENT = "agreement", _("It conflicts with our agreement")
    UNCLEAR = "unclear", _("We do not understand it")
    OTHER = "other", _("Another reason")
    EXPLAINED = "explained", _("Explained; the text stays")
    CHANGES = "changes", _("The text will be changed by another version")
    AGREEMENT_FOLLOWS = "agreement_follows", _("The agreement will be changed or ended")


class NoticeResponse(models.Model):
    """One acknowledgement, objection or answer about one announcement. Append-only."""

    wall = TablePolicy(Scope.TENANT, APPEND, personal={"note": _NONE, "actor_role": _NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    dispatch = models.ForeignKey(NoticeDispatch, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=16, choices=ResponseKind)
    code = models.CharField(max_length=32, choices=ResponseCode, blank=True)
    note = models.TextField(max_length=2000, blank=True, help_text="About the text only; do not name people.")
    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind])
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["recorded_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[ResponseKind.ACKNOWLEDGED, ResponseKind.WITHDRAWN], code="")
                | (~Q(kind__in=[ResponseKind.ACKNOWLEDGED, ResponseKind.WITHDRAWN]) & ~Q(code="")),
                name="noticeresponse_objection_has_its_reason",
            ),
        ]

    def __str__(self) -> str:
        """Return the kind."""
        return self.get_kind_display()


class NoticeEffect(models.Model):
    """One effect of one version at one client, recorded once, afterwards; the effect itself follows from time."""

    wall = TablePolicy(Scope.TENANT, APPEND, limited=Limited.READ)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    version = models.ForeignKey(NoticeVersion, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    version_owner = catalogue_owner()
    took_effect_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "version"], name="noticeeffect_once_per_client"),
            models.CheckConstraint(
                condition=Q(recorded_at__gte=F("took_effect_at")), name="noticeeffect_recorded_afterwards"
            ),
        ]

    def __str__(self) -> str:
        """Return the opening day."""
        return gettext("in effect from {day}").format(day=format_date(self.took_effect_at))
