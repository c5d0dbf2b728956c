"""Models of notices."""

from consent.notices.models.announcements import (
    NoticeDispatch,
    NoticeEffect,
    NoticeResponse,
    ResponseCode,
    ResponseKind,
)
from consent.notices.models.notices import RECIPIENT_LIST, Notice, NoticeDraft, NoticeVersion

__all__ = [
    "RECIPIENT_LIST",
    "Notice",
    "NoticeDispatch",
    "NoticeDraft",
    "NoticeEffect",
    "NoticeResponse",
    "NoticeVersion",
    "ResponseCode",
    "ResponseKind",
]
