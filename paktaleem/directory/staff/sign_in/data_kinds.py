"""The kinds of data that the sign-in leaves behind: sessions, and counters of failures."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, Unit

SESSIONS, FAILED_SIGN_INS, PURGE_SIGN_IN = "sessions", "failed_sign_ins", "signin.forget_expired"


def list_kinds() -> tuple[DataKind, ...]:
    """List sessions of staff and failed sign-ins."""
    how: dict[str, Any] = {"disposal": Disposal.ROWS, "task": PURGE_SIGN_IN, "bounds": Bounds(1, 1, 24, Unit.HOURS)}
    return (
        DataKind(code=SESSIONS, name=_("Sessions of staff"), counted_from=_("The end of the session"), **how),
        DataKind(
            code=FAILED_SIGN_INS,
            name=_("Failed sign-ins: name and address"),
            counted_from=_("The attempt; counters end with their limit"),
            **how,
        ),
    )
