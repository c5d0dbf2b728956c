"""Orders to systems become messages: one each, one per set; ids and codes only, to their own client only."""

import pytest

from paktaleem.directory.data_systems.models import Order, OrderSet
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    complete_order,
)
from paktaleem.directory.data_systems.services.issuing import issue_orders, issue_orders_for_set
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.models import Subject
from paktaleem.directory.webhooks.models import Delivery, Message
from paktaleem.foundation.audit.models import Entry
from tests.factories import SETTING_UP, OrderSpecFactory
from tests.webhooks.receiving import make_endpoint


@pytest.fixture
def spec(now):
    return OrderSpecFactory(at=now)


@pytest.fixture
def issue(cast, indus, spec, now):
    return lambda: issue_orders(cast.subject("danish"), spec, actor=SETTING_UP, at=now)[0]


def types():
    return list(Message.objects.order_by("pk").values_list("type", flat=True))


def test_the_event_of_a_new_order_holds_only_ids_and_codes(cast, indus, issue, now):
    endpoint = make_endpoint(cast, "indus", at=now, events=["order.created"])
    order = issue()
    message = Message.objects.get()
    assert message.data == {"order": str(order.pk), "kind": "erase", "system": str(order.system_id)}
    assert (message.type, message.subject_id) == ("order.created", order.subject_id)
    assert message.entry_id == Entry.objects.get(kind="order.created").pk
    assert list(Delivery.objects.values_list("endpoint_id", "message_id")) == [(endpoint.pk, message.pk)]


@pytest.mark.parametrize(
    ("answer", "event"),
    [
        (Answer(Outcome.DONE, counts={"usage_logs": 3}), "order.confirmed"),
        (Answer(Outcome.NOT_FOUND), "order.not_found"),
        (Answer(Outcome.NOT_APPLICABLE, reason="legal_duty"), "order.not_applicable"),
    ],
)
def test_the_result_of_an_order_is_sent_without_the_answer(cast, issue, now, answer, event):
    make_endpoint(cast, "indus", at=now, events=["order.*"])
    by = {"actor": cast.key_actor("indus"), "at": now}
    order = issue()
    complete_order(accept_order(order, **by), answer, **by)
    assert sorted(types()) == sorted(["order.created", "order.accepted", event])
    assert {frozenset(one.data) for one in Message.objects.all()} == {frozenset({"order", "kind", "system"})}


def test_a_set_of_orders_is_sent_once_with_its_number(cast, indus, spec, now):
    make_endpoint(cast, "indus", at=now, events=["order.*"])
    students = Subject.objects.filter(role="student")
    made = issue_orders_for_set(students, spec, client_id=indus.pk, actor=SETTING_UP, at=now)
    assert isinstance(made, OrderSet)
    assert Order.objects.filter(order_set=made).count() == made.size > 1
    message = Message.objects.get()
    assert (message.type, message.subject_id) == ("order.set_created", None)
    assert message.data == {"set": str(made.pk), "kind": "erase", "count": made.size}
