"""The one door to the clock: nothing else in the portal asks what time it is (``tests/house`` holds it to that).

Time is an argument of every service, selector and rule. Interface modules (views, tasks, commands) read it here, by
one of two names: ``now_here`` for what a rule of the client says by time, ``real_now`` for everything else: sessions,
keys, codes, links, retries, jobs. The two differ for a sandbox whose clock was moved, and for nobody else; ``here``
and ``by_the_machine`` lead from one to the other where both meet: a code's letter, a letter's job.
"""

from datetime import UTC, datetime

from paktaleem.foundation.tenancy.context import clock_offset

__all__ = ["by_the_machine", "here", "now_here", "real_now"]


def real_now() -> datetime:
    """Return the moment by the clock of the machine, in UTC."""
    return datetime.now(tz=UTC)


def now_here() -> datetime:
    """Return the moment by the clock of the client whose context is open; where none is, by that of the machine."""
    return here(real_now())


def here(moment: datetime) -> datetime:
    """Give a moment of the machine's clock by that of the client whose context is open."""
    return moment + clock_offset()


def by_the_machine(moment: datetime) -> datetime:
    """Give a moment of the clock of the client whose context is open by that of the machine."""
    return moment - clock_offset()
