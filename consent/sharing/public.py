"""The recipients of data on a client's public privacy page (policy §6)."""

from datetime import datetime
from typing import Any

from consent.sharing.selectors import PublicApproval, list_public_approvals
from paktaleem.foundation.accounts.models import Client


def recipients_section(client: Client, at: datetime, language: str) -> dict[str, Any] | None:
    """Return the recipients of a client's data, with purposes, categories and dates; connected to ``public_sections``.

    Coming recipients are named before anything is shared with them. None if there is no recipient.
    """
    found = list_public_approvals(client, at=at, language=language)
    if not found:
        return None
    return {"template": "privacy/recipients.html", "rows": [_serialize(one, at) for one in found]}


def _serialize(one: PublicApproval, at: datetime) -> dict[str, Any]:
    recipient = one.recipient
    return {
        "one": one,
        "kind": recipient.get_kind_display(),
        "ground": recipient.get_transfer_ground_display() if recipient.transfer_ground else "",
        "is_coming": one.from_at is not None and one.from_at > at,
    }
