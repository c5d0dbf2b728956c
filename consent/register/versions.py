"""Versions of notices in a client's register: which is in effect, and until when a consent counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class NoticeVersionRule:
    """One version of a notice: when it takes effect at this client, and whether it is material."""

    id: UUID
    effective_at: datetime
    material: bool


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """The versions of the notice of one purpose, in order of effect at this client.

    `outdated_at` maps each version to the time from which a consent given under it no longer counts: when the first
    later material version takes effect; None if there is none.
    """

    purpose: str
    versions: tuple[NoticeVersionRule, ...]
    outdated_at: Mapping[UUID, datetime | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.versions, key=lambda version: (version.effective_at, version.id)))
        object.__setattr__(self, "versions", ordered)
        object.__setattr__(self, "outdated_at", _outdated_moments(ordered))

    def has_taken_effect(self, at: datetime) -> bool:
        """Return True if any version has taken effect."""
        return bool(self.versions) and self.versions[0].effective_at <= at

    def in_effect(self, at: datetime) -> NoticeVersionRule | None:
        """Find the version in effect: the latest that has taken effect."""
        return next((version for version in reversed(self.versions) if version.effective_at <= at), None)


@dataclass(frozen=True, slots=True)
class TextRule:
    """The data of a notice version that is stored with an answer: its owner and the hash of its text."""

    id: UUID
    owner: UUID
    content_hash: str
    effective_at: datetime


def _outdated_moments(versions: Sequence[NoticeVersionRule]) -> dict[UUID, datetime | None]:
    moments: dict[UUID, datetime | None] = {}
    next_material: datetime | None = None
    for version in reversed(versions):
        moments[version.id] = next_material
        if version.material:
            next_material = version.effective_at
    return moments
