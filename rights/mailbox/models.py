"""Messages in the support mailbox, the addresses of cases, and the state of the mailbox."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.due import Due
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import (
    Constant,
    RowKey,
    TenantRow,
    newest_first,
    oldest_first,
    unique_in_client,
)
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify
from rights.mailbox.rules import AsideReason
from rights.requests.models import RightsRequest


class Direction(models.TextChoices):
    """Direction of a message."""

    IN = "in", _("Received")
    OUT = "out", _("Sent")


class MessageState(models.TextChoices):
    """The outcome of a message."""

    REQUEST = "request", _("Became a request")
    ADDED = "added", _("Added to a request")
    REPEATED = "repeated", _("Same text again within a day")
    MOVED = "moved", _("Moved with its request to another client")
    ASIDE = "aside", _("Set aside, to be looked at")
    UNREADABLE = "unreadable", _("Could not be read")
    SETTLED = "settled", _("Nothing to do")
    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement")


ASIDE_REASONS = [
    (AsideReason.SENDER.value, _("No sender, or more than one")),
    (AsideReason.OWN.value, _("Sent from our own address")),
    (AsideReason.BOUNCE.value, _("A failure report")),
    (AsideReason.AUTOMATIC.value, _("An automatic message")),
    (AsideReason.LIST.value, _("A mailing list or bulk email")),
    (AsideReason.RECIPIENTS.value, _("Too many recipients")),
    (AsideReason.QUOTA.value, _("Too many emails from this address in a day")),
]


WAITING = [MessageState.ASIDE.value, MessageState.UNREADABLE.value]


class MailMessage(TenantRow):
    """One message in the mailbox, or an acknowledgement.

    ``content`` is sealed under the key of its request, or without one under its own (``wrapped``). The keyed hashes
    recognise a repeated email and a repeated text; ``letter`` is the id of the email that was sent.
    """

    wall = TablePolicy(
        EDIT,
        disposed_as="mailbox_messages",
        personal=classify(sealed="content", credential="wrapped", pseudonym="message_key content_key"),
    )

    request = RowKey(RightsRequest, null=True)
    direction = models.CharField(max_length=3, choices=Direction, default=Direction.IN)
    state = models.CharField(max_length=16, choices=MessageState)
    aside_reason = models.CharField(max_length=16, choices=ASIDE_REASONS, blank=True, default="")
    message_key = models.BinaryField(null=True)
    content_key = models.BinaryField(null=True)
    content = SealedField()
    epoch = models.PositiveIntegerField(null=True)
    wrapped = models.BinaryField(null=True)
    letter = models.UUIDField(null=True)
    size = models.PositiveIntegerField("size in bytes", default=0)
    files = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField("received")
    settled_at = models.DateTimeField("settled", null=True)

    due = (
        Due(
            label=_("Messages to look at"),
            note=_("set aside or not readable: look at them"),
            who=Capability.HANDLE_RIGHTS_REQUESTS,
            rows=Q(state__in=list(map(Constant, WAITING))),
            query="progress=open",
            since="received_at",
        ),
    )

    class Meta:
        verbose_name = "message"
        verbose_name_plural = "messages"
        ordering = ["-received_at", "-id"]
        constraints = [
            unique_in_client("mailmessage_once", "message_key"),
            models.CheckConstraint(condition=Q(request=None) | Q(wrapped=None, epoch=None), name="mailmessage_one_key"),
            models.CheckConstraint(
                condition=Q(direction="in", letter=None, message_key__isnull=False)
                | Q(direction="out", letter__isnull=False, message_key=None, content=None),
                name="mailmessage_in_or_out",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["request", "added"]) | Q(request__isnull=False), name="mailmessage_of_request"
            ),
        ]
        indexes = [
            models.Index(fields=["client", "request", "received_at"], name="mailmessage_of_request"),
            models.Index(fields=["message_key"], name="mailmessage_by_key"),
            models.Index(fields=["client", "content_key", "-received_at"], name="mailmessage_by_content"),
            models.Index(fields=["settled_at"], condition=Q(wrapped__isnull=False), name="mailmessage_settled"),
            *oldest_first("received_at", "mailmessage_waiting", condition=Q(state__in=WAITING)),
            *newest_first("received_at", "mailmessage_by_time"),
            *newest_first("received_at", "mailmessage_by_state", by="state"),
        ]

    def __str__(self) -> str:
        return str(self.pk)[-8:]

    @property
    def needs_attention(self) -> bool:
        return self.state in WAITING


class CaseAddress(TenantRow):
    """The address of one case: a random token, found by its hash; the token is sealed under the request's key."""

    wall = TablePolicy(
        EDIT,
        disposed_as="request_texts",
        personal=classify(credential="token_hash", sealed="token"),
        left_out_of_copies="the secret part of an address by which emails are added to the request",
    )

    request = RowKey(RightsRequest)
    token_hash = models.CharField(max_length=64)
    token = SealedField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            unique_in_client("caseaddress_token_once", "token_hash"),
            unique_in_client("caseaddress_one_a_request", "request"),
        ]
        indexes = [models.Index(fields=["token_hash"], name="caseaddress_by_token")]


class MailboxError(models.TextChoices):
    """Why the mailbox could not be read."""

    UNREACHABLE = "unreachable", _("The server could not be reached")
    NOT_ENCRYPTED = "not_encrypted", _("The connection could not be encrypted")
    LOGIN = "login", _("User name or password was refused")
    FOLDER = "folder", _("The folder does not exist")
    PROTOCOL = "protocol", _("The server answered unexpectedly")
    NOT_STORED = "not_stored", _("An email could not be stored; it is tried again")


_PATIENCE = timedelta(minutes=15)
"""A shorter failure of the mailbox is not reported."""


class MailboxCheck(TenantRow):
    """The state of the mailbox: when it was last read, and since when it has failed. One row, PakTaleem's."""

    wall = TablePolicy(EDIT)

    read_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    error = models.CharField(max_length=16, choices=MailboxError, blank=True, default="")

    class Meta:
        constraints = [
            unique_in_client("mailboxcheck_once"),
            models.CheckConstraint(
                condition=Q(failing_since=None, error="") | (Q(failing_since__isnull=False) & ~Q(error="")),
                name="mailboxcheck_failing_has_error",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_error_display())

    def stuck_since(self, at: datetime) -> datetime | None:
        """Return since when it fails, or when it was last read if the worker no longer reads it; None if neither."""
        since = self.failing_since or self.read_at
        return since if since is not None and at - since > _PATIENCE else None
