"""The parts of the catalogue of acts: an act, and an event that is sent for it. Pure."""

from typing import NamedTuple


class SentEvent(NamedTuple):
    """A webhook event that is sent for an act.

    ``facts`` are the entry's facts that it repeats; ``type`` is empty for the act's own kind, ``label`` for the act's
    own name. ``row`` limits an act of the register to one kind of row. ``is_shared`` events happen at PakTaleem and
    concern every client.
    """

    facts: tuple[str, ...]
    type: str = ""
    label: str = ""
    row: str = ""
    is_shared: bool = False


class Act(NamedTuple):
    """A kind of ledger entry, its name, and the events sent for it."""

    kind: str
    name: str
    events: tuple[SentEvent, ...] = ()


def make_act(kind: str, name: str, *events: SentEvent) -> Act:
    """Return an act with its name and the events sent for it."""
    return Act(kind, name, events)


def make_event(*facts: str, sent_as: str = "", label: str = "", row: str = "", is_shared: bool = False) -> SentEvent:
    """Return an event that repeats these facts of its entry."""
    return SentEvent(facts, sent_as, label, row, is_shared)
