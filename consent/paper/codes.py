"""Codes of form pages: eight symbols that are hard to misread, the last a check symbol.

Crockford's base 32: no I, L, O or U, which are read as the similar symbols. The check symbol is a weighted sum over
GF(32) with a different weight for every position, so that any single wrong symbol and any two swapped symbols are
detected.
"""

import secrets
from collections.abc import Iterable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
_MODULUS = 0b100101
"""x⁵ + x² + 1: primitive, so that the powers of x are 31 different weights."""

_DIGITS = "0123456789"
_LOOKALIKES = str.maketrans(
    {
        **dict(zip("ILOU", "110V", strict=True)),
        **dict(zip("٠١٢٣٤٥٦٧٨٩", _DIGITS, strict=True)),
        **dict(zip("۰۱۲۳۴۵۶۷۸۹", _DIGITS, strict=True)),
        **dict.fromkeys("-‐‑‒–—−_.' \t\u00a0\u200c\u200e\u200f", ""),  # noqa: RUF001 -- spreadsheets replace hyphens
    }
)


def generate_code() -> str:
    """Return a random code: 35 random bits and a check symbol."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_symbol(body)


def format_code(code: str) -> str:
    """Return a code in two groups, as printed, so that spreadsheets do not read it as a number."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def normalize_code(text: str) -> str:
    """Normalize typed text (case, grouping, digits); the result may not be a valid code."""
    return text.strip().upper().translate(_LOOKALIKES)


def is_code(code: str) -> bool:
    """Return True if all symbols are in the alphabet and the check symbol is right."""
    if len(code) != LENGTH or any(symbol not in ALPHABET for symbol in code):
        return False
    return check_symbol(code[:-1]) == code[-1]


def check_symbol(body: str) -> str:
    """Return the check symbol. Its own weight is one."""
    total, weight = 0, 1
    for symbol in reversed(body):
        weight = _times_x(weight)
        total ^= _times(weight, ALPHABET.index(symbol))
    return ALPHABET[total]


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ _MODULUS if doubled >= len(ALPHABET) else doubled


def _times(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left, right = _times_x(left), right >> 1
    return product


def find_nearest(typed: str, among: Iterable[str], *, within: int = 2, at_most: int = 5) -> list[str]:
    """Return up to ``at_most`` codes similar to the typed text, nearest first, with up to ``within`` errors."""
    found = sorted((distance(typed, code), code) for code in among if abs(len(code) - len(typed)) <= within)
    return [code for errors, code in found if errors <= within][:at_most]


def distance(left: str, right: str) -> int:
    """Return the number of typing errors between two texts: wrong, missing, added or swapped neighbouring symbols."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            errors = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (one != other))
            if i > 1 and j > 1 and one == right[j - 2] and left[i - 2] == other:
                errors = min(errors, earlier[j - 2] + 1)
            row.append(errors)
    return row[-1]
