"""The kind of data that webhooks leave behind: messages and the log of their deliveries."""

from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

MESSAGES, PURGE_MESSAGES = "webhook_messages", "webhooks.forget_old_messages"


def list_kinds() -> tuple[DataKind, ...]:
    """List webhook messages."""
    return (
        DataKind(
            code=MESSAGES,
            name=_("Webhook messages and the log of their deliveries"),
            counted_from=_("The event, or the last delivery"),
            disposal=Disposal.ROWS,
            task=PURGE_MESSAGES,
            bounds=Bounds(30, 1, 365),
        ),
    )
