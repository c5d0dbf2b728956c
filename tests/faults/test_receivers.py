"""Failing receivers: for days, over ten thousand events and a secret rotation; and one in five permanently."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import cycle
from random import Random

import pytest
import time_machine
from django.db import transaction
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from paktaleem.directory.webhooks.models import Attempt, Delivery, Endpoint, Message
from paktaleem.directory.webhooks.services import Result, add_endpoint, begin_batch, record_results, rotate_secret
from paktaleem.directory.webhooks.signing import headers_of
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from tests.factories import SETTING_UP
from tests.faults.size import sized
from tests.webhooks.receiving import Siege, dripping, endless, pumped, silent

EVENTS = sized(150, 10_000)
BATCH = 50
SEED, FAILURES, IN_A_ROW = 20261002, 0.3, 3
BEGINS = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
OUTAGE = (BEGINS + timedelta(hours=6), BEGINS + timedelta(hours=54))
ROTATION = BEGINS + timedelta(hours=3)
MEANWHILE = OUTAGE[0] + timedelta(hours=1)
PACE = timedelta(minutes=sized(30, 10))
LONGEST = timedelta(days=8)


class Failing:
    """Accepts what the reference library verifies; fails three times in ten, and always for 48 hours.

    A message succeeds within ten attempts: by chance alone none is refused more than three times.
    """

    def __init__(self, secret):
        self.secret, self.random, self.refused = secret, Random(SEED), Counter[str]()  # noqa: S311 -- chance
        self.taken, self.forged = {}, 0

    def answer(self, body, headers, at):
        if OUTAGE[0] <= at < OUTAGE[1]:
            return None
        if self.refused[headers["webhook-id"]] < IN_A_ROW and self.random.random() < FAILURES:
            self.refused[headers["webhook-id"]] += 1
            return 500
        try:
            told = Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError:
            self.forged += 1
            return 400
        self.taken.setdefault(headers["webhook-id"], set()).add(body)
        assert told["type"] == "consent.given"
        return 204


@pytest.fixture
def khyber_id(committed):
    return committed.client_id("khyber")


def test_every_event_arrives_whatever_fails_for_days(committed, khyber_id):
    with in_client(khyber_id):
        endpoint, secret = add_endpoint(
            khyber_id, url="https://lms.example/hooks", events=["consent.given"], actor=SETTING_UP, at=BEGINS
        )
    receiver = Failing(secret)
    happened, at = happen(khyber_id, range(EVENTS // 2), BEGINS), BEGINS
    with time_machine.travel(at, tick=False) as clock:
        while at <= MEANWHILE or waits(khyber_id):
            assert at - BEGINS < LONGEST, "it was not given up, and did not arrive"
            clock.move_to(at)
            if at == ROTATION:
                receiver.secret = rotated(khyber_id, endpoint, at)
            if at == MEANWHILE:
                happened += happen(khyber_id, range(EVENTS // 2, EVENTS), at)
            serve(khyber_id, endpoint, receiver, at)
            at += PACE
    assert at > OUTAGE[1], "some waited for the end of the outage"
    all_arrived(khyber_id, receiver, happened)


def happen(client_id, numbers, at):
    """Record events, a tenth of them rolled back; return the ledger entries of the committed ones."""
    entries = []
    for number in numbers:
        with in_client(client_id):
            entry = record_entry(
                "consent.given",
                client_id=client_id,
                subject_id=new_id(),
                facts={"event": str(new_id()), "purpose": "newsletter"},
                actor=SETTING_UP,
                at=at,
            )
            if number % 10 == 9:
                transaction.set_rollback(True)  # the act failed after all
            else:
                entries.append(entry.pk)
    return entries


def waits(client_id):
    with in_client(client_id):
        return Delivery.objects.filter(client_id=client_id, state="waiting").exists()


def rotated(client_id, endpoint, at):
    with in_client(client_id):
        return rotate_secret(Endpoint.objects.get(pk=endpoint.pk), actor=SETTING_UP, reason=Reason.KEY_ROTATION, at=at)


def serve(client_id, endpoint, receiver, at):
    while True:
        with in_client(client_id):
            shift = begin_batch(client_id, endpoint.pk, most=BATCH, at=at)
        if shift is None:
            return
        results = [attempt(shift, sending, receiver, at) for sending in shift.sendings]
        if receiver.random.random() < 0.1:
            return  # its lease expires
        with in_client(client_id):
            record_results(shift, results, actor=system_actor("faults"), at=at)


def attempt(shift, sending, receiver, at):
    headers = headers_of(
        shift.secrets, message_id=str(sending.message_id), timestamp=int(at.timestamp()), body=sending.body
    )
    status = receiver.answer(sending.body, headers, at)
    return Result(sending.delivery_id, at, 5, status, error="" if status else "connect")


def all_arrived(client_id, receiver, happened):
    with in_client(client_id):
        states = set(Delivery.objects.values_list("state", flat=True))
        told = dict(Message.objects.values_list("entry_id", "pk"))
        tries = Attempt.objects.count()
    assert states == {"delivered"}
    assert set(told) == set(happened), "what was rolled back was not told"
    assert receiver.forged == 0, "the reference library verifies each"
    assert set(receiver.taken) == {str(one) for one in told.values()}
    assert {len(bodies) for bodies in receiver.taken.values()} == {1}
    entries = {json.loads(next(iter(bodies)))["data"]["id"] for bodies in receiver.taken.values()}
    assert entries == {str(one) for one in happened}
    assert tries > len(happened), "failures were among them"


ENDPOINTS, MESSAGES = sized(5, 20), sized(4, 200)


def test_bad_receivers_delay_no_other_receiver(committed, settings):
    number = ENDPOINTS // 5
    siege = Siege(goods=ENDPOINTS - number, bads=number, messages=MESSAGES)
    good = [siege.good() for _ in range(siege.goods)]
    kinds = cycle([silent, endless, dripping])
    added = pumped(committed, settings, *good, *(siege.bad(next(kinds)) for _ in range(number)), tests=MESSAGES)
    assert siege.all_taken.is_set()
    assert {len(one.got) for one in good} == {MESSAGES}
    own = [endpoint.pk for endpoint, _ in added[: len(good)]]
    with in_client(committed.client_id("indus")):
        assert Delivery.objects.filter(endpoint__in=own, state="delivered").count() == len(good) * MESSAGES
        assert Attempt.objects.filter(delivery__endpoint__in=own).count() == len(good) * MESSAGES, "each at once"
