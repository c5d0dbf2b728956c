"""Contents of a package, derived from the decisions about the parts of its request. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

SYSTEM = "system:"
"""Prefix of the code of a system among what is left out."""
_GRANTED, _PARTLY = "granted", "partly"
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Contents:
    """Contents of a package: all data (access), or what the person provided (portability); without what is left out."""

    is_access: bool
    is_portability: bool
    left_out: frozenset[str] = frozenset()

    def has_section(self, code: str) -> bool:
        """Return True unless staff left the section out."""
        return code not in self.left_out

    def has_system(self, code: str) -> bool:
        """Return True unless staff left the system out."""
        return f"{SYSTEM}{code}" not in self.left_out


def derive_contents(parts: Iterable[tuple[str, str]], left_out: Collection[str] = ()) -> Contents:
    """Return the contents for parts, given as right and decision: each right of which something is granted."""
    granted = {kind for kind, decision in parts if decision in {_GRANTED, _PARTLY}}
    return Contents("access" in granted, "portability" in granted, frozenset(left_out))


def needs_choice(parts: Iterable[tuple[str, str]]) -> bool:
    """Return True if a right is granted in part, or by one of two controllers: staff then choose what is left out."""
    decisions: dict[str, set[str]] = {}
    for kind, decision in parts:
        decisions.setdefault(kind, set()).add(decision)
    return any(found != {_GRANTED} for found in decisions.values() if found & {_GRANTED, _PARTLY})


def safe_name(text: str) -> str:
    """Return a name for a file or folder: lower-case letters, digits, “-” and “_” only, so no path and no dots."""
    plain = "".join(letter if letter in _NAME_CHARACTERS else "-" for letter in text.lower())
    return plain[:_LONGEST_NAME].strip("-") or "unnamed"
