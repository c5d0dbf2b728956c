"""Holds refuse an erasure with their ground, but not the hold of the request that it serves."""

from typing import Any

import pytest

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import accept_order
from paktaleem.directory.data_systems.states import StepRefused
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.services.erasure import ErasureHeld, complete_erasure, start_erasure
from paktaleem.foundation.tenancy.context import in_client
from retention.schedule.models import Hold, HoldKind
from retention.schedule.services.holds import HoldScope, place_hold
from rights.erasures.models import ErasureProposal
from rights.erasures.preview import preview_erasure
from rights.erasures.services.proposals import Target, decide_erasure
from rights.requests.services.closing import answer_request
from tests.cast import Cast
from tests.children.guardians import verified_guardian
from tests.console.pages import row_url
from tests.erasures.steps import AFTER, HOUR, SYSTEM, WHY, approved, go_on, proposed, second, send_all, waive_all
from tests.retention.schedule.making import lift_hold_by_two
from tests.rights.cases import AT, DAY, asked_by_guardian, decided, part_of, received
from tests.signing_in import SignIn


def hold(cast: Cast, person: str | None = "hamza", kind: HoldKind = HoldKind.LEGAL, category: str = "") -> Hold:
    told: dict[str, Any] = {"ground": "Case 4/26.", "review_on": (AT + 30 * DAY).date(), "at": AT}
    scope = HoldScope(subject=cast.subject(person) if person else None, category=category)
    return place_hold(cast.client("indus"), kind=kind, scope=scope, actor=cast.actor("farah"), **told)


def states() -> set[str]:
    return set(Order.objects.filter(kind="erase").values_list("state", flat=True))


def grounds(cast: Cast, person: str = "hamza", **about: Any) -> list[str]:
    return [one.ground for one in preview_erasure(cast.subject(person), at=AT, **about).holds]


def test_an_erasure_that_serves_a_request_is_not_held_by_that_request(indus: Cast) -> None:
    request = decided(indus, received(indus, "erasure"))
    row = ErasureProposal.objects.get(request=request, stage="proposed")
    assert Hold.objects.open().get().related_id == request.pk
    assert grounds(indus, serving=request.pk) == []
    row = decide_erasure(row, approve=True, actor=second(indus), at=AT)
    answer_request(request, text="It is erased.", actor=indus.actor("farah"), at=AT)
    assert go_on(row, AFTER).stage == "ordered"


def test_a_request_for_a_copy_and_for_erasure_holds_only_other_erasures(indus: Cast) -> None:
    request = received(indus, "erasure", "access")
    assert (len(grounds(indus)), grounds(indus, serving=request.pk)) == (1, [])
    with pytest.raises(ErasureHeld):
        proposed(indus)
    assert proposed(indus, request=request).stage == "proposed"


@pytest.mark.parametrize("kind", [HoldKind.LEGAL, HoldKind.COMPLAINT])
@pytest.mark.parametrize("person", ["hamza", None])
def test_a_hold_refuses_an_erasure_and_the_preview_gives_its_ground(
    indus: Cast, kind: HoldKind, person: str | None
) -> None:
    hold(indus, person, kind)
    [ground] = grounds(indus)
    assert (str(kind.label) in ground, "Case 4/26." in ground, "2026-10-31" in ground) == (True, True, True)
    with pytest.raises(ErasureHeld):
        proposed(indus)
    with pytest.raises(ErasureHeld):
        start_erasure(indus.subject("hamza"), actor=indus.actor("amina"), reason=WHY, at=AT)


def test_a_hold_after_the_proposal_refuses_the_approval(indus: Cast) -> None:
    row = proposed(indus)
    hold(indus)
    with pytest.raises(ErasureHeld):
        decide_erasure(row, approve=True, actor=second(indus), at=AT)


def test_a_hold_at_the_end_of_the_cooling_off_sends_it_back(indus: Cast) -> None:
    row = approved(indus)
    placed = hold(indus, kind=HoldKind.COMPLAINT)
    assert go_on(row, AFTER - HOUR).stage == "cooling_off"
    back = go_on(row, AFTER)
    assert (back.stage, back.changed) == ("changed", ["holds"])
    assert not Order.objects.filter(kind="erase").exists()
    lift_hold_by_two(placed, by=indus.actor("farah"), second=indus.actor("amina"), at=AFTER)
    assert go_on(approved(indus, at=AFTER), AFTER + 3 * DAY).stage == "ordered"


def ordered_categories(state: str) -> set[str]:
    found = Order.objects.filter(kind="erase", state=state).values_list("categories", flat=True)
    return {category for categories in found for category in categories}


@pytest.mark.parametrize("person", ["hamza", None])
def test_a_hold_of_one_category_recalls_that_one_and_the_others_are_ordered_anew(
    indus: Cast, person: str | None
) -> None:
    go_on(approved(indus), AFTER)
    everything = ordered_categories("queued")
    first, second_hold = (hold(indus, person, category=code) for code in ("contact_details", "usage_logs"))
    assert ordered_categories("recalled") == {"contact_details", "usage_logs"}
    assert ordered_categories("queued") == everything - {"contact_details", "usage_logs"}
    assert Order.objects.filter(kind="erase", due_at__gt=AFTER, parent_id=Erasure.objects.get().pk).count() > 1
    lift_hold_by_two(first, by=indus.actor("farah"), second=indus.actor("amina"), at=AFTER)
    assert (ordered_categories("recalled"), ordered_categories("queued")) == (
        {"usage_logs"},
        everything - {"usage_logs"},
    )
    lift_hold_by_two(second_hold, by=indus.actor("farah"), second=indus.actor("amina"), at=AFTER)
    assert ordered_categories("queued") == everything


