"""Differences between two texts, by paragraph and word. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_MARK = re.compile(r"^(#{1,3} |[-*] |\d+[.)] )")
_WORDS = re.compile(r"\s+|[^\s]+")
_ALIKE = 0.4


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words that are the ``same`` in both texts, or were ``added`` or ``removed``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """One heading, list item or paragraph (``shape``), with its pieces in reading order."""

    shape: str
    pieces: tuple[Piece, ...]

    @property
    def is_same(self) -> bool:
        """Return True if the block is unchanged."""
        return all(piece.kind == "same" for piece in self.pieces)


def differences(before: str, after: str) -> list[Block]:
    """Compare two texts: blocks are matched first, then the words within replaced blocks."""
    old, new = _blocks(before), _blocks(after)
    found: list[Block] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found += [_whole(line, "same") for line in old[i:j]]
        else:
            found += _replaced(old[i:j], new[k:m])
    return found


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    """Pair similar blocks of the same shape in order; the others are removed or added as a whole."""
    position = 0
    for line in old:
        partner = next((n for n in range(position, len(new)) if _are_alike(line, new[n])), None)
        if partner is None:
            yield _whole(line, "removed")
            continue
        yield from (_whole(other, "added") for other in new[position:partner])
        yield _changed(line, new[partner])
        position = partner + 1
    yield from (_whole(line, "added") for line in new[position:])


def _are_alike(one: str, other: str) -> bool:
    if _shape(one) != _shape(other):
        return False
    matcher = SequenceMatcher(None, one.split(), other.split(), autojunk=False)
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _changed(before: str, after: str) -> Block:
    old, new = _WORDS.findall(_bare(before)), _WORDS.findall(_bare(after))
    pieces: list[Piece] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(old[i:j])))
            continue
        if j > i:
            pieces.append(Piece("removed", "".join(old[i:j])))
        if m > k:
            pieces.append(Piece("added", "".join(new[k:m])))
    return Block(_shape(after), tuple(pieces))


def _whole(line: str, kind: str) -> Block:
    return Block(_shape(line), (Piece(kind, _bare(line)),))


def _blocks(text: str) -> list[str]:
    """Split a text into headings, list items and paragraphs; a paragraph's line breaks are spaces."""
    blocks: list[str] = []
    for part in re.split(r"\n\s*\n", text.strip()):
        open_block = False
        for line in (one.strip() for one in part.splitlines()):
            if open_block and not _MARK.match(line):
                blocks[-1] += f" {line}"
            else:
                blocks.append(line)
            open_block = not line.startswith("#")
    return [block for block in blocks if block]


def _shape(line: str) -> str:
    if line.startswith("#") and _MARK.match(line):
        return "heading"
    return "item" if _MARK.match(line) else "paragraph"


def _bare(line: str) -> str:
    return _MARK.sub("", line).strip().replace("**", "")
