"""An act that is opened by its address says why it is not possible."""

from typing import Any

from django.utils import timezone

from paktaleem.foundation.tenancy.context import in_client
from retention.schedule.models import HoldKind, HoldLift
from retention.schedule.services.holds import HoldScope, lift_hold, place_hold
from tests.cast import Cast
from tests.console.pages import row_url
from tests.retention.schedule.making import DAY, lift_hold_by_two
from tests.signing_in import SignIn

CHANGED = "has changed in the meantime"


def placed(cast: Cast, by: str) -> Any:
    at = timezone.now()
    about: dict[str, Any] = {"kind": HoldKind.LEGAL, "ground": "Case 12.", "review_on": (at + 30 * DAY).date()}
    with in_client(cast.client_id("indus")):
        scope = HoldScope(subject=cast.subject("hamza"))
        return place_hold(cast.client("indus"), scope=scope, actor=cast.actor(by), at=at, **about)


def test_an_act_that_never_applied_is_not_said_to_have_changed(cast: Cast, sign_in: SignIn) -> None:
    hold = placed(cast, "farah")
    with in_client(cast.client_id("indus")):
        lift_hold_by_two(hold, by=cast.actor("farah"), second=cast.actor("amina"), at=timezone.now())
        url = row_url("schedule/holdlift", HoldLift.objects.get().pk, "decline")
    browser = sign_in("farah")
    opened = browser.get(url, follow=True)
    assert "“Keep the hold” is not possible: it does not apply to this row as it is now." in opened.text
    assert CHANGED not in opened.text
    assert CHANGED in browser.post(url, {"reason": "review"}, follow=True).text


def test_the_form_of_an_approval_opens_only_for_another_person(cast: Cast, sign_in: SignIn) -> None:
    hold = placed(cast, "farah")
    with in_client(cast.client_id("indus")):
        lift_hold(hold, ground="Settled.", actor=cast.actor("farah"), at=timezone.now())
        url = row_url("schedule/holdlift", HoldLift.objects.get().pk, "approve")
    opened = sign_in("farah").get(url, follow=True)
    assert [one[1] for one in opened.redirect_chain] == [302]
    assert "“Lift the hold” is not possible for you: another person, or the other side, must do it." in opened.text
