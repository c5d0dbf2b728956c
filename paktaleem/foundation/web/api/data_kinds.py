"""The kind of data that the API holds: answers to repeated requests."""

from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, Unit

IDEMPOTENCY = "idempotency"


def list_kinds() -> tuple[DataKind, ...]:
    """List the stored answers."""
    return (
        DataKind(
            code=IDEMPOTENCY,
            name=_("Stored answers of the API to requests with an Idempotency-Key"),
            counted_from=_("The answer"),
            disposal=Disposal.ROWS,
            task="paktaleem.foundation.web.api.tasks.purge_api",
            bounds=Bounds(24, 1, 168, Unit.HOURS),
        ),
    )
