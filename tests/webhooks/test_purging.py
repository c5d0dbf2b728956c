"""Old messages are deleted with their log; waiting ones are not."""

from datetime import timedelta

import pytest

from paktaleem.directory.webhooks.models import Attempt, Delivery, DeliveryState, Endpoint, Message
from paktaleem.directory.webhooks.services import disable_endpoint, purge_messages, remove_endpoint
from paktaleem.directory.webhooks.tasks import purge_old_messages
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from tests.factories import SETTING_UP
from tests.keeping import set_period
from tests.webhooks.making import make_endpoint, make_given_up

OLD, NEW = timedelta(days=40), timedelta(days=20)


@pytest.fixture
def told(cast):
    """Create messages given up long ago, given up recently, and waiting for long; return their ids by name."""
    now = wall_clock_now()
    with in_client(cast.client_id("indus")):
        endpoint = make_endpoint(cast, "indus", at=now - OLD)
        made = {name: make_given_up(endpoint, at=now - ago) for name, ago in (("old", OLD), ("new", NEW))}
        made["waiting"] = make_given_up(endpoint, at=now - OLD)
        made["replayed"] = make_given_up(endpoint, at=now - OLD)
        Delivery.objects.filter(pk=made["waiting"].pk).update(state=DeliveryState.WAITING, done_at=None)
        Delivery.objects.filter(pk=made["replayed"].pk).update(queued_at=now)
        return {name: delivery.message_id for name, delivery in made.items()}


def left(cast):
    with in_client(cast.client_id("indus")):
        kept = set(Message.objects.values_list("pk", flat=True))
        assert set(Delivery.objects.values_list("message_id", flat=True)) == kept
        assert set(Attempt.objects.values_list("delivery__message_id", flat=True)) == kept
    return kept


def test_messages_older_than_the_period_are_purged(cast, told):
    set_period("webhook_messages", 30)
    assert purge_old_messages(0) == 1
    assert left(cast) == {told["new"], told["waiting"], told["replayed"]}
    set_period("webhook_messages", 10)
    assert purge_old_messages(0) == 1
    assert left(cast) == {told["waiting"], told["replayed"]}


@pytest.mark.parametrize(
    ("since", "kept"), [({"removed_at": NEW}, False), ({"disabled_at": OLD}, False), ({"disabled_at": NEW}, True)]
)
def test_deliveries_of_removed_or_long_disabled_endpoints_are_purged(cast, told, since, kept):
    [(what, ago)] = since.items()
    with in_client(cast.client_id("indus")):
        endpoint = Endpoint.objects.get()
        act = {"removed_at": remove_endpoint, "disabled_at": disable_endpoint}[what]
        act(endpoint, actor=SETTING_UP, reason="review", at=wall_clock_now() - ago)
    purge_old_messages(0)
    assert (told["waiting"] in left(cast)) == kept
    assert {told["new"], told["replayed"]} <= left(cast)


def test_purging_runs_one_statement_with_a_limit(cast, told, django_assert_num_queries):
    with in_client(cast.client_id("indus")), django_assert_num_queries(3):  # with its savepoint
        assert purge_messages(cast.client_id("indus"), before=wall_clock_now(), most=1) == 1
    assert len(left(cast)) == 3


def test_another_clients_messages_are_not_purged(cast, told):
    with in_client(cast.client_id("khyber")):
        assert purge_messages(cast.client_id("indus"), before=wall_clock_now()) == 0
    assert len(left(cast)) == 4
