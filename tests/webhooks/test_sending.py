"""Messages reach receivers, signed, at least once with one id; when a failed delivery is tried again."""

import asyncio
import json
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.webhooks.models import Attempt, Delivery, DeliveryState, Endpoint, EndpointHealth, Message
from paktaleem.directory.webhooks.schedule import (
    ATTEMPTS,
    LIFE,
    WAITS,
    Outcome,
    back_off_after,
    classify_response,
    parse_retry_after,
    retry_wait,
)
from paktaleem.directory.webhooks.services import (
    Result,
    begin_batch,
    change_endpoint,
    disable_endpoint,
    enable_endpoint,
    purge_messages,
    record_results,
    remove_endpoint,
    send_test,
)
from paktaleem.directory.webhooks.signing import SECRET_BYTES, headers_of, new_secret, secret_bytes, signature
from paktaleem.directory.webhooks.tasks import PUMP, Pump
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from tests.factories import SETTING_UP
from tests.keeping import dispose, set_period
from tests.outbound.listening import listener, saying
from tests.webhooks.receiving import (
    Receiver,
    Siege,
    add,
    ask,
    dripping,
    endless,
    make_endpoint,
    make_given_up,
    pumped,
    silent,
)

ACTOR = system_actor(PUMP)


def rows(cast, model, code="indus"):
    with in_client(cast.client_id(code)):
        return list(model.objects.order_by("pk"))


def test_a_message_arrives_signed_and_is_logged(committed, settings):
    receiver = Receiver()
    [(endpoint, secret)] = pumped(committed, settings, receiver)
    [(headers, body)] = receiver.got
    [delivery] = rows(committed, Delivery)
    [attempt] = rows(committed, Attempt)
    told = Webhook(secret).verify(body, headers)
    assert told["type"] == "webhook.test"
    assert headers["webhook-id"] == str(delivery.message_id)
    assert headers["content-type"] == "application/json"
    assert (delivery.state, delivery.attempts, attempt.status, attempt.error) == ("delivered", 1, 204, "")
    [health] = rows(committed, EndpointHealth)
    assert (health.endpoint_id, health.failures, health.leased_until) == (endpoint.pk, 0, None)
    assert health.answered_at is not None


def test_a_failed_message_is_retried_with_the_same_id_and_bytes(committed, settings):
    receiver = Receiver("500 Internal Server Error")
    [(endpoint, _)] = pumped(committed, settings, receiver)
    [delivery] = rows(committed, Delivery)
    assert (delivery.state, delivery.attempts) == ("waiting", 1)
    assert delivery.due_at > timezone.now()
    with in_client(endpoint.client_id):
        Delivery.objects.filter(endpoint=endpoint).update(due_at=timezone.now())
        EndpointHealth.objects.filter(endpoint=endpoint).update(rests_until=None)
    receiver.answer = saying()
    again(receiver, committed, settings, endpoint)
    [(first, one), (second, other)] = receiver.got
    assert (first["webhook-id"], one) == (second["webhook-id"], other)
    [delivery] = rows(committed, Delivery)
    assert (delivery.state, delivery.attempts) == ("delivered", 2)


def again(receiver, cast, settings, endpoint):
    async def run():
        async with listener(receiver) as found:
            settings.WEBHOOKS_ALLOWED = [f"127.0.0.1:{found.port}"]
            await ask(move, cast, endpoint, found.port)
            await Pump().run(seconds=20, until_idle=True)

    asyncio.run(run())


def move(cast, endpoint, port):
    with in_client(endpoint.client_id):
        row = Endpoint.objects.get(pk=endpoint.pk)
        row.url = f"http://127.0.0.1:{port}/hooks"
        change_endpoint(row, actor=SETTING_UP, reason="review", at=timezone.now())


def test_a_410_disables_the_endpoint_and_notifies_the_client(committed, settings):
    pumped(committed, settings, Receiver("410 Gone"), tests=3)
    [endpoint] = rows(committed, Endpoint)
    assert endpoint.disabled_because == "gone"
    assert {one.state for one in rows(committed, Delivery)} == {"waiting"}
    [letter] = rows(committed, Letter)
    assert (letter.kind, letter.user_id) == ("webhook_disabled", committed.user_id("farah"))
    assert letter.related_id == endpoint.pk


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_retry_after_is_honoured(committed, settings, status):
    [(endpoint, _)] = pumped(committed, settings, Receiver(status, "Retry-After: 3600"), tests=2)
    soon = timezone.now() + timedelta(minutes=55)
    assert all(one.due_at > soon for one in rows(committed, Delivery) if one.attempts or "429" in status)
    [health] = rows(committed, EndpointHealth)
    assert health.rests_until is not None
    assert health.rests_until > soon
    with in_client(endpoint.client_id):
        assert begin_batch(endpoint.client_id, endpoint.pk, most=10, at=timezone.now()) is None


