"""The kind of data that decisions leave behind: the feed of changes."""

from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

CHANGE_FEED, PURGE_CHANGES = "change_feed", "consent.purge_changes"


def list_kinds() -> tuple[DataKind, ...]:
    """List the feed of changes."""
    return (
        DataKind(
            code=CHANGE_FEED,
            name=_("Feed of changes for the learning platform"),
            counted_from=_("The change; one day more, so that every valid cursor is answered"),
            disposal=Disposal.ROWS,
            task=PURGE_CHANGES,
            bounds=Bounds(7, 1, 90),
        ),
    )
