"""A receipt on paper: what it says in plain words, and the code that leads back to the choices. Pure."""

import base64
import hashlib
import hmac
from uuid import UUID

__all__ = ["RECEIPT_CODE", "event_of_code", "receipt_code"]

_MARK_BYTES = 4
RECEIPT_CODE = r"[A-Z2-7]{32}"
"""How a code looks: base32 letters and digits, easily typed from paper."""


def receipt_code(event: UUID, key: bytes) -> str:
    """Give the code of an event's receipt: its id and a keyed mark, so that no code can be made up.

    It is an address and no key: whoever follows it is shown nothing and is sent a code at the address known before.
    """
    return base64.b32encode(event.bytes + _mark(event, key)).decode()


def event_of_code(code: str, key: bytes) -> UUID | None:
    """Return the event of a code, typed in whatever case and grouping; None for one that we never printed."""
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
