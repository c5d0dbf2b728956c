"""The one door to the clock: nothing else in the portal asks what time it is (``tests/house`` holds it to that).

Time is an argument of every service, selector and rule. Interface modules (views, tasks, commands) read it here, by
one of two names: ``now_here`` for what a rule of the client says by time, ``real_now`` for everything else: sessions,
keys, codes, retries, letters on their way. The two differ for a sandbox whose clock was moved, and for nobody else.
"""

from datetime import UTC, datetime

from paktaleem.tenancy.context import clock_offset

__all__ = ["now_here", "real_now"]


def real_now() -> datetime:
    """Return the moment by the clock of the machine, in UTC."""
    return datetime.now(tz=UTC)


def now_here() -> datetime:
    """Return the moment by the clock of the client whose context is open; where none is, by that of the machine."""
    return real_now() + clock_offset()
