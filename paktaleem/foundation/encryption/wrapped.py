"""Registry of everything else wrapped under the keyring, with how to count and rewrap it."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

__all__ = ["Wrapped", "declare_wrapped", "everything_wrapped"]


class Wrapped(NamedTuple):
    """One kind of wrapped value: how to count a client's by epoch, and rewrap them under the current one.

    ``rewrap`` returns the epochs from which values were moved.
    """

    name: str
    counted: Callable[[UUID], Counter[int]]
    rewrap: Callable[[UUID], frozenset[int]]


_DECLARED: dict[str, Wrapped] = {}


def declare_wrapped(kind: Wrapped) -> None:
    """Register one kind, so that no epoch is destroyed while it is used."""
    _DECLARED[kind.name] = kind


def everything_wrapped() -> list[Wrapped]:
    """List the registered kinds by name."""
    return [_DECLARED[name] for name in sorted(_DECLARED)]
