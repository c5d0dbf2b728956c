"""Background work on announcements: delivery proof, effect, reminders. Idempotent (policy §12).

A version takes effect without it: that is derived (consent/notices/effects.py), and recorded here once.
"""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from consent.notices.models.announcements import NoticeEffect
from consent.notices.models.notices import RECIPIENT_LIST, NoticeVersion
from consent.notices.selectors.notices import EffectiveVersion, all_timelines
from consent.notices.services.dispatches import open_dispatches
from consent.notices.services.notifications import REMIND_DAYS, notify_client, send_reminder
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.ids import PAKTALEEM

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
def record_effects(client: Client, *, actor: Actor, at: datetime) -> list[NoticeEffect]:
    """Record, once, each version that has taken effect at the client since it joined (policy §12, decision 0016).

    Raises NotAllowed.
    """
    require(actor, Capability.ANNOUNCE_NOTICES, client.pk)
    client = Client.objects.select_for_update().get(pk=client.pk)
    known = set(NoticeEffect.objects.filter(client_id=client.pk).values_list("version_id", flat=True))
    return [
        _record_effect(client, placed, actor, at)
        for placed in all_timelines(client)
        if placed.version.pk not in known and _has_taken_effect(placed, client, at)
    ]


def _has_taken_effect(placed: EffectiveVersion, client: Client, at: datetime) -> bool:
    superseded_before = placed.superseded_at is not None and placed.superseded_at <= client.created_at
    return placed.effective_at <= at and not superseded_before


def _record_effect(client: Client, placed: EffectiveVersion, actor: Actor, at: datetime) -> NoticeEffect:
    version: NoticeVersion = placed.version
    effect = NoticeEffect(
        client_id=client.pk,
        version=version,
        version_owner=version.client_id,
        took_effect_at=placed.effective_at,
        recorded_at=at,
    )
    effect.save(force_insert=True)
    facts = {
        "notice": version.notice.code,
        "number": version.number,
        "material": version.is_material,
        "hash": version.content_hash,
        "took_effect_at": placed.effective_at.isoformat(),
    }
    record_entry("notice.took_effect", client_id=client.pk, facts=facts, actor=actor, at=at)
    return effect
