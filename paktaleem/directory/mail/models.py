"""Model of messages, without address and text."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first
from paktaleem.foundation.tenancy.tables import EDIT, Limited, TablePolicy, classify


class Channel(models.TextChoices):
    """Delivery channel."""

    MAIL = "mail", _("Email")
    TEXT = "text", _("Text message")


class LetterState(models.TextChoices):
    """Delivery state."""

    QUEUED = "queued", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class LetterError(models.TextChoices):
    """Reason of a failed attempt."""

    NO_ADDRESS = "no_address", _("The recipient has no address for this channel")
    RECIPIENT_GONE = "recipient_gone", _("The recipient was erased or is disabled")
    EXPIRED = "expired", _("The message has expired")
    REFUSED = "refused", _("Rejected by the email or text message server")
    UNREACHABLE = "unreachable", _("The server could not be reached")
    NO_PROVIDER = "no_provider", _("No text message provider is configured")


class Letter(TenantRow, ActorStamp):
    """An email or text message to one recipient: a data subject, a member of staff, or an address given to us.

    An address given to us is sealed under a key of this message (``wrapped``), destroyed once it is sent or expired;
    others are looked up at delivery. ``context``, the template's variables, is encrypted under the person's key, the
    message's, or for staff the keyring, and deleted once the message is sent or has finally failed.
    """

    wall = TablePolicy(
        EDIT,
        limited=Limited.JOURNAL,
        disposed_as="messages",
        personal=classify(none="kind language", sealed="context address", credential="wrapped", pseudonym="message_id"),
    )

    kind = models.CharField(max_length=63)
    language = models.CharField(max_length=8)
    channel = models.CharField(max_length=8, choices=Channel)
    subject = RowKey(Subject, null=True)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, db_index=False)
    to_address = models.BooleanField(
        default=False,  # in the database none: it would be returned, and limited staff do not see such a row
        help_text="The recipient is neither a person nor staff.",
    )
    address = SealedField()
    epoch = models.PositiveIntegerField(null=True)
    wrapped = models.BinaryField(null=True)
    related_id = models.UUIDField(null=True, help_text="The request, invitation or notice it is about.")
    context = SealedField()
    state = models.CharField(max_length=8, choices=LetterState, default=LetterState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=16, choices=LetterError, blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Time of the next attempt.")
    expires_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "email or text message"
        verbose_name_plural = "emails and text messages"
        ordering = ["-queued_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(subject__isnull=False, user=None, to_address=False)
                | Q(subject=None, user__isnull=False, to_address=False)
                | Q(subject=None, user=None, to_address=True),
                name="letter_has_one_recipient",
            ),
            models.CheckConstraint(
                condition=Q(address=None, wrapped=None, epoch=None)
                | Q(to_address=True, address__isnull=False, wrapped__isnull=False, epoch__isnull=False),
                name="letter_address_has_a_key",
            ),
            models.CheckConstraint(
                condition=Q(to_address=False) | Q(expires_at__isnull=False), name="letter_to_address_expires"
            ),
            models.CheckConstraint(
                condition=Q(state=LetterState.SENT, sent_at__isnull=False, context=None)
                | (~Q(state=LetterState.SENT) & Q(sent_at=None)),
                name="letter_sent_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("queued_at")), name="letter_expires_later"
            ),
        ]
        indexes = [
            models.Index(fields=["client", "related_id"], name="letter_about"),
            *newest_first("queued_at", "letter_by_time"),
            *newest_first("queued_at", "letter_by_state", by="state"),
            *newest_first("queued_at", "letter_by_channel", by="channel"),
            models.Index(fields=["due_at"], condition=Q(state=LetterState.QUEUED), name="letter_waiting"),
            models.Index(fields=["expires_at"], condition=Q(wrapped__isnull=False), name="letter_with_address"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.state}"
