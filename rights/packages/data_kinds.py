"""The kind of data that copies leave behind: the packages that people fetch."""

from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

PACKAGES, LOOK_AFTER = "packages", "rights.look_after_packages"


def list_kinds() -> tuple[DataKind, ...]:
    """List packages."""
    return (
        DataKind(
            code=PACKAGES,
            name=_("Copies of a person’s data, to be fetched"),
            counted_from=_("The answer to the request; earlier if the request is closed"),
            disposal=Disposal.KEY,
            task=LOOK_AFTER,
            bounds=Bounds(14, 3, 90),
        ),
    )
