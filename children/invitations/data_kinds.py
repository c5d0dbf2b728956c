"""The kinds of data that invitations leave behind: contacts of guardians."""

from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

UNANSWERED, UNASKED = "guardians_unanswered", "guardians_unasked"
FOLLOW, PURGE_UNASKED = "invitations.follow", "invitations.forget"


def list_kinds() -> tuple[DataKind, ...]:
    """List contacts of guardians who never answered, or were never asked."""
    return (
        DataKind(
            code=UNANSWERED,
            name=_("Contacts of guardians who never answered"),
            counted_from=_("The invitation"),
            disposal=Disposal.KEY,
            task=FOLLOW,
            bounds=Bounds(28, 7, 90),
            is_counted=False,
        ),
        DataKind(
            code=UNASKED,
            name=_("Contacts of guardians who were never asked"),
            counted_from=_("The last change of the contact"),
            disposal=Disposal.KEY,
            task=PURGE_UNASKED,
            bounds=Bounds(90, 30, 365),
        ),
    )
