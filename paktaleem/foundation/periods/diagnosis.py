"""The doctor's check of the disposals of the portal's own data."""

from collections.abc import Iterator
from datetime import timedelta

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.diagnosis.lines import Line, fine, name_some, to_watch
from paktaleem.foundation.periods.kinds import list_kinds
from paktaleem.foundation.periods.models import DisposalRun
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["check_disposals"]

LATEST = timedelta(days=1)
"""Every disposal runs at least once a day."""


def check_disposals() -> Iterator[Line]:
    """Yield the kinds of data whose disposal has not run for a day."""
    since = wall_clock_now() - LATEST
    with in_client(PAKTALEEM):
        ran = set(DisposalRun.objects.filter(client_id=PAKTALEEM, ran_at__gt=since).values_list("kind", flat=True))
    late = sorted(kind.code for kind in list_kinds() if kind.bounds is not None and kind.code not in ran)
    if late:
        seen = f"{len(late)} have not run for a day: {name_some(late)}"
        yield to_watch("disposals", seen, "Look at the worker; a new portal has run each after one day.")
    else:
        yield fine("disposals", "all ran within a day")
