"""Publishing what people are told."""

import hashlib
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from consent.models import Notice, NoticeVersion
from paktaleem.accounts.actors import Actor, require
from paktaleem.accounts.roles import Capability
from paktaleem.ledger.by import Reason
from paktaleem.ledger.canonical import canonical
from paktaleem.ledger.history import save_tracked
from paktaleem.ledger.services import record_entry

__all__ = ["content_hash", "publish_notice_version"]


def content_hash(text_en: str, text_ur: str) -> str:
    """Hash both texts as they are shown: hex SHA-256 of their canonical JSON."""
    return hashlib.sha256(canonical({"en": text_en, "ur": text_ur})).hexdigest()


@transaction.atomic
def publish_notice_version(
    notice: Notice,
    *,
    text_en: str,
    text_ur: str,
    is_material: bool,
    effective_at: datetime,
    actor: Actor,
    reason: Reason | str,
    at: datetime,
) -> NoticeVersion:
    """Publish the next immutable version of a notice, effective now or later. Raises ValidationError, NotAllowed."""
    require(actor, Capability.MANAGE_REGISTER, notice.client_id)
    if effective_at < at:
        raise ValidationError({"effective_at": ["Nothing is backdated: choose now or later."]})
    Notice.objects.select_for_update().get(pk=notice.pk)
    latest = NoticeVersion.objects.filter(notice=notice).order_by("-number").first()
    if latest is not None and effective_at < latest.effective_at:
        raise ValidationError({"effective_at": ["Versions take effect in their order: the latest one does so later."]})
    version = NoticeVersion(
        client_id=notice.client_id,
        notice=notice,
        notice_owner=notice.client_id,
        number=latest.number + 1 if latest else 1,
        is_material=is_material,
        text_en=text_en.strip(),
        text_ur=text_ur.strip(),
        effective_at=effective_at,
        recorded_at=at,
    )
    version.content_hash = content_hash(version.text_en, version.text_ur)
    version.full_clean()
    save_tracked(version, actor=actor, reason=reason, at=at)
    facts = {
        "notice": notice.code,
        "number": version.number,
        "material": is_material,
        "hash": version.content_hash,
        "effective_at": effective_at.isoformat(),
    }
    record_entry("notice.published", client_id=notice.client_id, facts=facts, actor=actor, at=at)
    return version
