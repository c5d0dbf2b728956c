"""The only module that reads the system clock (checked by ``tests/house``).

Services, selectors and rules take the time as an argument. Views, tasks and commands read it here: ``now_here`` for the
rules of a client, ``real_now`` for everything else (sessions, keys, codes, links, retries, jobs). The two differ only
for a sandbox whose clock was moved ahead; ``here`` and ``by_the_machine`` convert between them.
"""

from datetime import UTC, datetime

from paktaleem.foundation.tenancy.context import clock_offset

__all__ = ["by_the_machine", "here", "now_here", "real_now"]


def real_now() -> datetime:
    """Return the current time of the system clock, in UTC."""
    return datetime.now(tz=UTC)


def now_here() -> datetime:
    """Return the current time on the clock of the current client (a sandbox's may be ahead)."""
    return here(real_now())


def here(moment: datetime) -> datetime:
    """Convert a time of the system clock to the clock of the current client."""
    return moment + clock_offset()


def by_the_machine(moment: datetime) -> datetime:
    """Convert a time on the clock of the current client to the system clock."""
    return moment - clock_offset()
