"""When each version of a notice takes effect at one client, derived from rows and time. Pure.

A material change by PakTaleem takes effect at a client only if an email to it is proven to have been sent, and after
the notice period (policy §12). A minor version never takes effect before the material one that it is based on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from consent.register.compiled import NoticeVersionRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """One published version; ``notice_days`` 0: no advance notice, and no proof of delivery needed."""

    id: UUID
    number: int
    material: bool
    announced_at: datetime
    effective_at: datetime
    notice_days: int = 0


def earliest_effect(announced_at: datetime, notice_days: int) -> datetime:
    return announced_at + timedelta(days=notice_days)


def effect_after_proof(
    effective_at: datetime, *, notice_days: int, dispatched_at: datetime, proven_at: datetime, zone: tzinfo
) -> datetime:
    """Return when a version takes effect at a client, given when the email was accepted.

    Notice is counted in days of the client's time zone, and is the same for a later email. Nothing is backdated.
    """
    told_on = dispatched_at.astimezone(zone).date()
    if told_on + timedelta(days=notice_days) <= effective_at.astimezone(zone).date():
        return max(effective_at, proven_at)
    return max(effective_at, proven_at, dispatched_at + timedelta(days=notice_days))


def effects_at_client(
    versions: Iterable[PublishedVersion], *, proven: Mapping[UUID, datetime], client_since: datetime | None
) -> tuple[NoticeVersionRule, ...]:
    """List the versions of one notice that have, or will have, effect at a client, with their times.

    ``proven`` are the effect times that proofs gave. ``client_since`` is when the client joined; None: its own notice.
    """
    found: list[NoticeVersionRule] = []
    previous: datetime | None = None
    for version in sorted(versions, key=lambda one: one.number):
        moment: datetime | None = version.effective_at
        if _needs_proof(version, client_since):
            moment = proven.get(version.id)
        elif not version.material and version.number > 1:
            moment = None if previous is None else max(version.effective_at, previous)
        previous = moment
        if moment is not None:
            found = [earlier for earlier in found if earlier.effective_at <= moment]
            found.append(NoticeVersionRule(version.id, moment, version.material))
    return tuple(found)


def _needs_proof(version: PublishedVersion, client_since: datetime | None) -> bool:
    """Return True if the version has effect at the client only with a proven email; not for one that joined later."""
    return version.notice_days > 0 and client_since is not None and client_since <= version.announced_at


def list_window_ends(
    versions: Iterable[PublishedVersion], *, proven: Mapping[UUID, datetime], client_since: datetime | None
) -> dict[UUID, datetime]:
    """Map the versions of the list of recipients to the end of the client's time to object; unproven ones have none.

    ``proven`` and ``client_since`` are as for ``effects_at_client``; None: PakTaleem's own use.
    """
    ends: dict[UUID, datetime] = {}
    for version in versions:
        moment = proven.get(version.id) if _needs_proof(version, client_since) else version.effective_at
        if moment is not None:
            ends[version.id] = moment
    return ends


def merge_own_and_shared(
    own: Sequence[NoticeVersionRule], shared: Sequence[NoticeVersionRule]
) -> tuple[NoticeVersionRule, ...]:
    """Replace the shared versions by the client's own from the time its first version takes effect."""
    begins_at = min((version.effective_at for version in own), default=None)
    return (*(version for version in shared if begins_at is None or version.effective_at < begins_at), *own)


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
