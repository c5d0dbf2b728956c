"""The doctor's check of the disposals of the portal's own data."""

from collections.abc import Iterator
from datetime import timedelta

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis.lines import Line, fine, name_some, to_watch
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.kinds import list_kinds
from paktaleem.foundation.upkeep.periods.models import DisposalRun

LATEST = timedelta(days=1)
"""Every disposal runs at least once a day."""


def check_disposals() -> Iterator[Line]:
    """Yield the kinds of data whose disposal has not run for a day; a portal less than a day old runs each by then."""
    since = wall_clock_now() - LATEST
    with in_client(PAKTALEEM):
        portal = Client.objects.filter(pk=PAKTALEEM).first()
        ran_at = dict(DisposalRun.objects.filter(client_id=PAKTALEEM).values_list("kind", "ran_at"))
    kinds = [kind.code for kind in list_kinds() if kind.is_counted]
    began_at = wall_clock_now() if portal is None else portal.created_at  # None: the portal is not set up yet
    late = sorted(kind for kind in kinds if ran_at.get(kind, began_at) <= since)
    coming = sum(kind not in ran_at for kind in kinds)
    if late:
        seen = f"{len(late)} have not run for a day: {name_some(late)}"
        yield to_watch("disposals", seen, "Look at the worker.")
    elif coming:
        yield fine("disposals", f"none is late; the portal is new, and {coming} run within its first day")
    else:
        yield fine("disposals", "all ran within a day")
