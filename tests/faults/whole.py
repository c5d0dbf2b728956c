"""Consistency of order records: no row without evidence, no message without an event."""

import json
from collections import Counter

from paktaleem.directory.data_systems.models import Order, OrderStep
from paktaleem.directory.webhooks.models import Delivery, Message
from paktaleem.foundation.audit.models import Entry


def assert_orders_are_whole():
    orders = {str(one.pk): one for one in Order.objects.all()}
    entries = {one.pk: one for one in Entry.objects.filter(family="order")}
    steps = list(OrderStep.objects.order_by("taken_at", "id"))
    assert {one.entry_id for one in steps} == set(entries), "each step has its entry, and each entry its step"
    said = Counter((entries[key].kind, str(one.order_id)) for one in steps if (key := one.entry_id))
    assert set(said.values()) <= {1}, "no step is there twice"
    facts = [json.loads(entry.body)["facts"] for entry in entries.values()]
    assert {str(order) for one in facts for order in one.get("orders", [one.get("order")])} == set(orders)
    last = {str(one.order_id): one.state for one in steps}
    assert {key: one.state for key, one in orders.items()} == last, "an order stands where its last step led"
    _assert_told(entries)


def _assert_told(entries):
    told = Counter(Message.objects.filter(type__startswith="order.").values_list("entry_id", flat=True))
    assert set(told) <= set(entries), "nothing was told that did not happen"
    assert set(told.values()) <= {1}, "nothing was told twice"
    created = {key for key, one in entries.items() if one.kind == "order.created"}
    assert created <= set(told), "every order was told"
    assert Delivery.objects.filter(message__type__startswith="order.").count() == sum(told.values())
