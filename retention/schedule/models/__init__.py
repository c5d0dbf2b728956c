"""Models of retention rules and holds."""

from retention.schedule.models.holds import Hold, HoldKind, HoldLift, HoldQuerySet
from retention.schedule.models.rules import AnonymisationMethod, Disposal, RetentionRule, Trigger

__all__ = [
    "AnonymisationMethod",
    "Disposal",
    "Hold",
    "HoldKind",
    "HoldLift",
    "HoldQuerySet",
    "RetentionRule",
    "Trigger",
]
