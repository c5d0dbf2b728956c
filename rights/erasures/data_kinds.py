"""The kind of data ``leavers``: the portal's own records of people who left."""

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.staff.administration.data_kinds import LEAVERS
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

ERASE_LEAVERS = "erasures.erase_leavers"


def list_kinds() -> tuple[DataKind, ...]:
    """List the records of people who left."""
    return (
        DataKind(
            code=LEAVERS,
            name=_("Names, contact details and ages of people who left, about whom nothing else is held or open"),
            counted_from=_(
                "The closing of the account, the end of the client’s agreement, or for guardians of the last child’s"
                " account; a later change of the record begins it anew"
            ),
            disposal=Disposal.KEY,
            task=ERASE_LEAVERS,
            bounds=Bounds(365, 30, 1095),
        ),
    )
