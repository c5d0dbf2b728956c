"""The picture of the flows of data: client, purpose, category, recipient, country. Pure.

The picture has five columns of boxes and lines between neighbours. Lengths are in units of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retention.records.record import ProcessingRecord


BOX = (150, 26)
"""Width and height of a box."""
_COLUMNS, _GAP, _ROW, _TOP, _LONGEST = 5, 60, 34, 6, 22
WIDTH = _COLUMNS * BOX[0] + (_COLUMNS - 1) * _GAP


@dataclass(frozen=True, slots=True)
class Box:
    """A box with its full name and the part that fits; ``x`` and ``y`` are its upper left corner."""

    column: int
    name: str
    text: str
    x: int
    y: int

    @property
    def middle(self) -> int:
        """Return the horizontal centre, for the text."""
        return self.x + BOX[0] // 2

    @property
    def baseline(self) -> int:
        """Return the height of the text's base line."""
        return self.y + 17


@dataclass(frozen=True, slots=True)
class Line:
    """A line between two boxes: the value of an SVG path."""

    path: str


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """The picture: its size, boxes and lines."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw_flows(record: ProcessingRecord, *, mirrored: bool = False) -> FlowPicture:
    """Return the picture of a record; ``mirrored`` for languages that are written from right to left."""
    names, links = _collect(record)
    height = _TOP * 2 + max(len(column) for column in names) * _ROW
    boxes = {
        (column, name): _place(column, name, row, len(found), height, mirrored=mirrored)
        for column, found in enumerate(names)
        for row, name in enumerate(found)
    }
    lines = tuple(
        _connect(boxes[column, start], boxes[column + 1, end], mirrored=mirrored) for column, start, end in links
    )
    return FlowPicture(WIDTH, height, tuple(boxes.values()), lines)


def _collect(record: ProcessingRecord) -> tuple[list[list[str]], list[tuple[int, str, str]]]:
    """Return the names of each column and the links between neighbours, each once and in order."""
    links: dict[tuple[int, str, str], None] = {}
    for one in record.activities:
        links[0, record.client, one.purpose.name] = None
        for category in one.categories:
            links[1, one.purpose.name, category.name] = None
        for recipient in one.recipients:
            for category in recipient.categories:
                links[2, category.name, recipient.name] = None
            for country in recipient.countries:
                links[3, recipient.name, country] = None
    names: list[dict[str, None]] = [{record.client: None}, {}, {}, {}, {}]
    for column, _start, end in links:
        names[column + 1][end] = None
    return [list(column) for column in names], list(links)


def _place(column: int, name: str, row: int, rows: int, height: int, *, mirrored: bool) -> Box:
    x = column * (BOX[0] + _GAP)
    y = (height - rows * _ROW) // 2 + row * _ROW + (_ROW - BOX[1]) // 2
    text = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return Box(column, name, text, WIDTH - x - BOX[0] if mirrored else x, y)


def _connect(start: Box, end: Box, *, mirrored: bool) -> Line:
    from_x, to_x = (start.x, end.x + BOX[0]) if mirrored else (start.x + BOX[0], end.x)
    from_y, to_y = start.y + BOX[1] // 2, end.y + BOX[1] // 2
    half = (from_x + to_x) // 2
    return Line(f"M{from_x} {from_y}C{half} {from_y} {half} {to_y} {to_x} {to_y}")
