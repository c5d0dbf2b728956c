"""Background work on announcements: delivery proof, effect, reminders. Idempotent (policy §12).

A version takes effect without it: that is derived (consent/notices/effects.py), and recorded here once. The list of
recipients goes the way of every notice (decision 0080).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _, gettext_lazy

from consent.agreements.selectors import list_notice_recipients
from consent.notices.effects import effect_after_proof
from consent.notices.models import (
    RECIPIENT_LIST,
    Notice,
    NoticeDispatch,
    NoticeEffect,
    NoticeResponse,
    NoticeVersion,
    ResponseKind,
)
from consent.notices.selectors.notices import all_timelines, list_reaching_versions, must_be_notified
from consent.notices.services.publishing import publish_portal_text
from consent.register.models.agreements import Recipient, RecipientApproval, RecipientKind, TransferGround
from consent.register.models.purposes import DataCategory, Purpose, SafeguardKind
from consent.register.services import (
    check_register_row,
    is_by_officer,
    save_changed_row,
    save_register_row,
    stored_row,
)
from paktaleem.directory.mail.selectors import list_messages_about
from paktaleem.directory.mail.services import declare_message, send_message
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, build_changed_row
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.places import name_countries

_FIELDS = ("title", "day", "url")
ANNOUNCED = declare_message("notice_announced", fields=_FIELDS)
REMINDER = declare_message("notice_reminder", fields=_FIELDS)
REMIND_DAYS = (14, 3)
"""Days before the effect at which a client without a response is reminded."""
_RETRY_AFTER = timedelta(days=1)


@transaction.atomic
def open_dispatches(client: Client, *, actor: Actor, at: datetime) -> list[NoticeDispatch]:
    """Create the missing dispatch rows of a client for announced versions, and return all its rows (policy §12).

    Runs in the client's context. Raises NotAllowed.
    """
    require(actor, Capability.ANNOUNCE_NOTICES, client.pk)
    client = Client.objects.select_for_update().get(pk=client.pk)
    rows = NoticeDispatch.objects.filter(client_id=client.pk).select_related("version__notice")
    known = {row.version_id: row for row in rows}
    versions = NoticeVersion.objects.filter(client_id=PAKTALEEM, notice_days__gt=0).select_related("notice")
    in_effect = NoticeVersion.objects.filter(client_id=client.pk, effective_at__lte=at)
    own = list(Notice.objects.filter(client_id=client.pk, pk__in=in_effect.values("notice_id")))
    reaching = list_reaching_versions(client, at=at)
    for version in versions.exclude(pk__in=known):
        if must_be_notified(client, version, own, reaching):
            row = NoticeDispatch(client_id=client.pk, version=version, version_owner=version.client_id, opened_at=at)
            known[version.pk] = save_tracked(row, actor=actor, reason=Reason.CLIENT_NOTIFICATION, at=at)
    return list(known.values())


@transaction.atomic
def record_dispatch_proof(
    dispatch: NoticeDispatch, *, dispatched_at: datetime, actor: Actor, at: datetime
) -> NoticeDispatch:
    """Record that an email to the client was accepted at ``dispatched_at``, and when the version takes effect.

    Its notice period counts from it (policy §12). Recorded once; later emails change nothing. Raises NotAllowed.
    """
    require(actor, Capability.ANNOUNCE_NOTICES, dispatch.client_id)
    row: NoticeDispatch = NoticeDispatch.objects.select_for_update().get(pk=dispatch.pk)
    if row.dispatched_at is not None:
        return row
    version = NoticeVersion.objects.select_related("notice").get(pk=row.version_id)
    zone = ZoneInfo(Client.objects.get(pk=row.client_id).time_zone)
    row.dispatched_at, row.proven_at = dispatched_at, at
    row.takes_effect_at = effect_after_proof(
        version.effective_at, notice_days=version.notice_days, dispatched_at=dispatched_at, proven_at=at, zone=zone
    )
    save_tracked(row, actor=actor, reason=Reason.CLIENT_NOTIFICATION, at=at)
    facts = {
        "notice": version.notice.code,
        "number": version.number,
        "hash": version.content_hash,
        "dispatched_at": dispatched_at.isoformat(),
        "takes_effect_at": row.takes_effect_at.isoformat(),
    }
    record_entry("notice.dispatched", client_id=row.client_id, facts=facts, actor=actor, at=at)
    return row


def notify_client(dispatch: NoticeDispatch, client: Client, *, actor: Actor, at: datetime) -> NoticeDispatch:
    """Record the proof if an email was sent by ``at``; otherwise send one to each recipient of notices without one.

    An email that failed permanently is sent again one day later. Of two runs that overlap, the later one records the
    proof. Raises NotAllowed.
    """
    later = NoticeDispatch.objects.filter(client_id=dispatch.client_id, version__notice=dispatch.version.notice)
    in_effect = later.filter(version__number__gt=dispatch.version.number, takes_effect_at__lte=at)
    if dispatch.dispatched_at is not None or in_effect.exists():
        return dispatch
    letters = list_messages_about(dispatch.pk, actor=actor)
    left = min((one.sent_at for one in letters if one.sent_at is not None and one.sent_at <= at), default=None)
    if left is not None:
        return record_dispatch_proof(dispatch, dispatched_at=left, actor=actor, at=at)
    failed = {one.id for one in letters if one.state == "failed" and one.queued_at + _RETRY_AFTER <= at}
    on_their_way = {one.user_id or one.subject_id for one in letters if one.id not in failed}
    waiting = [one for one in list_notice_recipients(client.pk, at=at) if one.pk not in on_their_way]
    _send_emails(ANNOUNCED.code, dispatch, client, waiting, actor=actor, at=at)
    return dispatch


def send_reminder(dispatch: NoticeDispatch, client: Client, *, actor: Actor, at: datetime) -> None:
    """Send a due reminder to the recipients of notices if the client has not responded (policy §12)."""
    sent_at, effect = dispatch.dispatched_at, dispatch.takes_effect_at
    if sent_at is None or effect is None or effect <= at:
        return
    due = sum(sent_at < effect - timedelta(days=days) <= at for days in REMIND_DAYS)
    responses = [ResponseKind.ACKNOWLEDGED, ResponseKind.OBJECTED]
    own = NoticeResponse.objects.filter(dispatch_id=dispatch.pk, kind__in=responses)
    if due <= dispatch.reminders or own.exists():
        return
    _send_emails(REMINDER.code, dispatch, client, list_notice_recipients(client.pk, at=at), actor=actor, at=at)
    dispatch.reminders, dispatch.reminded_at = due, at
    save_tracked(dispatch, actor=actor, reason=Reason.CLIENT_NOTIFICATION, at=at)


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


_CLIENTS_TO_FOLLOW = """
SELECT c.id FROM accounts_client c JOIN consent_noticeversion v ON v.client_id IN (c.id, %(shared)s)
JOIN consent_notice n ON n.id = v.notice_id
CROSS JOIN LATERAL (
    SELECT v.notice_days > 0 AND c.id <> %(shared)s AND c.created_at <= v.announced_at AS needed
) proof
LEFT JOIN consent_noticedispatch d ON d.client_id = c.id AND d.version_id = v.id
WHERE (proof.needed AND d.takes_effect_at IS NULL
       AND (d.id IS NOT NULL OR NOT (n.is_by_portal AND n.code = %(list)s)
            OR EXISTS (SELECT FROM consent_recipientapproval a
                       WHERE a.announced_as = v.id AND (a.ends_at IS NULL OR a.ends_at > %(at)s)
                       AND consent_may_reach(c.id, a.purposes, a.categories, %(at)s))))
   OR (d.takes_effect_at > %(at)s AND d.reminders < %(reminders)s
       AND d.takes_effect_at - make_interval(days => %(days)s) <= %(at)s
       AND NOT EXISTS (SELECT FROM consent_noticeresponse r WHERE r.client_id = c.id AND r.dispatch_id = d.id))
   OR (coalesce(d.takes_effect_at, CASE WHEN NOT proof.needed THEN v.effective_at END) <= %(at)s
       AND NOT EXISTS (SELECT FROM consent_noticeeffect e WHERE e.client_id = c.id AND e.version_id = v.id)
       AND NOT EXISTS (SELECT FROM consent_noticeversion later WHERE later.notice_id = v.notice_id
                       AND later.number > v.number AND later.effective_at <= c.created_at))
