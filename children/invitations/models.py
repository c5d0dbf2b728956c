"""Model of invitations of guardians, with their channel, reminders and outcome."""

# *Delivered* means that the mail server or text gateway accepted the message. Read receipts would disclose the reader
# and can be forged.

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_lazy as _

from children.guardians.contacts import ContactRejection
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.history import ActorStamp
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify
from paktaleem.foundation.text.times import format_date


class State(models.TextChoices):
    """The state of an invitation of one guardian about one child."""

    CONTACT_PENDING = "contact_pending", _("Not asked yet")
    NOTICE_SENT = "notice_sent", _("Message sent")
    DELIVERY_FAILED = "delivery_failed", _("Message not delivered")
    VIEWED = "viewed", _("Page opened")
    VERIFYING = "verifying", _("Waits for a second confirmation")
    GIVEN = "given", _("Given")
    REFUSED = "refused", _("Refused")
    EXPIRED = "expired", _("Never answered")


ANSWERED = frozenset({State.GIVEN, State.REFUSED})
OPEN = frozenset(State) - ANSWERED - {State.EXPIRED}
AWAITING_ANSWER = frozenset({State.NOTICE_SENT, State.DELIVERY_FAILED, State.VIEWED})
"""States in which a message has been sent and no answer has been given."""

_ENDS = frozenset({State.GIVEN, State.REFUSED, State.EXPIRED})
NEXT: dict[State, frozenset[State]] = {
    **dict.fromkeys(_ENDS, frozenset[State]()),
    State.CONTACT_PENDING: _ENDS | {State.NOTICE_SENT},
    State.NOTICE_SENT: _ENDS | {State.VIEWED, State.DELIVERY_FAILED, State.VERIFYING},
    State.DELIVERY_FAILED: _ENDS | {State.NOTICE_SENT, State.VIEWED, State.VERIFYING},
    State.VIEWED: _ENDS | {State.VERIFYING},
    State.VERIFYING: _ENDS,
}
"""The states that may follow each state. An answer on paper or in person ends an invitation in any open state."""

_OPEN, _ANSWERED = sorted(OPEN), sorted(ANSWERED)


class ContactProblem(models.TextChoices):
    """Why a guardian has not been asked."""

    MISSING = (
        ContactRejection.MISSING.value,
        _("No email address or telephone number is known: ask on paper or in person."),
    )
    OF_THE_CHILD = (
        ContactRejection.OF_THE_CHILD.value,
        _("The child has the same contact, as in a household with one telephone: ask on paper or in person."),
    )
    LIKE_A_CHILD = (
        ContactRejection.LIKE_A_CHILD.value,
        _("The address is similar to the child's own: ask on paper or in person."),
    )
    OF_A_CHILD = (
        ContactRejection.OF_A_CHILD.value,
        _("A child of the school has the same contact: ask on paper or in person."),
    )
    SHARED = ContactRejection.SHARED.value, _("Many people share this contact: ask on paper or in person.")
    TOO_MANY = "too_many", _("This contact has reached today's limit of messages: the next one is sent tomorrow.")


class Invitation(TenantRow, ActorStamp):
    """An invitation of one guardian to decide about one child. A guardian of siblings receives one message for all.

    ``portal`` is the base URL of the guardian's pages. ``said_at`` is the time of a consent that waits for the second
    confirmation, ``said_words`` the hash of the notice it answered, in ``said_language``.
    """

    wall = TablePolicy(EDIT, personal=classify(none="portal channel said_words said_language"))
    copied = Copied(
        "invitations",
        _("Invitations of guardians"),
        "part state channel asked_at sent_at viewed_at answered_at",
        of=("child", "guardian"),
        titles={"viewed_at": _("Opened")},
    )

    child = RowKey(Subject)
    guardian = RowKey(Subject)
    state = models.CharField(max_length=16, choices=State)
    problem = models.CharField("problem", max_length=16, choices=ContactProblem, blank=True)
    channel = models.CharField(max_length=8, choices=Channel, blank=True)
    portal = models.CharField(max_length=300)
    letter = models.UUIDField(null=True, help_text="The last message about it.")
    reminders = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField("asked")
    sent_at = models.DateTimeField("last message", null=True)
    delivered_at = models.DateTimeField(
        "delivered", null=True, help_text="When the last message was handed to the mail server or gateway."
    )
    viewed_at = models.DateTimeField("opened", null=True)
    said_at = models.DateTimeField("consented", null=True)
    said_words = models.CharField(max_length=64, blank=True)
    said_language = models.CharField(max_length=8, blank=True)
    confirm_due_at = models.DateTimeField(null=True)
    confirm_sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField("answered", null=True)
    closes_at = models.DateTimeField("contact deleted after")

    class Meta:
        verbose_name = "invitation of a guardian"
        verbose_name_plural = "invitations of guardians"
        ordering = ["-asked_at", "-id"]
        constraints = [
            unique_in_client("invitation_one_open", "child", "guardian", where=Q(state__in=_OPEN)),
            models.CheckConstraint(condition=~Q(child=F("guardian")), name="invitation_never_to_the_child"),
            models.CheckConstraint(
                condition=Q(state__in=_ANSWERED, answered_at__isnull=False)
                | (~Q(state__in=_ANSWERED) & Q(answered_at=None)),
                name="invitation_answered_at_its_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.VERIFYING)
                | Q(said_at__isnull=False, confirm_due_at__isnull=False, confirm_due_at__gte=F("said_at")),
                name="invitation_confirmed_later",
            ),
            models.CheckConstraint(condition=Q(closes_at__gt=F("asked_at")), name="invitation_closes_later"),
        ]
        indexes = [
            *newest_first("asked_at", "invitation_by_time"),
            *newest_first("asked_at", "invitation_by_state", by="state"),
            *newest_first("asked_at", "invitation_by_problem", by="problem"),
            models.Index(fields=["client", "guardian", "id"], name="invitation_of_guardian"),
            models.Index(fields=["client", "child", "id"], name="invitation_of_child"),
            models.Index(fields=["closes_at"], condition=Q(state__in=_OPEN), name="invitation_open"),
        ]

    def __str__(self) -> str:
        day = format_date(self.asked_at)
        return gettext("{state}, asked {day}").format(state=self.get_state_display(), day=day)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
