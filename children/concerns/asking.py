"""What a guardian may ask about a child's data, and what stands against it. Pure."""

from datetime import datetime
from enum import StrEnum

from children.guardians.authority import Guardian
from children.guardians.strength import Strength

__all__ = ["Obstacle", "Wish", "what_stands_against"]


class Wish(StrEnum):
    """What shall happen to the data."""

    COPY = "copy"
    DELETION = "deletion"
    KEEP = "keep"


class Obstacle(StrEnum):
    """Why a wish cannot be asked here by this guardian now."""

    NOT_VERIFIED = "not_verified"
    """nobody has shown yet that they are the guardian, or it no longer holds"""
    TOO_WEAK = "too_weak"
    """they were verified by two letters only: enough to decide, not to be handed a child's data"""
    NOT_TOLD = "not_told"
    """they may not be told what is held about the child"""


def what_stands_against(wish: Wish, guardian: Guardian, *, may_receive_data: bool, at: datetime) -> Obstacle | None:
    """Say what stands against a wish of this guardian; None if nothing does.

    A copy reaches somebody outside, so it needs what recipients outside need (COPPA, 16 CFR 312.5(b)(2)(viii)) and the
    leave to be told. A deletion needs a guardian whose yes would count. That nothing be done needs nobody's proof.
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
