"""Guardians' requests about a child's data, and the conditions for making them. Pure."""

from datetime import datetime
from enum import StrEnum

from children.guardians.authority import Guardian
from children.guardians.strength import Strength

__all__ = ["Obstacle", "Wish", "what_stands_against"]


class Wish(StrEnum):
    """A kind of request: what should happen to the data."""

    COPY = "copy"
    DELETION = "deletion"
    KEEP = "keep"


class Obstacle(StrEnum):
    """Why a guardian may not make a request."""

    NOT_VERIFIED = "not_verified"
    """The guardian has no valid verification or may not decide."""
    TOO_WEAK = "too_weak"
    """The guardian is verified by two messages only: enough to decide, not to receive a child's data."""
    NOT_TOLD = "not_told"
    """The guardian may not receive data about the child."""


def what_stands_against(wish: Wish, guardian: Guardian, *, may_receive_data: bool, at: datetime) -> Obstacle | None:
    """Return why this guardian may not make a request, or None if they may.

    A copy discloses data, so it requires the same strength as outside recipients (COPPA, 16 CFR 312.5(b)(2)(viii)) and
    ``may_receive_data``. A deletion requires a guardian with authority. ``keep`` requires nothing.
    """
    if wish is Wish.KEEP:
        return None
    if not guardian.has_authority(at):
        return Obstacle.NOT_VERIFIED
    if wish is Wish.DELETION:
        return None
    if not may_receive_data:
        return Obstacle.NOT_TOLD
    return Obstacle.TOO_WEAK if guardian.strength(at) < Strength.SUBSTANTIAL else None
