"""Tokens and codes, and the hashes by which they are kept. Pure but for the secret key."""

import hashlib
import secrets

from django.utils.crypto import salted_hmac

__all__ = ["CODE_DIGITS", "code_digest", "new_code", "new_token", "token_digest"]

TOKEN_BYTES = 32
CODE_DIGITS = 8


def new_token() -> str:
    """Draw a token of 256 random bits, in 43 characters that an address can hold."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> bytes:
    """Hash a token for look-up: SHA-256 suffices for 256 random bits."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def new_code() -> str:
    """Draw a code of eight digits, the first of them possibly zero."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def code_digest(code: str, *, knock: bytes) -> bytes:
    """Hash a code for the one browser that asked for it (``knock``, a digest).

    Keyed with a secret outside the database, since eight digits could be tried out on a copy of it.
    """
    return salted_hmac("paktaleem.directory.access_links.code", knock.hex() + code, algorithm="sha256").digest()
