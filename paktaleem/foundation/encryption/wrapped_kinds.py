"""Everything else that is wrapped under the keyring: each app declares how its keys are counted and wrapped anew."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from paktaleem.foundation.extensions.points import ExtensionPoint


class WrappedKind(NamedTuple):
    """One kind of wrapped key: how many of a client's are under which epoch, and wrapping them under the current one.

    ``rewrap`` returns the epochs it took some from.
    """

    name: str
    counted: Callable[[UUID], Counter[int]]
    rewrap: Callable[[UUID], frozenset[int]]


wrapped_kinds: ExtensionPoint[WrappedKind] = ExtensionPoint(
    "encryption.wrapped_kinds", "Keys counted before a key epoch is destroyed, and wrapped anew when keys rotate."
)


def list_wrapped_kinds() -> list[WrappedKind]:
    """List the kinds that were declared, by name."""
    return sorted(wrapped_kinds, key=lambda kind: kind.name)
