"""The kind of data that security events are."""

from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

EVENTS, PURGE_EVENTS = "security_events", "security_events.purge"


def list_kinds() -> tuple[DataKind, ...]:
    """List security events."""
    return (
        DataKind(
            code=EVENTS,
            name=_("Security events"),
            counted_from=_("The event"),
            disposal=Disposal.ROWS,
            task=PURGE_EVENTS,
            bounds=Bounds(365, 90, 1_825),
        ),
    )