GROUP BY c.id ORDER BY c.id
"""


def list_clients_to_follow(*, at: datetime) -> list[UUID]:
    """List the clients that may have an unproven announcement, a due reminder or an unrecorded effect.

    Runs in the officers' view; may include clients without work.
    """
    with connection.cursor() as cursor:
        days = {"days": max(REMIND_DAYS), "reminders": len(REMIND_DAYS)}
        cursor.execute(_CLIENTS_TO_FOLLOW, {"shared": PAKTALEEM, "list": RECIPIENT_LIST, "at": at, **days})
        return [client_id for (client_id,) in cursor.fetchall()]


@transaction.atomic
def process_client(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Process the announcements of one client, in its context (policy §12). Raises NotAllowed."""
    client = Client.objects.get(pk=client_id)
    for dispatch in open_dispatches(client, actor=actor, at=at):
        notified = notify_client(dispatch, client, actor=actor, at=at)
        send_reminder(notified, client, actor=actor, at=at)
    record_effects(client, actor=actor, at=at)


@transaction.atomic
def record_effects(client: Client, *, actor: Actor, at: datetime) -> None:
    """Record, once, each version that took effect at the client since it joined (decision 0016). Raises NotAllowed."""
    require(actor, Capability.ANNOUNCE_NOTICES, client.pk)
    client = Client.objects.select_for_update().get(pk=client.pk)
    known = set(NoticeEffect.objects.filter(client_id=client.pk).values_list("version_id", flat=True))
    for placed in all_timelines(client):
        version, end = placed.version, placed.superseded_at
        if version.pk in known or placed.effective_at > at or (end is not None and end <= client.created_at):
            continue
        NoticeEffect.objects.create(
            client_id=client.pk,
            version=version,
            version_owner=version.client_id,
            took_effect_at=placed.effective_at,
            recorded_at=at,
        )
        facts = {
            "notice": version.notice.code,
            "number": version.number,
            "material": version.is_material,
            "hash": version.content_hash,
            "took_effect_at": placed.effective_at.isoformat(),
        }
        record_entry("notice.took_effect", client_id=client.pk, facts=facts, actor=actor, at=at)


