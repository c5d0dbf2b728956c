"""Notices whose text the portal writes itself: the list of recipients, business transfers."""

from datetime import datetime

from consent.notices.effects import earliest_effect
from consent.notices.models import Notice, NoticeVersion
from consent.notices.services.publishing import notice_days_for, publish_notice_version
from consent.register.services.register import change_register
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.rows import PAKTALEEM


def count_portal_notice_days() -> int:
    """Return how many days clients are notified before a text of the portal takes effect (policy §12)."""
    return notice_days_for(Notice(client_id=PAKTALEEM, is_by_portal=True), is_material=True)


def publish_portal_text(
    code: str,
    *,
    titles: tuple[str, str],
    texts: tuple[str, str],
    effective_at: datetime | None = None,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> NoticeVersion:
    """Publish a text as the next material version of PakTaleem's notice ``code``; clients are notified of it.

    Follows policy §12. ``titles`` and ``texts`` are in English and Urdu. The notice is added with its first version.
    The version takes effect at ``effective_at``, or as soon as clients have had their days of notice, and never before
    an earlier version. Raises ValidationError, NotAllowed.
    """
    notice = Notice.objects.filter(client_id=PAKTALEEM, code=code).select_for_update().first()
    if notice is None:
        notice = Notice(client_id=PAKTALEEM, code=code, is_by_portal=True)
        notice.title_en, notice.title_ur = titles
        change_register(notice, actor=actor, reason=reason, at=at)
    latest = NoticeVersion.objects.filter(notice=notice).order_by("-number").first()
    effective_at = effective_at or earliest_effect(at, count_portal_notice_days())
    text_en, text_ur = texts
    return publish_notice_version(
        notice,
        text_en=text_en,
        text_ur=text_ur,
        is_material=True,
        effective_at=max(effective_at, latest.effective_at) if latest else effective_at,
        actor=actor,
        reason=reason,
        at=at,
    )
