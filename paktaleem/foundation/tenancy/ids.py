"""Row identifiers: UUIDv7 generated here, never taken from a caller (RFC 9562 §5.7)."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

PAKTALEEM = UUID("01900000-0000-7000-8000-000000000001")
"""PakTaleem's own client: controller of its own purposes and owner of the shared catalogue."""

UUID7_SQL = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING %(clock)s FROM 1 FOR 6), 52, 1), 53, 1),"
    " 'hex')::uuid"
)
"""SQL of a UUIDv7: a version 4 with two bits changed; ``clock`` is its first 48 bits, see ``clock_bytes``."""


def clock_bytes(at: datetime) -> bytes:
    """Return the first 48 bits of a UUIDv7: the milliseconds of its time."""
    return int(at.timestamp() * 1000).to_bytes(6)


def new_id() -> UUID:
    """Return a new row id (UUIDv7), time-ordered so that indexes stay dense."""
    return uuid7()
