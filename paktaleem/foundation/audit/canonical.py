"""Canonical JSON, salted commitments and RFC 6962 leaf hashes of evidence. Pure."""

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any

import rfc8785

SALT_BYTES = 32
_LEAF = b"\x00"


def canonical(value: Any) -> bytes:
    """Serialize JSON values to their canonical bytes (RFC 8785)."""
    return rfc8785.dumps(value)


def format_time(value: datetime | None) -> str | None:
    """Return a time as certificates show it (ISO 8601); None if there is none."""
    return value.isoformat() if value else None


def new_salt() -> bytes:
    """Return a random salt, to be stored encrypted: erasing the person's key makes the commitment unverifiable."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(value: object, salt: bytes) -> str:
    """Return hex HMAC-SHA-256 of a value under a random salt: a dictionary attack would find an unsalted hash."""
    return hmac.new(salt, canonical(value), hashlib.sha256).hexdigest()


def compute_leaf_hash(entry: bytes) -> bytes:
    """Return the Merkle tree leaf hash of a canonical entry: SHA-256(0x00 ‖ entry) (RFC 6962 §2.1)."""
    return hashlib.sha256(_LEAF + entry).digest()
