"""Services for sandboxes: clock, states, orders, reset."""

from paktaleem.sandbox.services.access import NotASandbox, get_sandbox
from paktaleem.sandbox.services.clocks import ClockRunsForwards, move_clock
from paktaleem.sandbox.services.forcing import ForcedState, StateNotReached, force_state
from paktaleem.sandbox.services.ordering import make_order
from paktaleem.sandbox.services.resetting import reset_sandbox

__all__ = [
    "ClockRunsForwards",
    "ForcedState",
    "NotASandbox",
    "StateNotReached",
    "force_state",
    "get_sandbox",
    "make_order",
    "move_clock",
    "reset_sandbox",
]
