"""The menu of the console and the tabs of its lists, as the role of the reader may see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

type Visible = tuple[str, str]
"""Name and address of a list."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the menu. Lists are named by their model, as ``app_label.ModelName``.

    ``lists`` are in the menu, most used first. ``more`` are logs and rare lists, behind the tabs of the section.
    ``help`` is the id of the heading that explains the section, by chapter of the guide.
    """

    code: str
    name: Promise
    lists: tuple[str, ...]
    more: tuple[str, ...] = ()
    help: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A list that the reader may see: name, address, and whether only the tabs and the filter show it."""

    name: str
    url: str
    is_rare: bool


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section with the lists that the reader may see; the first one is in the menu even if it is rare."""

    code: str
    name: str
    entries: tuple[Entry, ...]
    help: Mapping[str, str]

    @property
    def has_rare(self) -> bool:
        """Return True if some lists are behind *More*."""
        return any(entry.is_rare for entry in self.entries)


def show_sections(sections: Sequence[Section], visible: Mapping[str, Visible]) -> list[ShownSection]:
    """Return the sections that have a visible list. ``visible``: the lists that the reader may see, by model."""
    return [
        ShownSection(section.code, str(section.name), entries, section.help)
        for section in sections
        if (entries := _list_entries(section, visible))
    ]


def _list_entries(section: Section, visible: Mapping[str, Visible]) -> tuple[Entry, ...]:
    labels = [label for label in (*section.lists, *section.more) if label in visible]
    return tuple(Entry(*visible[label], is_rare=label in section.more and label != labels[0]) for label in labels)


def find_current(sections: Sequence[ShownSection], path: str) -> tuple[ShownSection | None, str]:
    """Return the section and the address of the list to which a page belongs; None and "" for another page."""
    for section in sections:
        for entry in section.entries:
            if entry.url in path:
                return section, entry.url
    return None, ""
