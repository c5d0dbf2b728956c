"""When each version of a notice takes effect at one client, derived from rows and time. Pure.

A material change by PakTaleem takes effect at a client only if an email to it is proven to have been sent, and after
the notice period (policy §12); versions without advance notice take effect at their time. A minor
version never takes effect before the material version that it is based on.
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
    """Return the earliest time at which a version can take effect, given its advance notice in days."""
    return announced_at + timedelta(days=notice_days)


def effect_after_proof(
    effective_at: datetime, *, notice_days: int, dispatched_at: datetime, proven_at: datetime, zone: tzinfo
) -> datetime:
    """Return when a version takes effect at a client, given when the email was accepted.

    Notice is counted in days of the client's time zone: an email on the day of the announcement is in time; a later one
    moves the effect, so that the client gets the same number of days. Never before ``proven_at``: nothing is backdated.
    """
    told_on = dispatched_at.astimezone(zone).date()
    if told_on + timedelta(days=notice_days) <= effective_at.astimezone(zone).date():
        return max(effective_at, proven_at)
    return max(effective_at, proven_at, dispatched_at + timedelta(days=notice_days))


def effects_at_client(
    versions: Iterable[PublishedVersion], *, proven: Mapping[UUID, datetime], client_since: datetime | None
) -> tuple[NoticeVersionRule, ...]:
    """List the versions of one notice that have, or will have, effect at a client, with their times.

    ``proven`` maps versions to the effect times that proofs gave. ``client_since`` is when the client joined: a client
    that joined after an announcement needs no email. None: the notice is the client's own.
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
