"""Services of notices."""

from consent.notices.services.publishing import (
    DraftClosed,
    announce_draft,
    discard_draft,
    publish_notice_version,
    save_draft,
)
from consent.notices.services.responses import (
    AlreadyResponded,
    NoOpenObjection,
    acknowledge_announcement,
    answer_objection,
    object_to_announcement,
    withdraw_objection,
)

__all__ = [
    "AlreadyResponded",
    "DraftClosed",
    "NoOpenObjection",
    "acknowledge_announcement",
    "announce_draft",
    "answer_objection",
    "discard_draft",
    "object_to_announcement",
    "publish_notice_version",
    "save_draft",
    "withdraw_objection",
]
