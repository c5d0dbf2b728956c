"""Row actions to approve or decline a change that needs a second person."""

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
    ChangeSettled: "This change has already been approved or declined.",
    SamePerson: "You requested this change yourself. A second person must approve it.",
}
change_standing = state_column(lambda row: pill(row.get_state_display(), _TONES[row.state]))
"""List column with the state of a change."""


def settling_acts(
    service: Callable[..., Any],
    *,
    approve: str,
    decline: str,
    lead: str,
    refusals: Mapping[type[Exception], str] = SETTLING_REFUSALS,
    clock: Callable[[HttpRequest], datetime] = received_at,
) -> tuple[Act, Act]:
    """Return the row actions to approve and decline a change through ``service``.

    ``approve`` and ``decline`` are the button labels, ``lead`` is the text before approving, ``clock`` returns the
    time of the decision.
    """

    def make_perform(approved: bool) -> Callable[..., None]:  # noqa: FBT001 -- selects the action
        def perform(row: Any, given: dict[str, Any], request: HttpRequest) -> None:
            stamp = {"reason": given["reason"], "actor": actor_of(request), "at": clock(request)}
            service(row, approve=approved, **stamp)

        return perform

    options: dict[str, Any] = {"applies": _is_waiting, "refusals": refusals}
    may = Capability.SETTLE_CHILD_CHANGES
    return (
        Act("approve", approve, may, make_perform(True), lead=lead, done="Approved.", **options),
        Act("decline", decline, may, make_perform(False), done="Declined. Nothing has changed.", **options),
    )


def _is_waiting(row: Any, _at: datetime) -> bool:
    return bool(row.state == ChangeState.WAITING)
