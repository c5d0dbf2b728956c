"""The changes an import would make, as a digest and a few examples, to detect whether a later run would differ."""

import hashlib
from collections import defaultdict
from enum import StrEnum

SHOWN = 20


class Action(StrEnum):
    """Effect of an import on a person, a relation, or on schools and classes."""

    ADD = "add"
    CHANGE = "change"
    CLOSE = "close"
    RELATE = "relate"
    END_RELATION = "end_relation"
    SCHOOLING = "schooling"


_WITHOUT_EXAMPLES = frozenset({Action.RELATE, Action.END_RELATION, Action.SCHOOLING})


class Plan:
    """Everything one import writes, in order, with the previous version of each row.

    Two runs of one file have the same digest only if they would write the same changes to the same rows. ``examples``
    holds the LMS ids of the first people of each kind.
    """

    def __init__(self) -> None:
        """Start with an empty plan."""
        self.examples: defaultdict[Action, list[str]] = defaultdict(list)
        self._digest = hashlib.sha256()

    def note(self, action: Action, *names: str, seen: bytes | None = None) -> None:
        """Add one action on one or two people, by LMS id; ``seen`` identifies their current version."""
        parts = [action.encode(), *(name.encode() for name in names), seen or b""]
        for part in parts:
            self._digest.update(len(part).to_bytes(4) + part)
        if action not in _WITHOUT_EXAMPLES and len(self.examples[action]) < SHOWN:
            self.examples[action].append(names[0])

    def digest(self) -> str:
        """Return the digest of all actions noted so far."""
        return self._digest.hexdigest()
