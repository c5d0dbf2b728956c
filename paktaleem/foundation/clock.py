"""The only module that reads the system clock (checked by ``tests/project``).

Services, selectors and rules take the time as an argument. Views, tasks and commands read it here: ``client_now`` for
the rules of a client, ``wall_clock_now`` for everything else (sessions, keys, codes, links, retries, jobs). The two
differ only for a sandbox whose clock was moved ahead; ``here`` and ``to_wall_clock`` convert between them.
"""

from datetime import UTC, datetime

from paktaleem.foundation.tenancy.context import clock_offset


def wall_clock_now() -> datetime:
    return datetime.now(tz=UTC)


def client_now() -> datetime:
    """Return the current time on the clock of the current client (a sandbox's may be ahead)."""
    return to_client_clock(wall_clock_now())


def to_client_clock(moment: datetime) -> datetime:
    return moment + clock_offset()


def to_wall_clock(moment: datetime) -> datetime:
    return moment - clock_offset()
