"""Services for sandboxes: clock, states, reset."""

from paktaleem.sandbox.services.access import NotASandbox, get_sandbox
from paktaleem.sandbox.services.clocks import ClockRunsForwards, move_clock
from paktaleem.sandbox.services.forcing import Forced, StateNotReached, force_state
from paktaleem.sandbox.services.resetting import start_over

__all__ = [
    "ClockRunsForwards",
    "Forced",
    "NotASandbox",
    "StateNotReached",
    "force_state",
    "get_sandbox",
    "move_clock",
    "start_over",
]
