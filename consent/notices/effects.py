"""When each version of a notice takes effect at one client. Pure: it follows from rows and time, nobody sets it.

A material change of PakTaleem's takes effect at a client only where a letter to it is proven, a number of days before
(privacy policy, section 12); what needs no notice takes effect by itself. A minor version never runs ahead of the
material one whose words it contains.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from consent.register.versions import NoticeVersionRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo
    from uuid import UUID

__all__ = ["Published", "earliest_effect", "effect_after_proof", "effects_at_client", "own_before_shared"]


@dataclass(frozen=True, slots=True)
class Published:
    """One version as it was published; ``notice_days`` 0: it takes effect without proof of a letter."""

    id: UUID
    number: int
    material: bool
    announced_at: datetime
    effective_at: datetime
    notice_days: int = 0


def earliest_effect(announced_at: datetime, notice_days: int) -> datetime:
    """Give the earliest moment for which a version that needs notice may be announced."""
    return announced_at + timedelta(days=notice_days)


def effect_after_proof(
    effective_at: datetime, *, notice_days: int, dispatched_at: datetime, proven_at: datetime, zone: tzinfo
) -> datetime:
    """Give the moment of effect at a client whose letter was accepted at ``dispatched_at``.

    Notice is counted in days of the client's zone: a letter of the day of the announcement is in time; a later one
    has the same number of days to itself. Never before ``proven_at``: nothing is backdated.
    """
    told_on = dispatched_at.astimezone(zone).date()
    if told_on + timedelta(days=notice_days) <= effective_at.astimezone(zone).date():
        return max(effective_at, proven_at)
    return max(effective_at, proven_at, dispatched_at + timedelta(days=notice_days))


def effects_at_client(
    versions: Iterable[Published], *, proven: Mapping[UUID, datetime], client_since: datetime | None
) -> tuple[NoticeVersionRule, ...]:
    """List the versions of one notice that have, or will have, effect at a client, each with its moment.

    ``proven`` are the moments of effect that proofs gave, by version. ``client_since`` is when the client came:
    one that came after an announcement was told as it came, and waits for no letter. None: the notice is its own.
    """
    found: list[NoticeVersionRule] = []
    previous: datetime | None = None
    for version in sorted(versions, key=lambda one: one.number):
        moment: datetime | None = version.effective_at
        if version.notice_days and client_since is not None and client_since <= version.announced_at:
            moment = proven.get(version.id)
        elif not version.material and version.number > 1:
            moment = None if previous is None else max(version.effective_at, previous)
        previous = moment
        if moment is not None:
            found = [earlier for earlier in found if earlier.effective_at <= moment]
            found.append(NoticeVersionRule(version.id, moment, version.material))
    return tuple(found)


def own_before_shared(
    own: Sequence[NoticeVersionRule], shared: Sequence[NoticeVersionRule]
) -> tuple[NoticeVersionRule, ...]:
    """Put a client's own wording in the place of the shared one, from the moment its first version takes effect."""
    begins_at = min((version.effective_at for version in own), default=None)
    return (*(version for version in shared if begins_at is None or version.effective_at < begins_at), *own)
