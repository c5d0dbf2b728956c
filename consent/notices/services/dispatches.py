"""Announcements of notices to clients: one row per client and version, with the proof of delivery (policy §12)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from consent.notices.effects import effect_after_proof
from consent.notices.models import Notice, NoticeDispatch, NoticeVersion
from consent.notices.selectors.notices import list_reaching_versions, must_be_notified
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.operations.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.rows import PAKTALEEM

FOLLOW_ANNOUNCEMENTS = "consent.follow_announcements"


def enqueue_client_notification() -> None:
    """Enqueue the task that notifies clients, on commit; it also runs every minute."""
    enqueue_job(FOLLOW_ANNOUNCEMENTS)


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
            known[version.pk] = _open_dispatch(client, version, actor, at)
    return list(known.values())


def _open_dispatch(client: Client, version: NoticeVersion, actor: Actor, at: datetime) -> NoticeDispatch:
    row = NoticeDispatch(client_id=client.pk, version=version, version_owner=version.client_id, opened_at=at)
    return save_tracked(row, actor=actor, reason=Reason.CLIENT_NOTIFICATION, at=at)


@transaction.atomic
def record_dispatch_proof(
    dispatch: NoticeDispatch, *, dispatched_at: datetime, actor: Actor, at: datetime
) -> NoticeDispatch:
    """Record that an email to the client was accepted at ``dispatched_at``, and when the version takes effect.

    The notice period of the client counts from it (policy §12). Recorded once; later emails change nothing. Raises
    NotAllowed.
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
