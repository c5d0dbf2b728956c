"""The extension points for people who turn out to be children, or not to be of full age (policy §8)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from paktaleem.directory.people.age_gate import Reading, reveals_child, reveals_minor_guardian
from paktaleem.directory.people.details import SubjectDetails
from paktaleem.foundation.audit.actors import By
from paktaleem.foundation.extensions.points import ExtensionPoint

type RevealedHandler = Callable[[UUID, Sequence[UUID], By, datetime], None]
"""Takes the client, the people, the actor and the time; runs in the same transaction."""

child_revealed: ExtensionPoint[RevealedHandler] = ExtensionPoint(
    "people.child_revealed", "Called with all people whom one act, or one chunk of a roster, shows to be children."
)
minor_revealed: ExtensionPoint[RevealedHandler] = ExtensionPoint(
    "people.minor_revealed", "Called with all guardians whose age, stated now, shows that they are not of full age."
)


@dataclass(slots=True)
class RevealedPeople:
    """People who turn out to be children, and guardians who are not of full age, in one act or chunk of a roster."""

    children: list[UUID] = field(default_factory=list)
    minors: list[UUID] = field(default_factory=list)

    def note(
        self, person: UUID, before: SubjectDetails, after: SubjectDetails, *, reading: Reading, full_age: Reading
    ) -> None:
        """Note what a change of details reveals about a person; ``full_age`` has the full ages as thresholds."""
        if reveals_child(before, after, reading):
            self.children.append(person)
        if reveals_minor_guardian(before, after, full_age):
            self.minors.append(person)

    def report(self, client_id: UUID, *, actor: By, at: datetime) -> None:
        """Call every handler once for all the people; nothing is called for none."""
        for people, handlers in ((self.children, child_revealed), (self.minors, minor_revealed)):
            for handler in handlers if people else ():
                handler(client_id, people, actor, at)
