"""Webhook endpoints, messages, deliveries and attempts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History, Tracked
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify
from paktaleem.foundation.text.times import format_time


class DisabledBecause(models.TextChoices):
    """Why an endpoint is disabled."""

    BY_HAND = "by_hand", _("Switched off")
    GONE = "gone", _("The receiver answered 410 Gone")
    FAILING = "failing", _("Failing for days")


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")


class AttemptError(models.TextChoices):
    """Why an attempt received no response."""

    NAME = "dns", _("Host name not found")
    CONNECT = "connect", _("No connection")
    TLS = "tls", _("The certificate is not valid")
    TIMEOUT = "timeout", _("No response in time")
    PROTOCOL = "protocol", _("The response was not HTTP")
    REFUSED = "refused", _("The address is not on the public internet")


class Endpoint(TenantRow, Tracked):
    """One webhook endpoint of a client's system, and the events it subscribes to."""

    wall = TablePolicy(EDIT, personal=classify(none="name url events disabled_because"))

    name = models.CharField(max_length=100, blank=True, help_text="Name of the system.")
    url = models.CharField("address", max_length=2_000, help_text="https, port 443 or 8443, a public host.")
    events = ArrayField(
        models.CharField(max_length=64), help_text="Types such as consent.withdrawn, or whole families: consent.*"
    )
    created_at = models.DateTimeField(editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_because = models.CharField(max_length=8, choices=DisabledBecause, blank=True, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    history = History()

    due = (
        Due(
            label=_("Webhooks switched off"),
            note=_("the receiver no longer exists or fails: events are not sent"),
            who=Capability.MANAGE_WEBHOOKS,
            rows=Q(removed_at=None, disabled_because__in=[DisabledBecause.GONE, DisabledBecause.FAILING]),
            query="progress=switched_off",
            since="disabled_at",
            severity=Severity.URGENT,
        ),
    )

    class Meta:
        verbose_name = "webhook"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_because="")
                | (Q(disabled_at__isnull=False) & ~Q(disabled_because="")),
                name="endpoint_disabled_has_its_reason",
            ),
            models.CheckConstraint(condition=Q(events__len__gte=1), name="endpoint_is_told_something"),
        ]
        indexes = newest_first("created_at", "endpoint_by_time")

    def __str__(self) -> str:
        return self.name or self.url

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None and self.removed_at is None


class EndpointSecret(TenantRow):
    """One signing secret of an endpoint, wrapped under the keyring. Two are valid during a rotation."""

    wall = TablePolicy(EDIT, officer=False, personal=classify(credential="wrapped"))

    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="secrets", db_constraint=False, db_index=False)
    epoch = models.PositiveIntegerField()
    wrapped = models.BinaryField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="secret_ends_later"),
            unique_in_client("secret_one_without_end", "endpoint", where=Q(ends_at=None)),
        ]
        indexes = [models.Index(fields=["epoch"], name="secret_by_epoch")]


class EndpointHealth(models.Model):
    """Health of an endpoint: one row per endpoint, updated at every attempt, without history."""

    wall = TablePolicy(EDIT)

    endpoint = models.OneToOneField(
        Endpoint, models.PROTECT, primary_key=True, related_name="health", db_constraint=False
    )
    client = RowKey(Client)
    leased_until = models.DateTimeField(null=True, help_text="Lease: until then only one worker sends to it.")
    rests_until = models.DateTimeField(null=True, help_text="Back-off: until then nothing is sent to it.")
    failures = models.PositiveIntegerField(default=0, help_text="Failed attempts in a row.")
    failing_since = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True, help_text="Time of the last successful delivery.")

    class Meta:
        verbose_name_plural = "endpoint health"

    def __str__(self) -> str:
        if not self.failures:
            return gettext("healthy")
        return gettext("{number} failures in a row").format(number=self.failures)


class Message(TenantRow):
    """One event to be sent to subscribed endpoints: its type, time and ids."""

    wall = TablePolicy(
        EDIT | {"DELETE"},
        disposed_as="webhook_messages",
        personal=classify(none="type", pseudonym="data"),
        left_out_of_copies="repeats facts of the ledger until it is delivered",
    )

    type = models.CharField(max_length=64)
    entry_id = models.UUIDField(null=True, help_text="The ledger entry, which may be PakTaleem's own.")
    subject_id = models.UUIDField(null=True)
    data = models.JSONField()
    happened_at = models.DateTimeField()
    is_shared = models.BooleanField(default=False, help_text="Event at PakTaleem that is published to every client.")
    spread_at = models.DateTimeField(null=True, help_text="When it was copied to every client.")

    class Meta:
        ordering = ["-happened_at", "-id"]
        indexes = [
            *newest_first("happened_at", "message_by_time"),
            models.Index(fields=["happened_at"], condition=Q(is_shared=True, spread_at=None), name="message_to_spread"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {format_time(self.happened_at)}"


class Delivery(TenantRow):
    """Delivery of one message to one endpoint."""

    wall = TablePolicy(EDIT | {"DELETE"}, disposed_as="webhook_messages")

    endpoint = RowKey(Endpoint)
    message = RowKey(Message)
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-queued_at", "-id"]
        constraints = [
            unique_in_client("delivery_once", "message", "endpoint"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.WAITING, done_at=None)
                | (~Q(state=DeliveryState.WAITING) & Q(done_at__isnull=False)),
                name="delivery_done_has_its_moment",
            ),
        ]
        indexes = [
            *newest_first("queued_at", "delivery_by_time"),
            *newest_first("queued_at", "delivery_by_state", by="state"),
            models.Index(fields=["endpoint", "due_at"], condition=Q(state="waiting"), name="delivery_waiting"),
        ]

    def __str__(self) -> str:
        since = format_time(self.queued_at)
        return gettext("{state} since {moment}").format(state=self.get_state_display(), moment=since)


class Attempt(TenantRow):
    """One attempt at a delivery: time, duration and result. The response body is not stored."""

    wall = TablePolicy(APPEND | {"DELETE"}, disposed_as="webhook_messages", personal=classify(none="error"))

    delivery = RowKey(Delivery)
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=8, choices=AttemptError, blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=None) & ~Q(error="") | Q(status__isnull=False, error=""), name="attempt_has_one_end"
            )
        ]
        indexes = [models.Index(fields=["client", "delivery", "started_at"], name="attempt_of_delivery")]

    def __str__(self) -> str:
        return self.error or str(self.status)