def _apply_recipient(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Save a recipient, or the approval of one, that two officers agreed to. Raises ValidationError.

    PakTaleem's approval is announced to the clients whose data can reach it (GDPR Art. 28(2)).
    """
    if change.table != RecipientApproval._meta.label_lower:
        save_changed_row(change, actor=actor, reason=reason, at=at)
        return
    row: Any = build_changed_row(change, at)
    before = stored_row(row)
    row.recipient = Recipient.objects.select_for_update().get(pk=row.recipient_id, client_id=row.client_id)
    row.approved_at = at
    if row.client_id == PAKTALEEM:
        rows = RecipientApproval.objects.uncancelled().filter(Q(ends_at=None) | Q(ends_at__gt=at), client_id=PAKTALEEM)
        others = rows.exclude(pk=row.pk).select_related("recipient")
        approvals = sorted([*others, row], key=lambda one: (one.recipient.name, one.starts_at, one.pk))
        version = publish_portal_text(
            RECIPIENT_LIST,
            titles=("Recipients of personal data", "ذاتی ڈیٹا کے وصول کنندگان"),
            texts=(_write_list(approvals, "en"), _write_list(approvals, "ur")),
            actor=actor,
            reason=reason,
            at=at,
        )
        row.announced_as, row.objection_until = version.pk, version.effective_at
    check_register_row(row, before, at=at)
    save_register_row(row, actor=actor, reason=reason, at=at)


RECIPIENT = ChangeKind(
    code=SafeguardKind.RECIPIENT,
    label=gettext_lazy("Data goes to another recipient"),
    effect=gettext_lazy(
        "An approved recipient gets another name or service, or an agreement that lasts longer: data may be shared "
        "with it under these terms."
    ),
    apply=_apply_recipient,
    may_approve=is_by_officer,
)


def _write_list(approvals: Iterable[RecipientApproval], language: str) -> str:
    purposes, categories = (_list_names(model, language) for model in (Purpose, DataCategory))
    with translation.override(language):
        lead = _("PakTaleem shares personal data with these providers. It never sells personal data.")
        return "\n\n".join([lead, *(_describe(one, purposes, categories, language) for one in approvals)])


def _list_names(model: type[Purpose | DataCategory], language: str) -> dict[str, str]:
    rows = model._default_manager.filter(client_id=PAKTALEEM)
    return dict(rows.values_list("code", f"name_{language}"))


def _describe(row: RecipientApproval, purposes: dict[str, str], categories: dict[str, str], language: str) -> str:
    recipient: Recipient = row.recipient
    ground = TransferGround(recipient.transfer_ground).label if recipient.transfer_ground else ""
    lines = {
        _("Service"): recipient.describe_service(language),
        _("Part in the processing"): RecipientKind(recipient.kind).label,
        _("Purposes"): _join(row.purposes, purposes),
        _("Data"): _join(row.categories, categories),
        _("Countries"): name_countries(recipient.countries),
        _("Ground of a transfer"): ground,
        _("Part of the service"): _("yes") if row.is_integral else _("no: only with a consent of its own"),
        _("Assurances"): " ".join(recipient.assurances.split()),
        _("Approved from"): f"{row.starts_at:%Y-%m-%d}",
        _("Approved until"): f"{row.ends_at:%Y-%m-%d}" if row.ends_at else "",
    }
    return "\n".join([f"## {recipient.name}", "", *(f"- {name}: {value}" for name, value in lines.items() if value)])


def _join(codes: Iterable[str], names: dict[str, str]) -> str:
    separator = "، " if translation.get_language() == "ur" else ", "
    return separator.join(names.get(code, code) for code in codes)
