"""The kind of data that orders leave behind: what systems gave for a copy."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.models import Order, OrderKind
from paktaleem.foundation.tenancy.indexes import Constant
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

COPIES, PURGE_COPIES = "system_copies", "systems.purge_copies"


def list_kinds() -> tuple[DataKind, ...]:
    """List what systems gave."""
    return (
        DataKind(
            code=COPIES,
            name=_("What systems gave for a copy of a person’s data"),
            counted_from=_("The system’s answer; earlier if the case ends"),
            disposal=Disposal.KEY,
            task=PURGE_COPIES,
            bounds=Bounds(60, 14, 180),
            due=list_old_copies,
        ),
    )


def list_old_copies(at: datetime) -> QuerySet[Order]:
    """List the orders whose copies are due at ``at``, in the current context."""
    long_ago = get_cutoff(COPIES, at=at)
    kind = Constant(OrderKind.COLLECT)
    found: QuerySet[Order] = Order.objects.filter(kind=kind, ended_at__lte=long_ago, copies_purged_at=None)
    return found
