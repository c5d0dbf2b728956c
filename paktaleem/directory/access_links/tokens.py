"""Tokens and one-time codes, and the hashes that are stored. Pure except for the secret key."""

import hashlib
import secrets

from django.utils.crypto import salted_hmac

TOKEN_BYTES = 32
CODE_DIGITS = 8


def new_token() -> str:
    """Return a token of 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> bytes:
    """Return the hash of a token for look-up; plain SHA-256 suffices for 256 random bits."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def new_code() -> str:
    """Return a random code of eight digits, possibly with leading zeros."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def code_digest(code: str, *, knock: bytes) -> bytes:
    """Return the hash of a code, bound to the browser that requested it (``knock``, a digest).

    Keyed with a secret outside the database, since eight digits could be brute-forced on a copy of it.
    """
    return salted_hmac("paktaleem.directory.access_links.code", knock.hex() + code, algorithm="sha256").digest()
