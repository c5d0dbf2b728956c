"""Limits that a request brings about: orders are issued once, and it is closed when all are answered."""

import pytest
from django.utils import timezone

from consent.consents.models import Objection
from consent.tasks import order_limit
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import accept_order, carry_out_by_hand, complete_order
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.models import RequestLimit, RequestStep, RightsRequest
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.steps import list_parts
from tests.console.pages import row_url
from tests.rights.cases import decided, part_of, received
from tests.working import work

TASKS = {"consent.issue_limit_orders": order_limit}
LIMITS = [("restriction", "newsletter", "restrict"), ("objection", "platform_improvement", "object")]


@pytest.fixture
def now():
    return timezone.now()


def granted(cast, kind, purpose, now):
    request = decided(cast, received(cast, kind, purposes=[purpose], at=now), at=now)
    return answer_request(request, text="It is done.", actor=cast.actor("amina"), at=now)


def fresh(request):
    return RightsRequest.objects.get(pk=request.pk)


@pytest.mark.parametrize(("kind", "purpose", "ordered"), LIMITS)
def test_a_request_stays_open_until_every_system_has_answered_the_orders_of_its_limits(
    cast, now, kind, purpose, ordered
):
    client_id, farah = cast.client_id("indus"), cast.actor("farah")
    with in_client(client_id):
        request = granted(cast, kind, purpose, now)
        with pytest.raises(Refused, match="A system has not answered yet, and was not"):
            close_request(request, actor=farah, at=now)
    work(TASKS)
    work(TASKS)
    with in_client(client_id):
        orders = list(Order.objects.select_related("system").order_by("system__code"))
        assert {one.kind for one in orders} == {ordered}
        assert len({one.system.code for one in orders}) == len(orders), "each system once"
        for order in orders:
            with pytest.raises(Refused, match="A system has not answered yet, and was not"):
                close_request(request, actor=farah, at=now)
            _answer(cast, order, now)
        assert RequestStep.objects.filter(request=request, kind="orders_answered").count() == 1
        assert RequestLimit.objects.filter(request=request).count() == 1
        assert close_request(request, actor=farah, at=now).state == "closed"


def _answer(cast, order, now):
    if order.system.code == "lms":
        key = cast.key_actor("indus")
        complete_order(accept_order(order, actor=key, at=now), Answer(Outcome.DONE), actor=key, at=now)
    else:
        answer = Answer(Outcome.NOT_APPLICABLE, reason="legal_duty")
        carry_out_by_hand(order, answer, actor=cast.actor("amina"), at=now)


def test_a_second_request_about_the_same_purpose_waits_for_the_same_orders(cast, now):
    with in_client(cast.client_id("indus")):
        granted(cast, "objection", "platform_improvement", now)
        again = granted(cast, "objection", "platform_improvement", now)
        assert Objection.objects.count() == 1
    work(TASKS)
    with in_client(cast.client_id("indus")):
        kinds = list(Order.objects.values_list("system__code", flat=True))
        assert len(kinds) == len(set(kinds)), "the objection in force is not ordered twice"
        with pytest.raises(Refused, match="A system has not answered yet, and was not"):
            close_request(again, actor=cast.actor("farah"), at=now)


def test_an_objection_only_partly_in_scope_is_not_granted_whole(cast, now):
    with in_client(cast.client_id("indus")):
        request = received(cast, "objection", purposes=["platform_improvement", "payment_billing"], at=now)
        part, amina = part_of(request, "paktaleem"), cast.actor("amina")
        with pytest.raises(Refused, match="Some of these purposes are not based on legit"):
            decide_part(part, decision="granted", actor=amina, at=now)
        told = {"refusal_code": "outside_scope", "reasons": "Billing rests on the contract."}
        decide_part(part, decision="partly", **told, actor=amina, at=now)
        assert list(Objection.objects.values_list("purpose_code", flat=True)) == ["platform_improvement"]
        assert [one.decision for one in list_parts(request)] == ["partly"]


def test_the_page_shows_the_orders_of_the_limits_and_why_a_system_did_nothing(sign_in, cast, now):
    with in_client(cast.client_id("indus")):
        request = granted(cast, "restriction", "newsletter", now)
    work(TASKS)
    with in_client(cast.client_id("indus")):
        [order] = Order.objects.filter(system__code="lms")
        key = cast.key_actor("indus")
        answer = Answer(Outcome.NOT_APPLICABLE, reason="holds_none")
        complete_order(accept_order(order, actor=key, at=now), answer, actor=key, at=now)
    page = sign_in("farah").get(row_url("requests/rightsrequest", request.pk)).content.decode()
    assert "Orders to systems" in page
    assert "Restrict processing" in page
    assert "Not applicable: It holds none of these data about anyone" in page
