"""Services of the retention schedule: rules and holds."""

from retention.schedule.services.cases import hold_for_case, lift_holds_of_case
from retention.schedule.services.holds import (
    HoldScope,
    LiftAlreadyRequested,
    lift_hold,
    place_hold,
    review_hold,
    settle_lift,
)
from retention.schedule.services.rules import end_rule, request_earlier_disposal, save_rule

__all__ = [
    "HoldScope",
    "LiftAlreadyRequested",
    "end_rule",
    "hold_for_case",
    "lift_hold",
    "lift_holds_of_case",
    "place_hold",
    "request_earlier_disposal",
    "review_hold",
    "save_rule",
    "settle_lift",
]
