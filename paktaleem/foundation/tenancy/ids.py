"""Row identifiers: UUIDv7 generated here, never taken from a caller (RFC 9562 §5.7)."""

from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["PAKTALEEM", "new_id"]

PAKTALEEM = UUID("01900000-0000-7000-8000-000000000001")
"""PakTaleem's own client: controller of its own purposes and owner of the shared catalogue."""


def new_id() -> UUID:
    """Return a new row id (UUIDv7), time-ordered so that indexes stay dense."""
    return uuid7()
