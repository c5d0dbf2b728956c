"""A picture of a client's holdings by category and age: the lengths of its bars. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

AGES = (1, 2, 3, 5)
"""Limits of the ages, in years: up to a year, one to two, two to three, three to five, more."""
WIDTH = 600
"""Width of the longest bar, in units of the picture."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar: its age, from the youngest, the number of holdings, where it starts, and how long it is."""

    age: int
    number: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Bar:
    """The holdings of a category, with a segment for each age."""

    category: str
    number: int
    segments: tuple[Segment, ...]


def draw_bars(counts: Mapping[str, Iterable[int]]) -> list[Bar]:
    """Return a bar for each category, the longest first; ``counts`` has the number of holdings of each age.

    Lengths are in proportion to the largest category; a part of few holdings is at least one unit long.
    """
    found = {category: tuple(numbers) for category, numbers in counts.items()}
    most = max((sum(numbers) for numbers in found.values()), default=0)
    bars = [_draw(category, numbers, most) for category, numbers in found.items()]
    return sorted(bars, key=lambda bar: (-bar.number, bar.category))


def _draw(category: str, numbers: tuple[int, ...], most: int) -> Bar:
    lengths = [max(1, number * WIDTH // most) if number else 0 for number in numbers]
    starts = [0, *accumulate(lengths)]
    segments = (
        Segment(age, number, start, length)
        for age, (number, start, length) in enumerate(zip(numbers, starts, lengths, strict=False))
        if number
    )
    return Bar(category, sum(numbers), tuple(segments))
