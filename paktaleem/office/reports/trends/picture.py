"""Pictures of twelve weeks: the places of columns and of their labels. Pure.

Lengths are in units of the picture. Colours are classes of the style sheet, so that a strict content security policy
allows the picture and dark mode has its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 200
_LEFT, _TOP, _BOTTOM, _GAP = 56, 12, 28, 6
_BASE = HEIGHT - _BOTTOM


@dataclass(frozen=True, slots=True)
class Column:
    """A rectangle: its series, counted from 0, and its place."""

    series: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    """A text of an axis and its place; ``anchor`` is the SVG attribute ``text-anchor``."""

    text: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The columns, the lines and the labels of one picture."""

    columns: tuple[Column, ...]
    lines: tuple[float, ...]
    labels: tuple[Label, ...]
    start: float
    end: float


def round_up(number: int) -> int:
    """Return the least of 1, 2, 5, 10, 20, 50 … that is not less than a number."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step >= number:
                return factor * step
        step *= 10


def draw_columns(
    series: Sequence[Sequence[int]], weeks: Sequence[str], *, is_stacked: bool, mirrored: bool = False
) -> Picture:
    """Return a picture with a group of columns for each week; ``mirrored`` if time runs from right to left.

    ``series`` has as many numbers as there are weeks. Columns of a week are stacked, or side by side.
    """
    sums = [sum(numbers) if is_stacked else max(numbers, default=0) for numbers in zip(*series, strict=True)]
    top = round_up(max(sums, default=0))
    slot = (WIDTH - _LEFT) / len(weeks)
    columns: list[Column] = []
    for week, numbers in enumerate(zip(*series, strict=True)):
        columns += _draw_week(numbers, _LEFT + week * slot, slot, top, is_stacked=is_stacked)
    labels = [
        Label(f"{top:,}", _LEFT - 6, _TOP + 5, "end"),
        Label("0", _LEFT - 6, _BASE + 4, "end"),
        *(Label(weeks[week], _LEFT + (week + 0.5) * slot, HEIGHT - 8, "middle") for week in range(0, len(weeks), 3)),
    ]
    picture = Picture(tuple(columns), (_TOP, (_TOP + _BASE) / 2, _BASE), tuple(labels), _LEFT, WIDTH)
    return _mirror(picture) if mirrored else picture


def _draw_week(numbers: Sequence[int], x: float, slot: float, top: int, *, is_stacked: bool) -> list[Column]:
    width = (slot - _GAP) / (1 if is_stacked else len(numbers))
    columns, below = [], 0.0
    for place, number in enumerate(numbers):
        height = number / top * (_BASE - _TOP)
        left = x + _GAP / 2 + (0 if is_stacked else place * width)
        if number:
            columns.append(
                Column(place, round(left, 1), round(_BASE - below - height, 1), round(width, 1), round(height, 1))
            )
        below += height if is_stacked else 0
    return columns


def _mirror(picture: Picture) -> Picture:
    anchors = {"end": "start", "start": "end", "middle": "middle"}
    return Picture(
        tuple(Column(c.series, round(WIDTH - c.x - c.width, 1), c.y, c.width, c.height) for c in picture.columns),
        picture.lines,
        tuple(Label(one.text, WIDTH - one.x, one.y, anchors[one.anchor]) for one in picture.labels),
        WIDTH - picture.end,
        WIDTH - picture.start,
    )
