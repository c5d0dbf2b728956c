"""Acts on a sandbox."""

from paktaleem.sandbox.services.access import NotASandbox, get_sandbox
from paktaleem.sandbox.services.clocks import ClockRunsForwards, move_clock

__all__ = ["ClockRunsForwards", "NotASandbox", "get_sandbox", "move_clock"]
