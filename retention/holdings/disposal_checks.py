"""The extension point for what keeps data from being disposed of, such as a hold."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from uuid import UUID

from paktaleem.foundation.extensions.points import ExtensionPoint

__all__ = ["before_disposal"]

type DisposalCheck = Callable[[UUID, UUID, AbstractSet[str]], None]
"""Takes the client, the person and the categories; raises an error if the data must be kept."""

before_disposal: ExtensionPoint[DisposalCheck] = ExtensionPoint(
    "retention.before_disposal", "Called before data of a person is ordered to be erased; raises what keeps it."
)
