"""What anybody may read of a client: the notices with which its people are asked for consent."""

from dataclasses import dataclass
from datetime import datetime

from consent.notices.models import Notice, NoticeVersion
from consent.notices.selectors.registers import current_register
from paktaleem.foundation.accounts.models import Client

__all__ = ["PublicNotice", "consent_notices"]


@dataclass(frozen=True, slots=True)
class PublicNotice:
    """One notice in effect, by its code and its title in the language asked for."""

    code: str
    title: str


def consent_notices(client: Client, *, at: datetime, language: str) -> list[PublicNotice]:
    """List the notices in effect about a client's purposes, by title: each once, its own wording before the shared."""
    rules = current_register(client.pk).notices.values()
    versions = {rule.id for one in rules if (rule := one.in_effect(at)) is not None}
    found = Notice.objects.filter(pk__in=NoticeVersion.objects.filter(pk__in=versions).values("notice_id"))
    names = (PublicNotice(one.code, one.title_ur if language == "ur" else one.title_en) for one in found)
    return sorted(names, key=lambda one: one.title)
