"""Models of notices."""

from consent.notices.models.announcements import (
    NoticeDispatch,
    NoticeEffect,
    NoticeResponse,
    ResponseCode,
    ResponseKind,
)
from consent.notices.models.notices import Notice, NoticeDraft, NoticeVersion

__all__ = [
    "Notice",
    "NoticeDispatch",
    "NoticeDraft",
    "NoticeEffect",
    "NoticeResponse",
    "NoticeVersion",
    "ResponseCode",
    "ResponseKind",
]
