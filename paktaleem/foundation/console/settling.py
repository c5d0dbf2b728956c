"""The two acts on a change that waits for a second person: approve it, or decline it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.secondperson import ChangeSettled, ChangeState, SamePerson
from paktaleem.foundation.console.acts import Act
from paktaleem.foundation.console.asking import actor_of, received_at
from paktaleem.foundation.console.columns import pill
from paktaleem.foundation.console.model_admin import state_column

__all__ = ["SETTLING_REFUSALS", "change_standing", "settling_acts"]

_TONES = {"waiting": "warn", "approved": "good", "declined": "bad", "replaced": "calm"}
SETTLING_REFUSALS: dict[type[Exception], str] = {
    ChangeSettled: "Somebody was quicker: it is settled.",
    SamePerson: "You asked for this yourself: a second person must approve.",
}
change_standing = state_column(lambda row: pill(row.get_state_display(), _TONES[row.state]))
"""The column that says how far a change is."""


def settling_acts(
    service: Callable[..., Any],
    *,
    approve: str,
    decline: str,
    lead: str,
    refusals: Mapping[type[Exception], str] = SETTLING_REFUSALS,
    clock: Callable[[HttpRequest], datetime] = received_at,
) -> tuple[Act, Act]:
    """Give the acts by which a second person settles a waiting change through ``service``.

    ``approve`` and ``decline`` are the buttons' words, ``lead`` what to know before approving, ``clock`` by which the
    moment is told.
    """

    def performing(approved: bool) -> Callable[..., None]:  # noqa: FBT001 -- which of the two acts
        def perform(row: Any, given: dict[str, Any], request: HttpRequest) -> None:
            told = {"reason": given["reason"], "actor": actor_of(request), "at": clock(request)}
            service(row, approve=approved, **told)

        return perform

    told: dict[str, Any] = {"applies": _waits, "refusals": refusals}
    may = Capability.SETTLE_CHILD_CHANGES
    return (
        Act("approve", approve, may, performing(True), lead=lead, done="Approved.", **told),
        Act("decline", decline, may, performing(False), done="Declined: nothing changes.", **told),
    )


def _waits(row: Any, _at: datetime) -> bool:
    return bool(row.state == ChangeState.WAITING)