def test_a_hold_that_is_lifted_beside_a_narrower_one_releases_the_rest(indus: Cast) -> None:
    go_on(approved(indus), AFTER)
    everything = ordered_categories("queued")
    wide = hold(indus)
    hold(indus, None, category="usage_logs")
    assert ordered_categories("recalled") == everything
    lift_hold_by_two(wide, by=indus.actor("farah"), second=indus.actor("amina"), at=AFTER)
    assert (ordered_categories("recalled"), ordered_categories("queued")) == (
        {"usage_logs"},
        everything - {"usage_logs"},
    )


@pytest.mark.parametrize("person", ["hamza", None])
def test_a_hold_recalls_the_orders_of_an_erasure_that_then_waits(indus: Cast, person: str | None) -> None:
    row = go_on(approved(indus), AFTER)
    assert states() == {"queued"}
    placed = hold(indus, person)
    assert states() == {"recalled"}
    order = Order.objects.filter(kind="erase")[0]
    with pytest.raises(StepRefused):
        accept_order(order, actor=indus.key_actor("indus"), at=AFTER)
    with pytest.raises(StepRefused):
        waive_all(indus, AFTER)
    send_all(AFTER)
    erasure = Erasure.objects.get()
    assert (complete_erasure(erasure, actor=SYSTEM, at=AFTER), go_on(row, AFTER).stage) == (False, "ordered")
    lift_hold_by_two(placed, by=indus.actor("farah"), second=indus.actor("amina"), at=AFTER)
    assert states() == {"queued"}


def test_an_answered_erasure_waits_for_the_end_of_a_hold(indus: Cast) -> None:
    go_on(approved(indus), AFTER)
    waive_all(indus, AFTER)
    placed = hold(indus)
    send_all(AFTER)
    erasure = Erasure.objects.get()
    assert complete_erasure(erasure, actor=SYSTEM, at=AFTER) is False
    lift_hold_by_two(placed, by=indus.actor("farah"), second=indus.actor("amina"), at=AFTER)
    assert complete_erasure(erasure, actor=SYSTEM, at=AFTER) is True


def test_a_hold_recalls_the_orders_of_a_partial_erasure(indus: Cast) -> None:
    request = decided(indus, received(indus, "restriction"))
    target = Target(("newsletter",), ("contact_details",))
    row = approved(indus, request=request, target=target)
    answer_request(request, text="It is erased.", actor=indus.actor("farah"), at=AT)
    row = go_on(row, AFTER)
    hold(indus, category="billing")
    assert states() == {"queued"}, "another category"
    hold(indus, person=None, category="contact_details")
    assert (states(), go_on(row, AFTER).stage) == ({"recalled"}, "ordered")


def test_a_hold_of_another_category_does_not_refuse_a_partial_erasure(indus: Cast) -> None:
    hold(indus, category="billing")
    request = decided(indus, received(indus, "restriction"))
    for category, is_held in (("usage_logs", False), ("billing", True)):
        about: dict[str, Any] = {"purposes": ["newsletter"], "categories": [category]}
        assert bool(grounds(indus, **about)) is is_held
    target = Target(("newsletter",), ("usage_logs",))
    assert proposed(indus, target=target, request=request).extent == "partial"


def test_another_verified_request_for_a_copy_refuses_it_until_it_is_answered(indus: Cast) -> None:
    received(indus, "access", identity="", channel="form")
    assert grounds(indus) == [], "anyone can write a request in another person's name"
    request = received(indus, "access")
    [ground] = grounds(indus)
    assert request.number in ground
    with pytest.raises(ErasureHeld):
        proposed(indus)
    decided(indus, request, "refused", refusal_code="excessive", reasons="The tenth this week.")
    assert proposed(indus).stage == "proposed"


def test_a_guardians_request_to_delete_is_held_too(indus: Cast) -> None:
    verified_guardian(indus.subject("danish"), indus.subject("esra"), at=AT)
    hold(indus, "danish")
    request = asked_by_guardian(indus, "deletion")
    with pytest.raises(ErasureHeld):
        decided(indus, request)
    assert part_of(request).decision == ""


def test_the_page_of_the_erasure_says_which_hold(cast: Cast, sign_in: SignIn) -> None:
    with in_client(cast.client_id("indus")):
        row = proposed(cast)
        hold(cast)
    page = sign_in("amina").get(row_url("erasures/erasureproposal", row.pk)).content.decode()
    assert "Case 4/26." in page


def test_the_refusal_names_the_ground(cast: Cast, sign_in: SignIn) -> None:
    with in_client(cast.client_id("indus")):
        row = proposed(cast)
        hold(cast)
    answer = sign_in("farah").post(row_url("erasures/erasureproposal", row.pk, "approve"), {"reason": "review"})
    assert "The person may not be erased now. Legal hold" in " ".join(answer.content.decode().split())