def test_a_redirect_is_a_failure_and_is_not_followed(committed, settings):
    other = Receiver()
    pumped(committed, settings, Receiver("302 Found", "Location: http://127.0.0.1:1/"), other)
    states = sorted((one.state, one.attempts) for one in rows(committed, Delivery))
    assert states == [("delivered", 1), ("waiting", 1)]
    assert {one.status for one in rows(committed, Attempt)} == {204, 302}


def test_slow_endless_and_dead_receivers_do_not_delay_others(committed, settings):
    siege = Siege(goods=1, bads=3, messages=5)
    good, *bad = siege.good(), *(siege.bad(behave) for behave in (silent, dripping, endless))
    added = pumped(committed, settings, good, *bad, tests=5)
    assert len(good.got) == 5, "all of its messages, before any bad one let go of its first"
    states: defaultdict[Any, set[str]] = defaultdict(set)
    for one in rows(committed, Delivery):
        states[one.endpoint_id].add(one.state)
    found = [state for endpoint, _ in added for state in states[endpoint.pk]]
    assert found == ["delivered", "waiting", "waiting", "delivered"], "of an endless answer the status is read"
    dead = [one for one in rows(committed, EndpointHealth) if one.failures]
    assert len(dead) == 2


def test_internal_addresses_are_never_connected_to(committed, settings):
    async def run():
        receiver = Receiver()
        async with listener(receiver) as found:
            settings.WEBHOOKS_ALLOWED = [f"127.0.0.1:{found.port}"]
            await ask(add, committed, found.port)
            settings.WEBHOOKS_ALLOWED = []
            await Pump().run(seconds=10, until_idle=True)
            return found.connections

    assert asyncio.run(run()) == 0
    [attempt] = rows(committed, Attempt)
    assert (attempt.status, attempt.error) == (None, "refused")


def test_an_endpoint_that_fails_for_days_is_disabled(cast):
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        endpoint = make_endpoint(cast, "indus", at=at)
        delivery = send_test(endpoint, actor=SETTING_UP, at=at)
        for number in range(1, ATTEMPTS + 1):
            EndpointHealth.objects.update(rests_until=None)
            Delivery.objects.update(due_at=at)
            shift = begin_batch(endpoint.client_id, endpoint.pk, most=10, at=at)
            assert shift is not None
            disabled = record_results(shift, [Result(delivery.pk, at, 5, error="connect")], actor=ACTOR, at=at)
            assert (disabled is not None) == (number == ATTEMPTS)
            at += timedelta(hours=8)
        assert Endpoint.objects.get().disabled_because == "failing"
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == ("failed", ATTEMPTS)


def test_an_endpoint_that_throttles_for_days_is_disabled(cast):
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        endpoint = make_endpoint(cast, "indus", at=at)
        delivery = send_test(endpoint, actor=SETTING_UP, at=at)
        for later, is_over in ((LIFE, False), (LIFE + timedelta(minutes=1), True)):
            EndpointHealth.objects.update(rests_until=None)
            Delivery.objects.update(due_at=at)
            shift = begin_batch(endpoint.client_id, endpoint.pk, most=10, at=at + later)
            assert shift is not None
            disabled = record_results(shift, [Result(delivery.pk, at, 5, 429)], actor=ACTOR, at=at + later)
            assert (disabled is not None) == is_over
        delivery.refresh_from_db()
        assert delivery.state == "failed"


def test_a_message_can_fail_without_disabling_an_endpoint_that_accepts_others(cast):
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        endpoint = make_endpoint(cast, "indus", at=at)
        bad, good = (send_test(endpoint, actor=SETTING_UP, at=at) for _ in range(2))
        Delivery.objects.filter(pk=bad.pk).update(attempts=ATTEMPTS - 1)
        shift = begin_batch(endpoint.client_id, endpoint.pk, most=10, at=at)
        assert shift is not None
        results = [Result(good.pk, at, 5, 200), Result(bad.pk, at, 5, 500)]
        assert record_results(shift, results, actor=ACTOR, at=at) is None
        bad.refresh_from_db()
        assert bad.state == "failed"
        assert Endpoint.objects.get().is_enabled


def test_one_worker_serves_an_endpoint_until_its_lease_expires(cast):
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        endpoint = make_endpoint(cast, "indus", at=at)
        send_test(endpoint, actor=SETTING_UP, at=at)
        first = begin_batch(endpoint.client_id, endpoint.pk, most=10, at=at)
        assert first is not None
        assert begin_batch(endpoint.client_id, endpoint.pk, most=10, at=at) is None
        after = begin_batch(endpoint.client_id, endpoint.pk, most=10, at=at + timedelta(minutes=3))
        assert after is not None
        assert after.sendings == first.sendings


