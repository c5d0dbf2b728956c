"""Codes of printed receipts, from which a person reaches their choices. Pure."""

import base64
import hashlib
import hmac
from uuid import UUID

_MARK_BYTES = 4
RECEIPT_CODE = r"[A-Z2-7]{32}"
"""Pattern of a code: base32 letters and digits, easily typed from paper."""


def make_receipt_code(event: UUID, key: bytes) -> str:
    """Return the code of an event's receipt: its id and a keyed MAC, so that codes cannot be forged.

    The code identifies and does not authenticate: the page shows nothing, and sends a one-time code to the contact on
    file.
    """
    return base64.b32encode(event.bytes + _mark(event, key)).decode()


def find_event_id(code: str, key: bytes) -> UUID | None:
    """Return the event id of a code, in any case and grouping; None if the MAC does not match."""
    try:
        raw = base64.b32decode("".join(code.split()).replace("-", "").upper())
    except ValueError:
        return None
    if len(raw) != len(UUID(int=0).bytes) + _MARK_BYTES:
        return None
    event = UUID(bytes=raw[:-_MARK_BYTES])
    return event if hmac.compare_digest(raw[-_MARK_BYTES:], _mark(event, key)) else None


def _mark(event: UUID, key: bytes) -> bytes:
    return hmac.digest(key, b"receipt" + event.bytes, hashlib.sha256)[:_MARK_BYTES]
