"""The code on a person's form: eight symbols that are hard to misread, of which the last finds typing errors. Pure.

Crockford's base 32: no I, L, O or U, and whoever writes them is understood. The check symbol is a weighted sum over
GF(32) with a weight of its own for every place, so every single wrong symbol and every two symbols that changed
places, neighbours or not, are found.
"""

import secrets
from collections.abc import Iterable

__all__ = [
    "ALPHABET",
    "LENGTH",
    "check_symbol",
    "distance",
    "is_code",
    "nearest",
    "new_code",
    "read_code",
    "shown_code",
]

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
        **dict.fromkeys("-‐‑‒–—−_.' \t\u00a0\u200c\u200e\u200f", ""),  # noqa: RUF001 -- whatever a spreadsheet makes of a hyphen
    }
)


def new_code() -> str:
    """Draw a code. It says nothing about whose it is."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_symbol(body)


def shown_code(code: str) -> str:
    """Write a code in two groups, as it is printed: no spreadsheet takes it for a number."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def read_code(text: str) -> str:
    """Read what somebody typed, in whatever case, grouping and digits; it may still be no code."""
    return text.strip().upper().translate(_LOOKALIKES)


def is_code(code: str) -> bool:
    """Say whether the symbols are of the alphabet and the last is the check of the others."""
    if len(code) != LENGTH or any(symbol not in ALPHABET for symbol in code):
        return False
    return check_symbol(code[:-1]) == code[-1]


def check_symbol(body: str) -> str:
    """Calculate the symbol that ends a code. Its own weight is one."""
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


def nearest(typed: str, among: Iterable[str], *, within: int = 2, at_most: int = 5) -> list[str]:
    """Return the codes that differ least from what was typed, nearest first; none farther than ``within`` errors."""
    found = sorted((distance(typed, code), code) for code in among if abs(len(code) - len(typed)) <= within)
    return [code for errors, code in found if errors <= within][:at_most]


def distance(left: str, right: str) -> int:
    """Count the typing errors between two texts: a wrong, missing or added symbol, or two neighbours swapped."""
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
