"""The bytes that are proved: canonical JSON, salted commitments, RFC 6962 leaf hashes. Pure."""

import hashlib
import hmac
import secrets
from typing import Any

import rfc8785

__all__ = ["SALT_BYTES", "canonical", "commitment", "leaf_hash", "new_salt"]

SALT_BYTES = 32
_LEAF = b"\x00"


def canonical(value: Any) -> bytes:
    """Serialize JSON values the one way in which everyone gets the same bytes (RFC 8785)."""
    return rfc8785.dumps(value)


def new_salt() -> bytes:
    """Draw a commitment's salt: kept sealed under the person's key, so that erasing the key closes the commitment."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(value: Any, salt: bytes) -> str:
    """Commit to a value without showing it: hex HMAC-SHA-256 of its canonical form under a random salt.

    An unsalted hash of a name or a mail address could be guessed from a dictionary; this one only with the salt.
    """
    return hmac.new(salt, canonical(value), hashlib.sha256).hexdigest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash a canonical entry as a Merkle tree leaf: SHA-256(0x00 ‖ entry) (RFC 6962 §2.1)."""
    return hashlib.sha256(_LEAF + entry).digest()
