"""What an import would do, as a digest and a few examples: whether it is still the same is seen at a glance."""

import hashlib
from collections import defaultdict
from enum import StrEnum

__all__ = ["Action", "Plan"]

SHOWN = 20


class Action(StrEnum):
    """What happens to a person or a relation."""

    ADD = "add"
    CHANGE = "change"
    CLOSE = "close"
    RELATE = "relate"


class Plan:
    """All that one import writes, in order, with what each row was seen to be before.

    Two runs of one file have the same digest only if they would write the same over the same. ``examples`` has the
    LMS ids of the first few people of each kind.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.examples: defaultdict[Action, list[str]] = defaultdict(list)
        self._digest = hashlib.sha256()

    def note(self, action: Action, *names: str, seen: bytes | None = None) -> None:
        """Note one act on the person, or the two, with these LMS ids; ``seen`` stands for what they are now."""
        parts = [action.encode(), *(name.encode() for name in names), seen or b""]
        for part in parts:
            self._digest.update(len(part).to_bytes(4) + part)
        if action is not Action.RELATE and len(self.examples[action]) < SHOWN:
            self.examples[action].append(names[0])

    def digest(self) -> str:
        """Return the digest of everything noted so far."""
        return self._digest.hexdigest()
