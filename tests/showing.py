"""Tokens that prove that a notice was shown, as ``notices/current`` returns them."""

from datetime import datetime
from uuid import UUID

from consent.notices.models import NoticeVersion
from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from consent.notices.selectors.registers import get_current_notice


def shown(client_id: UUID, at: datetime, purpose: str = "newsletter", language: str = "") -> str:
    """Return a token for the notice in effect about a purpose at a time, in both languages unless one is given."""
    return shown_version(get_current_notice(purpose, client_id=client_id, at=at), client_id, at, language)


def shown_version(version: NoticeVersion, client_id: UUID, at: datetime, language: str = "") -> str:
    """Return a token for one version, in effect or not."""
    return sign_notice_token(ShownNotice(version.pk, tuple(version.notice.purposes), language, client_id, at))