def test_a_disabled_endpoint_is_served_again_once_enabled(cast):
    at = timezone.now()
    told = {"actor": cast.actor("farah"), "reason": "review", "at": at}
    with in_client(cast.client_id("indus")):
        endpoint = make_endpoint(cast, "indus", at=at)
        send_test(endpoint, actor=SETTING_UP, at=at)
        disable_endpoint(endpoint, **told)
        assert begin_batch(endpoint.client_id, endpoint.pk, most=10, at=at) is None
        enable_endpoint(endpoint, **told)
        assert begin_batch(endpoint.client_id, endpoint.pk, most=10, at=at) is not None


def test_the_test_vector_of_the_specification_is_reproduced():
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_has_a_prefix_and_32_random_bytes():
    one, other = new_secret(), new_secret()
    assert one != other
    assert one.startswith("whsec_")
    assert len(secret_bytes(one)) == SECRET_BYTES


def test_during_rotation_the_reference_library_verifies_with_either_secret():
    old, new, body = new_secret(), new_secret(), json.dumps({"type": "webhook.test"}).encode()
    headers = headers_of([new, old], message_id="0192", timestamp=int(time.time()), body=body)
    assert Webhook(old).verify(body, headers) == Webhook(new).verify(body, headers) == {"type": "webhook.test"}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(body + b" ", headers)


AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ([200, 201, 202, 204, 299], Outcome.DELIVERED),
        ([100, 301, 302, 307, 400, 401, 404, 409, 500, 503], Outcome.FAILED),
        ([410], Outcome.GONE),
        ([429, 502, 504], Outcome.THROTTLED),
    ],
)
def test_only_2xx_is_delivered_and_410_and_throttling_differ_from_failures(statuses, outcome):
    assert {classify_response(status, "", AT).outcome for status in statuses} == {outcome}


@pytest.mark.parametrize("status", [429, 502, 504])
def test_throttling_waits_a_minute_or_as_long_as_asked_for(status):
    assert classify_response(status, "", AT) == classify_response(status, "60", AT)
    assert classify_response(status, "120", AT).wish == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("0", 0),
        (" 90 ", 90),
        ("999999999999999999999", 0),
        ("604800", 86_400),
        ("Thu, 01 Oct 2026 09:01:00 GMT", 60),
        ("Thu, 01 Oct 2026 08:00:00 GMT", 0),
        ("Thu, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("²", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(text, seconds):
    assert parse_retry_after(text, AT) == timedelta(seconds=seconds)


@given(st.text(max_size=40))
def test_any_retry_after_is_read_without_an_error(text):
    assert timedelta() <= parse_retry_after(text, AT) <= timedelta(days=1)


@given(attempts=st.integers(1, ATTEMPTS + 2), chance=st.floats(0, 1, exclude_max=True))
def test_the_waits_are_those_of_the_schedule_randomised_and_limited(attempts, chance):
    wait = retry_wait(attempts, chance=chance)
    if attempts >= ATTEMPTS:
        assert wait is None
    else:
        assert wait is not None
        assert 0.8 * WAITS[attempts - 1] <= wait <= 1.2 * WAITS[attempts - 1]


def test_ten_attempts_take_three_days():
    assert ATTEMPTS == 10
    assert timedelta(days=3) <= sum(WAITS, timedelta()) <= timedelta(days=4)


@given(failures=st.integers(1, 500), chance=st.floats(0, 1, exclude_max=True))
def test_the_back_off_is_minutes_at_most_unless_retry_after_is_longer(failures, chance):
    assert timedelta(seconds=4) <= back_off_after(failures, wish=timedelta(), chance=chance) <= timedelta(minutes=6)
    assert back_off_after(failures, wish=timedelta(hours=1), chance=chance) == timedelta(hours=1)


OLD, NEW = timedelta(days=40), timedelta(days=20)


@pytest.fixture
def told(cast):
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
    assert dispose("webhook_messages") == 1
    assert left(cast) == {told["new"], told["waiting"], told["replayed"]}
    set_period("webhook_messages", 10)
    assert dispose("webhook_messages") == 1
    assert left(cast) == {told["waiting"], told["replayed"]}


@pytest.mark.parametrize(
    ("since", "kept"), [({"removed_at": NEW}, False), ({"disabled_at": OLD}, False), ({"disabled_at": NEW}, True)]
)
def test_deliveries_of_removed_or_long_disabled_endpoints_are_purged(cast, told, since, kept):
    [(what, ago)] = since.items()
    with in_client(cast.client_id("indus")):
        endpoint = Endpoint.objects.get()
        end: Any = {"removed_at": remove_endpoint, "disabled_at": disable_endpoint}[what]
        end(endpoint, actor=SETTING_UP, reason="review", at=wall_clock_now() - ago)
    dispose("webhook_messages")
    assert (told["waiting"] in left(cast)) == kept
    assert {told["new"], told["replayed"]} <= left(cast)


def test_purging_runs_one_statement_with_a_limit(cast, told, django_assert_num_queries):
    with in_client(cast.client_id("indus")), django_assert_num_queries(3):  # with its savepoint
        assert purge_messages(cast.client_id("indus"), before=wall_clock_now(), most=1) == 1
    assert len(left(cast)) == 3
