"""What else lies wrapped under the keyring: a room that wraps something declares how it is counted and wrapped anew."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

__all__ = ["Wrapped", "declare_wrapped", "everything_wrapped"]


class Wrapped(NamedTuple):
    """One kind of thing: how many of a client's lie under which epoch, and wrapping them under the current one.

    ``rewrap`` returns from which epochs it took some.
    """

    name: str
    counted: Callable[[UUID], Counter[int]]
    rewrap: Callable[[UUID], frozenset[int]]


_DECLARED: dict[str, Wrapped] = {}


def declare_wrapped(kind: Wrapped) -> None:
    """Declare one kind, so that no epoch is destroyed while it needs it."""
    _DECLARED[kind.name] = kind


def everything_wrapped() -> list[Wrapped]:
    """List what was declared, by name."""
    return [_DECLARED[name] for name in sorted(_DECLARED)]
