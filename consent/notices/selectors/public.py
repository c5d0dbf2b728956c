"""Public notices of a client about the purposes that require consent."""

from dataclasses import dataclass
from datetime import datetime

from consent.notices.models import Notice, NoticeVersion
from consent.notices.selectors.registers import current_register
from paktaleem.foundation.accounts.models import Client

__all__ = ["PublicNotice", "consent_notices"]


@dataclass(frozen=True, slots=True)
class PublicNotice:
    """One notice in effect: its code, and its title in the requested language."""

    code: str
    title: str


def consent_notices(client: Client, *, at: datetime, language: str) -> list[PublicNotice]:
    """List the notices in effect about a client's purposes, by title, each once; own notices replace shared ones."""
    rules = current_register(client.pk).notices.values()
    versions = {rule.id for one in rules if (rule := one.in_effect(at)) is not None}
    found = Notice.objects.filter(pk__in=NoticeVersion.objects.filter(pk__in=versions).values("notice_id"))
    names = (PublicNotice(one.code, one.title_ur if language == "ur" else one.title_en) for one in found)
    return sorted(names, key=lambda one: one.title)
