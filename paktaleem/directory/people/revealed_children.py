"""The extension point for people who counted as adults and turn out to be children (policy §8)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from paktaleem.foundation.audit.actors import By
from paktaleem.foundation.extensions.points import ExtensionPoint

__all__ = ["child_revealed", "report_revealed_children"]

type RevealedHandler = Callable[[UUID, Sequence[UUID], By, datetime], None]
"""Takes the client, the people, the actor and the time; runs in the same transaction."""

child_revealed: ExtensionPoint[RevealedHandler] = ExtensionPoint(
    "people.child_revealed", "Called with all people whom one act, or one chunk of a roster, shows to be children."
)


def report_revealed_children(client_id: UUID, people: Sequence[UUID], *, actor: By, at: datetime) -> None:
    """Call every handler once for all the people; nothing is called for none."""
    if people:
        for handler in child_revealed:
            handler(client_id, people, actor, at)
