"""Emails to those who receive a client's notices about an announced one, their proof, and reminders (policy §12)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from consent.agreements.selectors import list_notice_recipients
from consent.notices.models.announcements import NoticeDispatch, NoticeResponse, ResponseKind
from consent.notices.services.dispatches import record_dispatch_proof
from paktaleem.directory.mail.kinds import declare_message
from paktaleem.directory.mail.selectors import MessageStatus, list_messages_about
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.ip_addresses import build_public_url
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked

_FIELDS = ("title", "day", "url")
ANNOUNCED = declare_message("notice_announced", fields=_FIELDS)
REMINDER = declare_message("notice_reminder", fields=_FIELDS)
REMIND_DAYS = (14, 3)
"""Days before the effect at which a client without a response is reminded."""
_RETRY_AFTER = timedelta(days=1)


def notify_client(dispatch: NoticeDispatch, client: Client, *, actor: Actor, at: datetime) -> NoticeDispatch:
    """Record the proof if an email was sent; otherwise send one to each recipient of notices without a pending email.

    These are the administrators and the contacts for notices, also those who joined later. An email that failed
    permanently is sent again one day later. An email sent after ``at`` is the proof of a later run: two runs may
    overlap, and the second waits for the first with the time at which it started. Raises NotAllowed.
    """
    if dispatch.dispatched_at is not None or _is_superseded(dispatch, at):
        return dispatch
    letters = list_messages_about(dispatch.pk, actor=actor)
    left = min((one.sent_at for one in letters if one.sent_at is not None and one.sent_at <= at), default=None)
    if left is not None:
        return record_dispatch_proof(dispatch, dispatched_at=left, actor=actor, at=at)
    on_their_way = {one.user_id or one.subject_id for one in letters if not _may_be_retried(one, at)}
    waiting = [one for one in list_notice_recipients(client.pk, at=at) if one.pk not in on_their_way]
    _send_emails(ANNOUNCED.code, dispatch, client, waiting, actor=actor, at=at)
    return dispatch


def _is_superseded(dispatch: NoticeDispatch, at: datetime) -> bool:
    """Return True if a later version of the notice is already in effect at the client."""
    later = NoticeDispatch.objects.filter(client_id=dispatch.client_id, version__notice=dispatch.version.notice)
    return later.filter(version__number__gt=dispatch.version.number, takes_effect_at__lte=at).exists()


def _may_be_retried(letter: MessageStatus, at: datetime) -> bool:
    return letter.state == "failed" and letter.queued_at + _RETRY_AFTER <= at


def count_reminders_due(dispatch: NoticeDispatch, *, at: datetime) -> int:
    """Return the number of reminders due by ``at`` if the client has not responded."""
    sent_at, effect = dispatch.dispatched_at, dispatch.takes_effect_at
    if sent_at is None or effect is None or effect <= at:
        return 0
    moments = [effect - timedelta(days=days) for days in REMIND_DAYS]
    return sum(1 for moment in moments if sent_at < moment <= at)


def send_reminder(dispatch: NoticeDispatch, client: Client, *, actor: Actor, at: datetime) -> bool:
    """Send a due reminder to the recipients of notices if the client has not responded; returns True if sent.

    Follows policy §12.
    """
    due = count_reminders_due(dispatch, at=at)
    if due <= dispatch.reminders or has_responded(dispatch.pk):
        return False
    _send_emails(REMINDER.code, dispatch, client, list_notice_recipients(client.pk, at=at), actor=actor, at=at)
    dispatch.reminders, dispatch.reminded_at = due, at
    save_tracked(dispatch, actor=actor, reason=Reason.CLIENT_NOTIFICATION, at=at)
    return True


def has_responded(dispatch_id: UUID) -> bool:
    """Return True if the client has acknowledged the announcement or objected."""
    own = [ResponseKind.ACKNOWLEDGED, ResponseKind.OBJECTED]
    return NoticeResponse.objects.filter(dispatch_id=dispatch_id, kind__in=own).exists()


def _send_emails(
    kind: str, dispatch: NoticeDispatch, client: Client, people: Iterable[User | Subject], *, actor: Actor, at: datetime
) -> None:
    version = dispatch.version
    moment = (dispatch.takes_effect_at or version.effective_at).astimezone(ZoneInfo(client.time_zone))
    context = {
        "title": version.notice.title_en,
        "day": f"{moment:%Y-%m-%d}",
        "url": build_public_url(reverse("console:index")),
    }
    for person in people:
        send_message(kind, to=person, client_id=client.pk, context=context, related_id=dispatch.pk, actor=actor, at=at)
